import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { chatChunk } from './chat-chunk.ts';

/** An OpenAI-compatible chat endpoint that sends a word every so often. */
export interface ModelEndpoint extends AsyncDisposable {
	/** For OPENAI_BASE_URL. */
	readonly url: string;
	/** Tokens that answers from now on have. */
	tokens: number;
	/** Ends the answers that are being sent after their next token. */
	finishAll(): void;
	/** Answers that are being sent. */
	readonly streaming: number;
}

/** @param pause_ms between two tokens. */
export async function startModelEndpoint(pause_ms: number): Promise<ModelEndpoint> {
	let isFinishing = false;
	let streaming = 0;
	const send = async (response: ServerResponse, tokens: number) => {
		streaming += 1;
		response.writeHead(200, { 'content-type': 'text/event-stream' });
		for (let at = 0; at < tokens && !isFinishing && !response.destroyed; at += 1) {
			await wait(pause_ms);
			response.write(chatChunk({ content: at % 12 === 11 ? ' word [1].' : ' word' }));
		}
		response.write(chatChunk({}, 'stop'));
		response.end('data: [DONE]\n\n');
		streaming -= 1;
	};
	const server = createServer((request, response) => {
		const { tokens } = endpoint;
		request.resume().once('end', () => void send(response, tokens));
	});
	await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
	const endpoint: ModelEndpoint = {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
		tokens: 1,
		finishAll: () => void (isFinishing = true),
		get streaming() {
			return streaming;
		},
		async [Symbol.asyncDispose]() {
			server.close();
			server.closeAllConnections();
		}
	};
	return endpoint;
}
