import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { askInputSchema } from '#lib/contract/ask.ts';
import { feedbackInputSchema, traceListInputSchema } from '#lib/contract/trace.ts';
import { AppError } from '#lib/server/error.ts';
import { MAX_BODY_BYTES, readJson } from '#lib/server/transport/json-body.ts';
import { problemResponse, withProblems } from '#lib/server/transport/problem.ts';
import { readQuery } from '#lib/server/transport/query.ts';

const post = (body: BodyInit | null, type: string | null = 'application/json') => {
	const request = new Request('http://127.0.0.1/ask', {
		method: 'POST',
		body,
		duplex: 'half'
	} as RequestInit);
	if (type === null) request.headers.delete('content-type');
	else request.headers.set('content-type', type);
	return request;
};
const failure = (work: Promise<unknown>) =>
	work.then(
		() => null,
		(thrown: AppError) => ({ code: thrown.code, status: thrown.status, message: thrown.message })
	);

describe('a JSON body', () => {
	it('is checked and filled with defaults', async () => {
		const input = await readJson(
			post('{"question":" How? "}', 'Application/JSON; charset=utf-8'),
			askInputSchema
		);
		expect(input).toEqual({ question: 'How?', limit: 50 });
	});

	it.each([
		null,
		'text/plain',
		'application/x-www-form-urlencoded',
		'application/jsonp',
		'multipart/form-data'
	])('must say that it is JSON, not %s', async (type) => {
		expect(await failure(readJson(post('{"question":"How?"}', type), askInputSchema))).toMatchObject({
			status: 415,
			message: expect.stringContaining('Content-Type: application/json')
		});
	});

	it.each(['', '{', '{"question":}', 'question=How', '\u0000'])('must be JSON, not %j', async (body) => {
		expect(await failure(readJson(post(body), askInputSchema))).toMatchObject({ code: 'invalid_json' });
	});

	it.each([
		[{}, 'question must be a string.'],
		[{ question: '' }, 'question must not be empty.'],
		[{ question: '   ' }, 'question must not be empty.'],
		[{ question: 42 }, 'question must be a string.'],
		[{ question: 'x'.repeat(4001) }, 'question must be at most 4000 characters.'],
		[{ question: 'How?', library: 7 }, 'library must be a string.'],
		[{ question: 'How?', library: '' }, 'library must not be empty.'],
		[{ question: 'How?', limit: 0 }, 'limit must be at least 1.'],
		[{ question: 'How?', limit: 51 }, 'limit must be at most 50.'],
		[{ question: 'How?', limit: 2.5 }, 'limit must be a whole number.'],
		[{ question: 'How?', limit: '5' }, 'limit must be a number.'],
		[{ question: 'How?', temperature: 3 }, 'temperature must be at most 2.'],
		[
			{ question: 'How?', conversation_id: 'a b' },
			'conversation_id must be 1 to 100 letters, digits, - or _.'
		],
		[[], 'The body must be a JSON object.'],
		[null, 'The body must be a JSON object.'],
		['How?', 'The body must be a JSON object.']
	])('%j is answered with what to do', async (body, message) => {
		expect(await failure(readJson(post(JSON.stringify(body)), askInputSchema))).toEqual({
			code: 'invalid_request',
			status: 400,
			message
		});
	});

	it('names the choices', async () => {
		const body = JSON.stringify({ trace_id: 'x', rating: 'meh' });
		expect(await failure(readJson(post(body), feedbackInputSchema))).toMatchObject({
			message: 'rating must be one of up, down.'
		});
	});

	it('may be 64 KiB long and no longer, told or not', async () => {
		const body = (bytes: number) => JSON.stringify({ question: 'How?', more: 'x'.repeat(bytes) });
		const overhead = body(0).length;
		const fits = body(MAX_BODY_BYTES - overhead);
		expect(await readJson(post(fits), askInputSchema)).toMatchObject({ question: 'How?' });
		const long = new TextEncoder().encode(body(MAX_BODY_BYTES - overhead + 1));
		const streamed = new ReadableStream({
			start(controller) {
				for (let at = 0; at < long.length; at += 1000) controller.enqueue(long.subarray(at, at + 1000));
				controller.close();
			}
		});
		for (const sent of [long, streamed]) {
			expect(await failure(readJson(post(sent), askInputSchema))).toMatchObject({
				code: 'payload_too_large',
				status: 413
			});
		}
	});

	it('counts bytes that cut a character in two', async () => {
		const bytes = new TextEncoder().encode('{"question":"Grüße 👩‍👩‍👧"}');
		const streamed = new ReadableStream({
			start(controller) {
				for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
				controller.close();
			}
		});
		expect(await readJson(post(streamed), askInputSchema)).toMatchObject({ question: 'Grüße 👩‍👩‍👧' });
	});

	it('of any kind is either accepted or refused with a sentence, never anything else', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.oneof(
					fc.json(),
					fc.string(),
					fc.record({ question: fc.anything(), limit: fc.anything() }, { requiredKeys: [] }).map((value) => {
						try {
							return JSON.stringify(value) ?? '';
						} catch {
							return '';
						}
					})
				),
				async (body) => {
					const failed = await failure(readJson(post(body), askInputSchema));
					if (failed) {
						expect(failed.status).toBe(400);
						expect(failed.message).toMatch(/^[^\n]{5,300}\.$/);
					}
				}
			)
		);
	});
});

describe('a query', () => {
	const read = (query: string) =>
		readQuery(new URL(`http://127.0.0.1/traces?${query}`), traceListInputSchema);

	it('is checked and filled with defaults', () => {
		expect(read('')).toEqual({ limit: 50 });
		expect(read('limit=3&status=error&min_ms=1.5')).toEqual({ limit: 3, status: 'error', min_ms: 1.5 });
	});

	it.each([
		['limit=0', 'limit must be at least 1.'],
		['limit=201', 'limit must be at most 200.'],
		['limit=many', 'limit must be a number.'],
		['status=fine', 'status must be one of pending, success, refused, cancelled, error, interrupted.']
	])('%s is answered with what to do', (query, message) => {
		expect(() => read(query)).toThrow(message);
	});
});

describe('a problem', () => {
	it('has its status, its type and the time to wait', async () => {
		const response = problemResponse(new AppError('overloaded', 'Too busy.', { retryAfterSeconds: 7 }));
		expect(response.status).toBe(503);
		expect(response.headers.get('content-type')).toBe('application/problem+json');
		expect(response.headers.get('retry-after')).toBe('7');
		expect(await response.json()).toEqual({
			type: 'urn:citelight:problem:overloaded',
			title: 'Overloaded',
			status: 503,
			detail: 'Too busy.',
			code: 'overloaded'
		});
	});

	it('names the run that failed', async () => {
		const response = problemResponse(new AppError('upstream_timeout', 'Too slow.', { traceId: 'run-1' }));
		expect(await response.json()).toMatchObject({ trace_id: 'run-1' });
	});

	it('reveals nothing of what was unexpected', async () => {
		const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
		const handle = withProblems(() => {
			throw new Error('/secret/path sk-123', { cause: { body: 'upstream body' } });
		});
		const response = await handle({ locals: { requestId: 'request-7' } });
		expect(response.status).toBe(500);
		expect(await response.text()).not.toMatch(/secret|sk-123|upstream body|at /);
		const logged = stderr.mock.calls.flat().join('');
		expect(logged).toContain('request-7');
		expect(logged).toContain('json-body.test.ts');
		expect(logged).not.toMatch(/secret|sk-123|upstream body/);
		stderr.mockRestore();
	});
});
