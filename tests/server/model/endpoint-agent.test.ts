import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { connectEarly } from '#lib/server/model/endpoint-agent.ts';
import { endpointFetch, readBody } from '#lib/server/model/endpoint-fetch.ts';

/** A server that knows its connections, and what came over each. */
async function serve(listener: RequestListener = (_, response) => response.end('here')) {
	const connections: Socket[] = [];
	/** Place of the connection that each request came over. */
	const requests: number[] = [];
	const server = createServer((request, response) => {
		requests.push(connections.indexOf(request.socket));
		listener(request, response);
	});
	server.on('connection', (socket) => connections.push(socket));
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {
		url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`),
		server,
		connections,
		requests,
		async [Symbol.asyncDispose]() {
			server.closeAllConnections();
			server.close();
			await once(server, 'close');
		}
	};
}

async function ask(url: URL): Promise<string> {
	let text = '';
	const response = await endpointFetch(url, { body: '{}' });
	await readBody(response, undefined, (bytes) => (text += Buffer.from(bytes).toString()));
	return text;
}

describe('a connection that is opened early', () => {
	it('is there before the request, which goes over it, and so do later ones', async () => {
		await using endpoint = await serve();
		connectEarly(endpoint.url);
		await once(endpoint.server, 'connection');
		expect(endpoint.requests).toEqual([]);
		expect([await ask(endpoint.url), await ask(endpoint.url)]).toEqual(['here', 'here']);
		expect(endpoint.requests).toEqual([0, 0]);
		expect(endpoint.connections.length).toBe(1);
	});

	it('serves a request that comes before it is made', async () => {
		await using endpoint = await serve();
		connectEarly(endpoint.url);
		expect(await ask(endpoint.url)).toBe('here');
		expect(endpoint.connections.length).toBe(1);
	});

	it('is not opened while another one is free', async () => {
		await using endpoint = await serve();
		await ask(endpoint.url);
		connectEarly(endpoint.url);
		await ask(endpoint.url);
		expect(endpoint.connections.length).toBe(1);
	});

	it('is one for each question, of as many as come at a time', async () => {
		await using endpoint = await serve();
		for (let count = 0; count < 5; count += 1) connectEarly(endpoint.url);
		await Promise.all(Array.from({ length: 5 }, () => ask(endpoint.url)));
		expect(endpoint.connections.length).toBe(5);
		expect(endpoint.requests.toSorted()).toEqual([0, 1, 2, 3, 4]);
	});

	it('is one of 64 at most that wait', async () => {
		await using endpoint = await serve();
		for (let count = 0; count < 100; count += 1) connectEarly(endpoint.url);
		await Promise.all(Array.from({ length: 65 }, () => ask(endpoint.url)));
		expect(endpoint.connections.length).toBe(65);
	});

	it('is passed over when the endpoint has closed it', async () => {
		await using endpoint = await serve();
		connectEarly(endpoint.url);
		const [socket] = (await once(endpoint.server, 'connection')) as [Socket];
		const closed = once(socket, 'close');
		socket.end();
		await closed;
		expect(await ask(endpoint.url)).toBe('here');
		expect(endpoint.requests).toEqual([1]);
	});

	it('is passed over when the endpoint has said something unasked', async () => {
		await using endpoint = await serve();
		endpoint.server.once('connection', (socket: Socket) =>
			socket.write('HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n')
		);
		connectEarly(endpoint.url);
		await once(endpoint.server, 'connection');
		// By the time that a whole exchange takes, it has come.
		await using other = await serve();
		await ask(other.url);
		expect(await ask(endpoint.url)).toBe('here');
		expect(endpoint.requests).toEqual([1]);
	});

	it('that cannot be had leaves it to the request to say so', async () => {
		let url: URL;
		{
			await using endpoint = await serve();
			({ url } = endpoint);
		}
		connectEarly(url);
		await expect(ask(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
	});

	it('is closed when no request comes', async () => {
		await using endpoint = await serve();
		connectEarly(endpoint.url);
		const [socket] = (await once(endpoint.server, 'connection')) as [Socket];
		await once(socket, 'close');
		expect(endpoint.requests).toEqual([]);
	});
});
