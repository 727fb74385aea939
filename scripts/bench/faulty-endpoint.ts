import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Random } from './random.ts';

/** An OpenAI-compatible chat endpoint of which every other answer goes wrong in one way or another. */
export interface FaultyEndpoint extends AsyncDisposable {
	/** For OPENAI_BASE_URL. */
	readonly url: string;
	/** Requests so far, by what was done to them. */
	readonly done: Record<string, number>;
	/** Connections that are open now. */
	readonly openSockets: number;
}

type Deed = (response: ServerResponse) => Promise<void> | void;

const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const chunk = (delta: object, finish_reason: string | null = null) =>
	event({
		object: 'chat.completion.chunk',
		model: 'scripted',
		choices: [{ index: 0, delta, finish_reason }]
	});
const word = chunk({ content: ' word [1].' });
const usage = { prompt_tokens: 100, completion_tokens: 8, total_tokens: 108 };

/** Sends some words, a moment apart. */
async function words(response: ServerResponse, count: number): Promise<void> {
	response.writeHead(200, { 'content-type': 'text/event-stream' });
	for (let at = 0; at < count && !response.destroyed; at += 1) {
		response.write(word);
		await wait(2);
	}
}

const refuse =
	(status: number, headers: Record<string, string> = {}): Deed =>
	(response) => {
		response.writeHead(status, { 'content-type': 'application/json', ...headers });
		response.end(JSON.stringify({ error: { message: `scripted ${status}`, type: 'scripted' } }));
	};

const after =
	(count: number, end: Deed): Deed =>
	async (response) => {
		await words(response, count);
		if (!response.destroyed) await end(response);
	};

const answer = after(8, (response) => {
	response.end(chunk({}, 'stop') + event({ choices: [], usage }) + 'data: [DONE]\n\n');
});

const faults: Record<string, Deed> = {
	'400': refuse(400),
	'401': refuse(401),
	'429': refuse(429, { 'retry-after-ms': '2' }),
	'429, too long': refuse(429, { 'retry-after': '300' }),
	'500': refuse(500, { 'retry-after-ms': '2' }),
	'a page': (response) => void response.end('<html>Log in</html>'),
	'a JSON error with status 200': (response) => void response.end('{"error":{"message":"scripted"}}'),
	silence: () => {},
	'headers, then silence': (response) => response.flushHeaders(),
	'silence in the middle': after(3, () => {}),
	'a reset before the headers': (response) => void response.socket?.resetAndDestroy(),
	'a reset in the middle': after(3, (response) => void response.socket?.resetAndDestroy()),
	'cut off': after(3, (response) => void response.end()),
	'an error in the stream': after(
		3,
		(response) => void response.end(event({ error: { message: 'scripted' } }))
	),
	garbage: after(3, (response) => void response.end('data: {scripted\n\n')),
	'content filter': after(3, (response) => void response.end(chunk({}, 'content_filter'))),
	nothing: (response) => void response.end(chunk({}, 'stop')),
	'one byte at a time': async (response) => {
		response.writeHead(200, { 'content-type': 'text/event-stream' });
		for (const byte of Buffer.from(word + chunk({}, 'stop'))) {
			if (response.destroyed) return;
			response.write(Buffer.of(byte));
			await new Promise(setImmediate);
		}
		response.end();
	}
};

/** @param share of the answers that go wrong, from 0 to 1. */
export async function startFaultyEndpoint(random: Random, share: number): Promise<FaultyEndpoint> {
	const sockets = new Set<Socket>();
	const done: Record<string, number> = {};
	const names = Object.keys(faults);
	const server = createServer((request: IncomingMessage, response: ServerResponse) => {
		const name = random.next() < share ? random.pick(names) : 'answer';
		done[name] = (done[name] ?? 0) + 1;
		// Who leaves in the middle is what this is about.
		response.on('error', () => {});
		request.resume().once('end', () => void (faults[name] ?? answer)(response));
	});
	server.on('connection', (socket) => {
		sockets.add(socket);
		socket.once('close', () => sockets.delete(socket));
	});
	await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
		done,
		get openSockets() {
			return sockets.size;
		},
		async [Symbol.asyncDispose]() {
			server.close();
			server.closeAllConnections();
		}
	};
}
