import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer } from '../fixtures/model-server.ts';
import { fuzzBytes, fuzzRequest, type FuzzRequest } from './fuzz-input.ts';
import { startHttpTest, type HttpTest } from './setup.ts';

const ASK_KEY = 'ask-key-of-the-widget';
const ADMIN_KEY = 'admin-key-of-the-owner';
const MODEL_KEY = 'sk-key-of-the-model-endpoint';
/** A request that is not answered by then hangs, in milliseconds. */
const HANGS_MS = 20_000;
/** How long each property is tried, in milliseconds; on a slow machine that is fewer requests, not a failure. */
const FUZZ_MS = 9000;

let test: HttpTest;
let leaks: RegExp;
beforeAll(async () => {
	test = await startHttpTest({
		model: { script: answer(['Plant', ' them', ' [1].']) },
		env: { API_KEYS: `ask:${ASK_KEY},admin:${ADMIN_KEY}`, OPENAI_API_KEY: MODEL_KEY, RESUME_GRACE_MS: '0' }
	});
	const root = join(import.meta.dirname, '../..');
	const literal = [ASK_KEY, ADMIN_KEY, MODEL_KEY, test.app.dataDir, root, test.model.url].map((text) =>
		text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
	);
	leaks = new RegExp(
		[...literal, 'node_modules', String.raw`\n\s+at `, String.raw`\.[cm]?[jt]s:\d+`].join('|')
	);
});
afterAll(() => test?.[Symbol.asyncDispose]());

interface Seen {
	status: number;
	type: string;
	text: string;
}

/** Sends a request as it is; of an answer that is a stream only the beginning is read. */
function send({ method, path, headers, body }: FuzzRequest): Promise<Seen> {
	const { hostname, port } = new URL(test.app.url);
	const { promise, resolve, reject } = Promise.withResolvers<Seen>();
	const sent = request({
		hostname,
		port,
		path,
		method,
		headers: { ...headers, ...(body && { 'content-length': String(body.length) }) },
		agent: false,
		signal: AbortSignal.timeout(HANGS_MS)
	});
	sent.on('error', reject);
	sent.on('response', (response) => {
		const type = response.headers['content-type'] ?? '';
		let text = JSON.stringify(response.headers);
		const done = () => resolve({ status: response.statusCode ?? 0, type, text });
		response.setEncoding('utf8');
		response.on('error', reject);
		response.on('end', done);
		response.on('data', (part: string) => {
			text += part;
			if (!type.startsWith('text/event-stream')) return;
			done();
			sent.destroy();
		});
		// A stream may have nothing to say for a while.
		if (type.startsWith('text/event-stream')) {
			done();
			sent.destroy();
		}
	});
	sent.end(body ?? undefined);
	return promise;
}

/** What the server makes of bytes before it hangs up, or of the end of them. */
function sendBytes(bytes: Uint8Array): Promise<string> {
	const { hostname, port } = new URL(test.app.url);
	const { promise, resolve, reject } = Promise.withResolvers<string>();
	let text = '';
	const socket = connect({ host: hostname, port: Number(port) }, () => socket.end(bytes));
	socket.setTimeout(HANGS_MS, () => socket.destroy(new Error('The server neither answers nor hangs up.')));
	socket.setEncoding('utf8').on('data', (part) => (text += String(part)));
	socket.on('error', (error: NodeJS.ErrnoException) => (error.code ? resolve(text) : reject(error)));
	socket.on('close', () => resolve(text));
	return promise;
}

describe('whatever is sent', () => {
	it('is never answered with a 500, a stack, a path or a key', async () => {
		const statuses = new Map<number, number>();
		await fc.assert(
			fc.asyncProperty(fuzzRequest([ASK_KEY, ADMIN_KEY]), async (sent) => {
				const { status, type, text } = await send(sent);
				statuses.set(status, (statuses.get(status) ?? 0) + 1);
				expect(status, text).toBeLessThan(500);
				expect(text).not.toMatch(leaks);
				// Whoever sends no page-like request gets a problem to read, or nothing.
				const hasBody = sent.method !== 'HEAD';
				if (hasBody && status >= 400 && type.includes('problem+json'))
					expect(text).toContain(`"status":${status}`);
			}),
			{ numRuns: 5000, interruptAfterTimeLimit: FUZZ_MS, markInterruptAsFailure: false }
		);
		// What is tried must reach what lies behind the doors, and also be stopped before it.
		for (const status of [200, 400, 401, 403, 404, 405, 415]) {
			expect(
				statuses.get(status) ?? 0,
				`answers with ${status} of ${JSON.stringify([...statuses])}`
			).toBeGreaterThan(0);
		}
	});

	it('need not be a request', async () => {
		await fc.assert(
			fc.asyncProperty(fuzzBytes, async (bytes) => {
				const text = await sendBytes(bytes);
				expect(text).not.toMatch(/^HTTP\/1\.1 5/m);
				expect(text).not.toMatch(leaks);
			}),
			{ numRuns: 1500, interruptAfterTimeLimit: FUZZ_MS / 2, markInterruptAsFailure: false }
		);
	});

	it('leaves a server that works, and has logged no failure and no key', async () => {
		const headers = { authorization: `Bearer ${ASK_KEY}`, 'content-type': 'application/json' };
		const response = await test.post('/ask', { question: 'How do I plant apple trees?' }, { headers });
		expect(response.status).toBe(200);
		expect(await response.json()).toMatchObject({ answer: 'Plant them [1].' });
		expect(test.app.logs()).toMatch(/^Citelight is listening on \S+\nModel: [^\n]+\n$/);
	});
});
