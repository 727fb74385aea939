import { Agent, request, type RequestListener, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { createBoundedServer, type ConnectionLimits } from '../../src/cli/connection-limits.ts';

/** A bounded server whose answers are given by the test, on a free port. */
async function start(given: Partial<ConnectionLimits> = {}) {
	const open: ServerResponse[] = [];
	const paths: string[] = [];
	const listener: RequestListener = (request, response) => {
		open.push(response);
		paths.push(request.url!);
		response.once('close', () => open.splice(open.indexOf(response), 1));
		response.write(`begun ${request.url}\n`);
	};
	const server = createBoundedServer(listener, { perClient: 2, trustedProxies: 0, ...given });
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
	return {
		open,
		paths,
		/** A connection, and all that has come over it. */
		connect: () => {
			const socket = connect(port, '127.0.0.1');
			const told = {
				text: '',
				socket,
				closed: new Promise<void>((done) => socket.once('close', () => done()))
			};
			socket.on('data', (part) => (told.text += part.toString())).on('error', () => {});
			return told;
		},
		get: (headers: Record<string, string> = {}) =>
			new Promise<{
				status: number;
				headers: NodeJS.Dict<string | string[]>;
				socket: Socket;
				text: Promise<string>;
			}>((resolve, reject) => {
				request({ port, host: '127.0.0.1', agent, headers }, (response) => {
					const text = (async () => {
						let all = '';
						for await (const part of response.setEncoding('utf8')) all += part as string;
						return all;
					})();
					text.catch(() => {});
					resolve({ status: response.statusCode!, headers: response.headers, socket: response.socket, text });
				})
					.on('error', reject)
					.end();
			}),
		async [Symbol.asyncDispose]() {
			agent.destroy();
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		}
	};
}

const ask = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

describe('the requests of one client', () => {
	it('are refused beyond their number with 503 and Retry-After, until one has ended', async () => {
		await using server = await start();
		const [first] = [await server.get(), await server.get()];
		const { status, headers, text } = await server.get();
		expect([status, headers['content-type'], headers['retry-after'], headers.connection]).toEqual([
			503,
			'application/problem+json',
			'1',
			'close'
		]);
		expect(JSON.parse(await text)).toMatchObject({ code: 'overloaded', status: 503 });
		expect(server.open).toHaveLength(2);
		server.open[0]!.end();
		await first.text;
		await vi.waitFor(async () => expect((await server.get()).status).toBe(200));
	});

	it('are no longer counted when the client has gone without a word', async () => {
		await using server = await start();
		const { socket } = await server.get();
		await server.get();
		socket.destroy();
		await vi.waitFor(async () => expect((await server.get()).status).toBe(200));
	});

	it("are told apart behind proxies, where connections are the proxies' own", async () => {
		await using server = await start({ trustedProxies: 1 });
		const from = (address: string) => server.get({ 'x-forwarded-for': `9.9.9.9, ${address}` });
		expect([(await from('1.1.1.1')).status, (await from('1.1.1.1')).status]).toEqual([200, 200]);
		expect((await from('1.1.1.1')).status).toBe(503);
		expect((await from('2.2.2.2')).status).toBe(200);
	});
});

describe('the connections of one client', () => {
	it('beyond their number are told so when they ask, and closed far beyond it', async () => {
		await using server = await start();
		const idle = [server.connect(), server.connect()];
		await Promise.all(idle.map(({ socket }) => new Promise((done) => socket.once('connect', done))));
		const asking = server.connect();
		asking.socket.write(ask('/'));
		await asking.closed;
		expect(asking.text).toMatch(/^HTTP\/1.1 503 /);
		const more = [server.connect(), server.connect(), server.connect()];
		await more[2]!.closed;
		expect(server.paths).toEqual([]);
		idle[0]!.socket.destroy();
		more[0]!.socket.destroy();
		more[1]!.socket.destroy();
		await vi.waitFor(async () => expect((await server.get()).status).toBe(200));
	});

	it('are closed when no request arrives, or not to its end', async () => {
		await using server = await start({ perClient: 10, headersTimeoutMs: 50, requestTimeoutMs: 100 });
		const silent = server.connect();
		const slow = server.connect();
		slow.socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
		await Promise.all([silent.closed, slow.closed]);
		expect(server.paths).toEqual([]);
		const half = server.connect();
		half.socket.write('POST /half HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf');
		await half.closed;
		await vi.waitFor(() => expect(server.open).toEqual([]));
	});

	it('stay open for an answer, however long it takes', async () => {
		await using server = await start({ perClient: 10, headersTimeoutMs: 50, requestTimeoutMs: 100 });
		const { text } = await server.get();
		// By the time that all of these were closed, one after the other, both limits have passed more than once.
		for (let count = 0; count < 5; count += 1) await server.connect().closed;
		server.open[0]!.end('whole');
		expect(await text).toBe('begun /\nwhole');
	});
});

describe('requests that were sent ahead on one connection', () => {
	it('begin one after the other', async () => {
		await using server = await start();
		const { socket } = server.connect();
		socket.write(ask('/1') + ask('/2') + ask('/3'));
		for (const count of [1, 2, 3]) {
			await vi.waitFor(() => expect(server.paths).toEqual(['/1', '/2', '/3'].slice(0, count)));
			expect(server.open).toHaveLength(1);
			server.open[0]!.end();
		}
		socket.destroy();
	});

	it('never begin when the connection is gone before their turn', async () => {
		await using server = await start();
		const told = server.connect();
		told.socket.write(ask('/1') + ask('/2'));
		await vi.waitFor(() => expect(told.text).toContain('begun /1'));
		told.socket.destroy();
		await vi.waitFor(() => expect(server.open).toEqual([]));
		expect((await server.get()).status).toBe(200);
		expect(server.paths).toEqual(['/1', '/']);
	});

	it('end the connection when they are too many', async () => {
		await using server = await start();
		const told = server.connect();
		told.socket.write(ask('/').repeat(100));
		await told.closed;
		expect(server.paths).toEqual(['/']);
	});
});
