import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createSocketServer, type AddressInfo, type Server } from 'node:net';
import { createBrotliCompress, createDeflate, createGzip, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { endpointFetch, readBody } from '#lib/server/model/endpoint-fetch.ts';

async function listen(server: Server) {
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address() as AddressInfo;
	return {
		url: `http://127.0.0.1:${port}/v1/chat`,
		async [Symbol.asyncDispose]() {
			if ('closeAllConnections' in server) (server.closeAllConnections as () => void)();
			server.close();
			await once(server, 'close');
		}
	};
}

const serve = (listener: RequestListener) => listen(createServer(listener));
const serveRaw = (answer: string) =>
	listen(createSocketServer((socket) => socket.once('data', () => socket.end(answer)).on('error', () => {})));

const post = (url: string, init: RequestInit = {}) =>
	endpointFetch(url, {
		method: 'POST',
		body: '{"question":"é"}',
		headers: { authorization: 'Bearer canary', 'content-type': 'application/json' },
		...init
	});

async function bodyOf(response: Response, signal?: AbortSignal) {
	const chunks: Uint8Array[] = [];
	const broken = await readBody(response, signal, (bytes) => chunks.push(bytes));
	return { text: Buffer.concat(chunks).toString(), broken };
}

describe('requests', () => {
	it('sends what it is given, and tells the whole body', async () => {
		const seen: unknown[] = [];
		await using endpoint = await serve(async (request, response) => {
			let body = '';
			for await (const piece of request.setEncoding('utf8')) body += piece as string;
			const { authorization, 'content-length': length, 'accept-encoding': encoding } = request.headers;
			seen.push(request.method, body, authorization, length, encoding);
			response.writeHead(200, { 'content-type': 'text/event-stream', 'x-request-id': '7' });
			response.write('data: 1\n\n');
			response.end('data: 2\n\n');
		});
		const response = await post(endpoint.url);
		expect([response.status, response.headers.get('x-request-id')]).toEqual([200, '7']);
		expect(await bodyOf(response)).toEqual({ text: 'data: 1\n\ndata: 2\n\n', broken: null });
		expect(seen).toEqual(['POST', '{"question":"é"}', 'Bearer canary', '17', 'identity']);
	});

	it.each([307, 308])(
		'repeats the request where a %i points to, with the credentials on the same origin',
		async (status) => {
			const seen: (string | undefined)[] = [];
			await using endpoint = await serve((request, response) => {
				seen.push(request.url, request.headers.authorization);
				if (request.url === '/v1/chat') response.writeHead(status, { location: '/there' }).end();
				else response.end('here');
			});
			expect((await bodyOf(await post(endpoint.url))).text).toBe('here');
			expect(seen).toEqual(['/v1/chat', 'Bearer canary', '/there', 'Bearer canary']);
		}
	);

	it('never shows the credentials to another origin', async () => {
		let seen: string | undefined = 'none came';
		await using other = await serve((request, response) => {
			seen = request.headers.authorization;
			response.end('there');
		});
		await using endpoint = await serve((_, response) => {
			response.writeHead(307, { location: other.url }).end();
		});
		expect((await bodyOf(await post(endpoint.url))).text).toBe('there');
		expect(seen).toBeUndefined();
	});

	it.each([301, 302, 303])(
		'hands a %i back, because following it would ask for something else',
		async (status) => {
			await using endpoint = await serve((_, response) => {
				response.writeHead(status, { location: '/there' }).end('moved');
			});
			const response = await post(endpoint.url);
			expect([response.status, await response.text()]).toEqual([status, 'moved']);
		}
	);

	it('follows no circle for ever', async () => {
		let calls = 0;
		await using endpoint = await serve((_, response) => {
			calls += 1;
			response.writeHead(308, { location: '/v1/chat' }).end();
		});
		expect((await post(endpoint.url)).status).toBe(308);
		expect(calls).toBe(21);
	});

	it('reads why it was refused, and no more of it than that takes', async () => {
		let isClosed: Promise<unknown> = Promise.resolve();
		await using endpoint = await serve((request, response) => {
			isClosed = once(response, 'close');
			response.writeHead(429, { 'retry-after': '7' });
			if (request.headers['x-endless']) {
				const more = () => {
					while (response.write('x'.repeat(10_000)));
				};
				response.on('drain', more);
				more();
			} else response.end('{"error":"slow down"}');
		});
		const short = await post(endpoint.url);
		expect([short.status, short.headers.get('retry-after'), await short.text()]).toEqual([
			429,
			'7',
			'{"error":"slow down"}'
		]);
		const endless = await post(endpoint.url, { headers: { 'x-endless': '1' } });
		expect((await endless.text()).length).toBe(256 * 1024);
		await isClosed;
	});

	it('reads why it was refused when that is packed, and knows that it was when that cannot be read', async () => {
		const bodies = [gzipSync('{"error":"slow down"}'), Buffer.from('not packed'), Buffer.alloc(0)];
		await using endpoint = await serve((_, response) => {
			response.writeHead(429, { 'content-encoding': 'gzip' }).end(bodies.shift());
		});
		for (const text of ['{"error":"slow down"}', '', '']) {
			const response = await post(endpoint.url);
			expect([response.status, await response.text()]).toEqual([429, text]);
		}
	});

	it.each([
		['another protocol', 'SSH-2.0-OpenSSH_9.9\r\n', 'HPE_INVALID_CONSTANT'],
		['nothing', '', 'ECONNRESET'],
		['a change of protocol', 'HTTP/1.1 101 \r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n', 'ECONNRESET']
	])('fails with the code of Node when what answers is %s', async (_, answer, code) => {
		await using endpoint = await serveRaw(answer);
		await expect(post(endpoint.url)).rejects.toMatchObject({ code });
	});

	it('takes a status that is none for a failure of the server', async () => {
		await using endpoint = await serveRaw('HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n');
		expect((await post(endpoint.url)).status).toBe(500);
	});

	it('fails when the signal fires before anything was answered', async () => {
		const controller = new AbortController();
		await using endpoint = await serve(() => controller.abort());
		await expect(post(endpoint.url, { signal: controller.signal })).rejects.toMatchObject({
			name: 'AbortError'
		});
	});
});

describe('bodies', () => {
	it.each([
		['a counted body', 'Content-Length: 100\r\n\r\nhalf'],
		['a chunked body', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
		['a chunk that is none', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nnonsense\r\n']
	])('say that they broke off: %s', async (_, rest) => {
		await using endpoint = await serveRaw(`HTTP/1.1 200 OK\r\n${rest}`);
		const { text, broken } = await bodyOf(await post(endpoint.url));
		expect(text).toBe('half');
		expect(broken).toMatchObject({ code: expect.stringMatching(/^(?:ECONNRESET|HPE_)/) as string });
	});

	it('say so when it happened before anybody read them', async () => {
		let isOver: Promise<unknown> = Promise.resolve();
		await using endpoint = await serve((_, response) => {
			response.writeHead(200);
			response.write('half');
			isOver = once(response, 'close');
			setImmediate(() => response.destroy());
		});
		const response = await post(endpoint.url);
		await isOver;
		await new Promise((turn) => setImmediate(turn));
		expect((await bodyOf(response)).broken).toMatchObject({ code: 'ECONNRESET' });
	});

	it('end with the signal, and with a taker that throws, and close the connection', async () => {
		const closed: Promise<unknown>[] = [];
		await using endpoint = await serve((_, response) => {
			closed.push(once(response, 'close'));
			response.write('first');
		});
		const controller = new AbortController();
		const stopped = await readBody(await post(endpoint.url), controller.signal, () =>
			controller.abort('why')
		);
		expect(stopped).toBe('why');
		const refused = new Error('no more');
		const reading = readBody(await post(endpoint.url), undefined, () => {
			throw refused;
		});
		await expect(reading).rejects.toBe(refused);
		await Promise.all(closed);
		expect(closed).toHaveLength(2);
	});

	it.each([
		['gzip', createGzip],
		['deflate', createDeflate],
		['br', createBrotliCompress]
	])('are read as they come although they are packed (%s)', async (encoding, createPacker) => {
		let isClosed: Promise<unknown> = Promise.resolve();
		const seen = Promise.withResolvers<void>();
		await using endpoint = await serve(async (_, response) => {
			response.writeHead(200, { 'content-encoding': encoding });
			isClosed = once(response, 'close');
			const packer = createPacker();
			packer.pipe(response);
			packer.write('data: 1\n\n');
			packer.flush();
			// The rest comes only when the first event has been seen here.
			await seen.promise;
			packer.end('data: 2\n\n');
		});
		const pieces: string[] = [];
		const broken = await readBody(await post(endpoint.url), undefined, (bytes) => {
			pieces.push(Buffer.from(bytes).toString());
			seen.resolve();
		});
		expect([pieces, broken]).toEqual([['data: 1\n\n', 'data: 2\n\n'], null]);
		await isClosed;
	});

	it('say that they broke off when they are packed, too, and close the connection when nobody wants the rest', async () => {
		const packed = gzipSync('half of it');
		const closed: Promise<unknown>[] = [];
		const answers = [
			(response: ServerResponse) => response.end(packed.subarray(0, -4)),
			(response: ServerResponse) => response.end('data: not packed\n\n'),
			(response: ServerResponse) => response.write(packed)
		];
		await using endpoint = await serve((_, response) => {
			response.writeHead(200, { 'content-encoding': 'gzip' });
			closed.push(once(response, 'close'));
			answers.shift()!(response);
		});
		const cut = await bodyOf(await post(endpoint.url));
		expect(cut).toMatchObject({ text: 'half of it', broken: { code: 'Z_BUF_ERROR' } });
		const lie = await bodyOf(await post(endpoint.url));
		expect(lie).toMatchObject({ text: '', broken: { code: 'Z_DATA_ERROR' } });
		const controller = new AbortController();
		const stopped = await readBody(await post(endpoint.url), controller.signal, () =>
			controller.abort('why')
		);
		expect(stopped).toBe('why');
		await Promise.all(closed);
		expect(closed).toHaveLength(3);
	});

	it('leave turns of the event loop to others, however fast they come', async () => {
		const size = 4 * 1024 * 1024;
		await using endpoint = await serve((_, response) => void response.end(Buffer.alloc(size, 'x')));
		const response = await post(endpoint.url);
		let turn = 0;
		let isReading = true;
		const count = () => {
			turn += 1;
			if (isReading) setImmediate(count);
		};
		count();
		const bytesByTurn = new Map<number, number>();
		const broken = await readBody(response, undefined, (bytes) =>
			bytesByTurn.set(turn, (bytesByTurn.get(turn) ?? 0) + bytes.length)
		);
		isReading = false;
		expect(broken).toBeNull();
		expect([...bytesByTurn.values()].reduce((sum, bytes) => sum + bytes, 0)).toBe(size);
		expect(Math.max(...bytesByTurn.values())).toBeLessThanOrEqual(3 * 64 * 1024);
	});
});
