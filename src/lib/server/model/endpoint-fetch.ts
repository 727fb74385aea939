import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';
import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createUnzip } from 'node:zlib';
import { endpointAgent } from './endpoint-agent.ts';

/** As many as browsers and Node's own `fetch` follow. */
const MOST_REDIRECTS = 20;
/** For a connection to be there. */
const LONGEST_CONNECTING_MS = 15_000;
/** What says why a request was refused is shorter. In bytes. */
const LONGEST_REFUSAL = 256 * 1024;
/** After so many bytes a fast endpoint lets others have a turn of the event loop. */
const STRETCH_BYTES = 64 * 1024;

/** For gateways that pack what they send although they are asked not to. */
const UNPACKERS = new Map([
	['gzip', createUnzip],
	['x-gzip', createUnzip],
	['deflate', createUnzip],
	['br', createBrotliDecompress]
]);

const bodies = new WeakMap<Response, Readable>();

/**
 * A `fetch` for streamed answers: what succeeded has no body of its own, but one to be read by `readBody`. Node's `fetch` takes
 * twice the time of `node:http` for every small chunk of a stream, and those are most of the work of a server that streams.
 * Redirects are followed where they keep the method (307, 308), credentials go to nobody but the first origin.
 * @throws Error with the `code` of Node: nothing could be connected, or what answers speaks no HTTP.
 */
export async function endpointFetch(
	address: string | URL | Request,
	init: RequestInit = {}
): Promise<Response> {
	const signal = init.signal ?? undefined;
	const headers = new Headers(init.headers);
	headers.set('accept-encoding', 'identity');
	let url = new URL(address instanceof Request ? address.url : address);
	for (let redirects = 0; ; redirects += 1) {
		const message = await send(url, init, headers);
		const { headers: received } = message;
		const status = knownStatus(message.statusCode);
		const isRedirect = (status === 307 || status === 308) && received.location !== undefined;
		if (isRedirect && redirects < MOST_REDIRECTS) {
			message.destroy();
			const next = new URL(received.location!, url);
			if (next.origin !== url.origin) headers.delete('authorization');
			url = next;
			continue;
		}
		const isOk = status >= 200 && status < 300;
		const body = unpack(message);
		const text = isOk ? '' : await readText(body, signal);
		const response = new Response(text || null, { status, headers: toHeaders(message) });
		if (isOk) bodies.set(response, body);
		return response;
	}
}

/**
 * Tells the bytes of the body of a response of `endpointFetch` as they come, once.
 * @returns null at its end; why it broke off before that: the error of the connection, or the reason of the signal.
 * @throws what the taker throws, which ends it.
 */
export function readBody(
	response: Response,
	signal: AbortSignal | undefined,
	take: (bytes: Uint8Array) => void
): Promise<unknown> {
	const body = bodies.get(response);
	if (!body) throw new TypeError('The response has no body to be read.');
	return readStream(body, signal, take);
}

function send(url: URL, init: RequestInit, headers: Headers): Promise<IncomingMessage> {
	if (typeof init.body !== 'string') throw new TypeError('Only text can be sent.');
	return new Promise((resolve, reject) => {
		const request = url.protocol === 'https:' ? requestHttps : requestHttp;
		const outgoing = request(url, {
			agent: endpointAgent(url),
			method: init.method ?? 'POST',
			headers: Object.fromEntries(headers),
			signal: init.signal ?? undefined
		});
		outgoing.once('socket', (socket) => limitConnecting(socket));
		outgoing.once('response', resolve);
		// It stays for the whole time of the answer: an error that nobody hears would end the process.
		outgoing.on('error', reject);
		// Closed without either: what answers changes to another protocol (101).
		outgoing.once('close', () => reject(brokenOff()));
		outgoing.end(init.body);
	});
}

/** The wait for an answer may be long, where a model is loaded first; that for a connection never is. */
function limitConnecting(socket: Socket): void {
	if (!socket.connecting) return;
	const timer = setTimeout(() => {
		socket.destroy(Object.assign(new Error('No connection in time.'), { code: 'ETIMEDOUT' }));
	}, LONGEST_CONNECTING_MS);
	socket.once('connect', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
}

/** The body as it was before it was packed; the message itself where it was not. When one is destroyed, so is the other. */
function unpack(message: IncomingMessage): Readable {
	const unpacker = UNPACKERS.get(message.headers['content-encoding']?.trim().toLowerCase() ?? '');
	if (!unpacker) return message;
	// An error that comes before anybody reads would end the process.
	return pipeline(
		message,
		unpacker().on('error', () => {}),
		() => {}
	);
}

function readStream(
	body: Readable,
	signal: AbortSignal | undefined,
	take: (bytes: Uint8Array) => void
): Promise<unknown> {
	return new Promise((resolve, reject) => {
		let untold = STRETCH_BYTES;
		const end = (broken: unknown) => {
			signal?.removeEventListener('abort', onAbort);
			body.off('data', onData).off('end', onEnd).off('close', onBroken);
			if (broken !== null) body.destroy();
			resolve(broken);
		};
		const onAbort = () => end(signal?.reason ?? brokenOff());
		const onEnd = () => end(null);
		const onBroken = () => end(body.errored ?? brokenOff());
		const onData = (bytes: Uint8Array) => {
			try {
				take(bytes);
			} catch (thrown) {
				reject(thrown);
				return end(thrown);
			}
			untold -= bytes.length;
			if (untold > 0) return;
			untold = STRETCH_BYTES;
			body.pause();
			setImmediate(() => body.resume());
		};
		// It stays: an error that nobody hears would end the process.
		body.on('error', end);
		if (signal?.aborted) return onAbort();
		if (body.destroyed) return onBroken();
		signal?.addEventListener('abort', onAbort);
		body.on('data', onData).once('end', onEnd).once('close', onBroken);
	});
}

async function readText(body: Readable, signal: AbortSignal | undefined): Promise<string> {
	const decoder = new TextDecoder();
	let text = '';
	let left = LONGEST_REFUSAL;
	await readStream(body, signal, (bytes) => {
		if (left <= 0) return;
		text += decoder.decode(bytes.subarray(0, left), { stream: true });
		left -= bytes.length;
		if (left <= 0) body.destroy();
	});
	signal?.throwIfAborted();
	return text;
}

function toHeaders({ headersDistinct }: IncomingMessage): Headers {
	const headers = new Headers();
	for (const [name, values = []] of Object.entries(headersDistinct)) {
		for (const value of values) headers.append(name, value);
	}
	return headers;
}

/** One that is none is a failure of the server: https://www.rfc-editor.org/rfc/rfc9110#section-15-3 */
function knownStatus(status = 0): number {
	return status >= 200 && status <= 599 ? status : 500;
}

function brokenOff(): Error {
	return Object.assign(new Error('The connection was closed before the end.'), { code: 'ECONNRESET' });
}
