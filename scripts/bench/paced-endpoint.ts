import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chatChunk } from './chat-chunk.ts';

/**
 * A process of its own: an OpenAI-compatible chat endpoint that sends each answer a token every so many milliseconds, for as many tokens
 * as it is told. Arguments: milliseconds, tokens. Answers begin at different moments, so that not all tokens come at once.
 */
const [pause, tokens] = process.argv.slice(2).map(Number) as [number, number];
const token = chatChunk({ content: ' word' });
/** Looks at who is due so often. */
const TICK_MS = 2;
const streaming = new Map<ServerResponse, { due: number; left: number }>();

setInterval(() => {
	const now = performance.now();
	for (const [response, place] of streaming) {
		while (place.due <= now && place.left > 0) {
			response.write(token);
			place.due += pause;
			place.left -= 1;
		}
		if (place.left > 0 && !response.destroyed) continue;
		streaming.delete(response);
		response.write(chatChunk({}, 'stop'));
		response.end('data: [DONE]\n\n');
	}
}, TICK_MS);

const server = createServer((request, response) => {
	request.resume().once('end', () => {
		response.writeHead(200, { 'content-type': 'text/event-stream' });
		streaming.set(response, { due: performance.now(), left: tokens });
	});
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () =>
	process.send?.((server.address() as AddressInfo).port)
);
