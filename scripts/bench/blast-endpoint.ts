import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chatChunk } from './chat-chunk.ts';

/**
 * A process of its own: an OpenAI-compatible chat endpoint that sends its tokens as fast as they are taken, each by a write
 * of its own as model servers do. The number of tokens is the argument; says its port to whoever started it.
 */
const tokens = Number(process.argv[2]);
const token = chatChunk({ content: ' word' });
/** Writes before others get their turn. */
const TURN = 64;

async function send(response: ServerResponse): Promise<void> {
	response.writeHead(200, { 'content-type': 'text/event-stream' });
	for (let at = 0; at < tokens && !response.destroyed; at += 1) {
		const hasRoom = response.write(token);
		if (!hasRoom) await new Promise((done) => response.once('drain', done).once('close', done));
		else if (at % TURN === TURN - 1) await new Promise((done) => setImmediate(done));
	}
	response.write(chatChunk({}, 'stop'));
	response.end('data: [DONE]\n\n');
}

const server = createServer((request, response) => {
	request.resume().once('end', () => void send(response));
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
