import { expect, test } from 'vitest';
import { createCitelightClient } from '#lib/client/index.ts';
import { AppError } from '#lib/server/error.ts';

/** A client whose server gives this answer to everything. */
const answeredWith = (body: string, init: ResponseInit) =>
	createCitelightClient({ url: 'http://server.example', fetch: async () => new Response(body, init) });

const problem = (error: AppError) =>
	answeredWith(JSON.stringify(error.toProblem()), {
		status: error.status,
		headers: { 'content-type': 'application/problem+json' }
	});

test.each([
	[
		new AppError('overloaded', 'Ask again in 5 seconds.'),
		{ code: 'overloaded', status: 503, retryable: true }
	],
	[new AppError('forbidden_origin', 'This page may not ask.'), { status: 403, retryable: false }],
	[new AppError('payload_too_large', 'The body is too long.'), { status: 413, retryable: false }],
	[new AppError('rate_limited', 'Slow down.'), { code: 'rate_limited', status: 429, retryable: true }]
])('what is refused before tRPC keeps its code and its words: $code', async (error, expected) => {
	const client = problem(error);
	const seen = { message: error.message, code: error.code, ...expected };
	await expect(client.libraries()).rejects.toMatchObject(seen);
	await expect(client.search({ question: 'Why?' })).rejects.toMatchObject(seen);
	await expect(client.ask({ question: 'Why?' }).trace_id).rejects.toMatchObject(seen);
});

test.each([
	[502, true],
	[404, false]
])("a proxy's own page with status %i is a failed connection", async (status, retryable) => {
	const client = answeredWith('<h1>nginx</h1>', { status, headers: { 'content-type': 'text/html' } });
	await expect(client.stats()).rejects.toMatchObject({ code: 'connection_failed', status, retryable });
});

test('a server that answers with something else is a failed connection', async () => {
	const client = answeredWith('{"hello": "world"}', { status: 200 });
	await expect(client.libraries()).rejects.toMatchObject({
		name: 'CitelightError',
		code: 'connection_failed'
	});
});

test('the reason of an aborted signal is thrown as it is', async () => {
	const client = createCitelightClient({
		url: 'http://server.example',
		fetch: (_, init) =>
			new Promise((_resolve, reject) => {
				const fail = () => reject(new DOMException('aborted', 'AbortError'));
				if (init?.signal?.aborted) fail();
				init?.signal?.addEventListener('abort', fail);
			})
	});
	const controller = new AbortController();
	const reason = new Error('enough');
	const answered = client.askOnce({ question: 'Why?' }, { signal: controller.signal });
	controller.abort(reason);
	await expect(answered).rejects.toBe(reason);
});
