import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemSchema } from '#lib/contract/error-code.ts';
import { startHttpTest, type HttpTest } from './setup.ts';

let test: HttpTest;
beforeAll(async () => {
	test = await startHttpTest();
});
afterAll(() => test?.[Symbol.asyncDispose]());

const json = { 'content-type': 'application/json' };
const asking = ['/ask', '/ask/stream', '/search', '/trpc/start', '/trpc/ask_once', '/trpc/search'];
const posting = [...asking, '/feedback', '/trpc/feedback', '/trpc/cancel'];
const unknown = '00000000-0000-4000-8000-000000000000';

interface Wrong {
	path: string;
	name: string;
	init: RequestInit;
	status: number;
	code: string;
	/** What the sentence must name. */
	says: RegExp;
}

const post = (body: BodyInit, headers: HeadersInit = json): RequestInit => ({
	method: 'POST',
	body,
	headers
});
const question = (value: unknown) => post(JSON.stringify({ question: value }));

const cases: Wrong[] = [
	...asking.flatMap((path): Wrong[] => [
		{
			path,
			name: 'no question',
			init: post('{}'),
			status: 400,
			code: 'invalid_request',
			says: /question must/
		},
		{ path, name: 'empty', init: question(' '), status: 400, code: 'invalid_request', says: /not be empty/ },
		{
			path,
			name: 'too long',
			init: question('x'.repeat(4001)),
			status: 400,
			code: 'invalid_request',
			says: /at most 4000 characters/
		},
		{
			path,
			name: 'wrong type',
			init: question(42),
			status: 400,
			code: 'invalid_request',
			says: /be a string/
		},
		{
			path,
			name: 'wrong limit',
			init: post('{"question":"How?","limit":"many"}'),
			status: 400,
			code: 'invalid_request',
			says: /limit must be a number/
		},
		{
			path,
			name: 'unknown library',
			init: post('{"question":"How?","library":"orchid"}'),
			status: 404,
			code: 'unknown_library',
			says: /harbor, orchard/
		}
	]),
	...posting.flatMap((path): Wrong[] => [
		{
			path,
			name: 'broken JSON',
			init: post('{"question":'),
			status: 400,
			code: 'invalid_json',
			says: /JSON/
		},
		{
			path,
			name: 'no content type',
			init: post(new Blob(['{"question":"How?"}']), {}),
			status: 415,
			code: 'unsupported_media_type',
			says: /Content-Type: application\/json/
		},
		{
			path,
			name: 'form content type',
			init: post('question=How', { 'content-type': 'application/x-www-form-urlencoded' }),
			status: 415,
			code: 'unsupported_media_type',
			says: /Content-Type: application\/json/
		},
		{
			path,
			name: 'text content type',
			init: post('{"question":"How?"}', { 'content-type': 'text/plain' }),
			status: 415,
			code: 'unsupported_media_type',
			says: /Content-Type: application\/json/
		},
		{
			path,
			name: 'a list',
			init: post('[]'),
			status: 400,
			code: 'invalid_request',
			says: /must be/
		},
		{
			path,
			name: 'a body over 64 KiB',
			init: post(JSON.stringify({ question: 'How?', more: 'x'.repeat(70_000) })),
			status: 413,
			code: 'payload_too_large',
			says: /at most 64 KiB/
		},
		{
			path,
			name: 'a body over the web server’s limit',
			init: post(JSON.stringify({ question: 'How?', more: 'x'.repeat(700_000) })),
			status: 413,
			code: 'payload_too_large',
			says: /at most 64 KiB/
		}
	]),
	...['/feedback', '/trpc/feedback'].flatMap((path): Wrong[] => [
		{
			path,
			name: 'wrong rating',
			init: post(JSON.stringify({ trace_id: unknown, rating: 'meh' })),
			status: 400,
			code: 'invalid_request',
			says: /rating must be one of up, down/
		},
		{
			path,
			name: 'unknown trace',
			init: post(JSON.stringify({ trace_id: unknown, rating: 'up' })),
			status: 404,
			code: 'not_found',
			says: /no run/
		}
	]),
	...['limit=0', 'limit=201', 'limit=x', 'status=odd', 'min_ms=-1'].map((query): Wrong => ({
		path: `/traces?${query}`,
		name: 'wrong query',
		init: {},
		status: 400,
		code: 'invalid_request',
		says: new RegExp(`${query.split('=')[0]} must be`)
	})),
	{
		path: '/traces?before=nothing',
		name: 'unknown cursor',
		init: {},
		status: 400,
		code: 'invalid_request',
		says: /before must be/
	},
	{
		path: '/stats?window=2h',
		name: 'wrong query',
		init: {},
		status: 400,
		code: 'invalid_request',
		says: /window must be one of 1h, 24h, 7d, all/
	},
	...[`/traces/${unknown}`, '/trpc/traces.get?input={"trace_id":"x"}'].map((path): Wrong => ({
		path,
		name: 'unknown trace',
		init: {},
		status: 404,
		code: 'not_found',
		says: /no run/
	})),
	...[
		['/traces', /^subject must be a string/],
		['/traces?subject=', /^subject must not be empty/],
		[`/traces?subject=${'x'.repeat(201)}`, /^subject must be at most 200 characters/],
		['/traces?subject=jane&library=orchard', /^The query must have a subject and nothing else\.$/]
	].map(([path, says]): Wrong => ({
		path: path as string,
		name: 'what to delete',
		init: { method: 'DELETE' },
		status: 400,
		code: 'invalid_request',
		says: says as RegExp
	})),
	{
		path: `/ask/${unknown}`,
		name: 'unknown run',
		init: { method: 'DELETE' },
		status: 404,
		code: 'not_found',
		says: /no run/
	},
	{
		path: `/ask/stream/${unknown}`,
		name: 'unknown run',
		init: {},
		status: 404,
		code: 'not_resumable',
		says: /Ask again/
	},
	{
		path: `/ask/stream/${unknown}?last_event_id=other:3`,
		name: 'event of another run',
		init: {},
		status: 400,
		code: 'invalid_request',
		says: /Last-Event-ID must be/
	},
	{
		path: '/trpc/traces.list?input={',
		name: 'broken input',
		init: {},
		status: 400,
		code: 'invalid_json',
		says: /JSON/
	}
];

describe('wrong input', () => {
	it.each(cases)('$path: $name → $status $code', async ({ path, init, status, code, says }) => {
		const response = await test.get(path, init);
		const body = (await response.json()) as { error?: { data: { problem: unknown } } };
		const problem = problemSchema.parse(body.error ? body.error.data.problem : body);
		expect([response.status, problem.status, problem.code]).toEqual([status, status, code]);
		expect(problem.detail).toMatch(says);
		if (!body.error) expect(response.headers.get('content-type')).toBe('application/problem+json');
		expect(JSON.stringify(body)).not.toMatch(/node_modules|\.ts:|\bat .*\(|stack/);
	});

	it.each([
		['GET', '/ask', 'POST'],
		['PUT', '/ask', 'POST'],
		['GET', '/ask/stream', 'POST'],
		['POST', `/ask/stream/${unknown}`, 'GET'],
		['GET', `/ask/${unknown}`, 'DELETE'],
		['POST', '/traces', 'GET'],
		['POST', '/traces', 'DELETE'],
		['DELETE', '/stats', 'GET'],
		['GET', '/search', 'POST'],
		['GET', '/feedback', 'POST'],
		['POST', '/livez', 'GET']
	])('%s %s → 405 that names %s', async (method, path, allowed) => {
		const response = await test.get(path, { method });
		expect(response.status).toBe(405);
		expect(response.headers.get('content-type')).toBe('application/problem+json');
		expect(response.headers.get('allow')?.split(', ')).toContain(allowed);
		expect(problemSchema.parse(await response.json()).detail).toContain(allowed);
	});

	it('an unknown address is a problem for programs and a page for people', async () => {
		const program = await test.get('/nothing/here');
		expect([program.status, program.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
		expect(problemSchema.parse(await program.json()).code).toBe('not_found');
		const person = await test.get('/nothing/here', { headers: { accept: 'text/html,*/*;q=0.8' } });
		expect([person.status, person.headers.get('content-type')]).toEqual([404, 'text/html']);
	});

	it('has started nothing, billed nothing and left no trace', async () => {
		expect(test.model.calls).toEqual([]);
		expect(await test.json('/traces')).toEqual([]);
	});
});

describe('an empty index', () => {
	it('answers 503 to every question, and says so when asked whether it is ready', async () => {
		await using empty = await startHttpTest({ docs: false });
		for (const path of ['/ask', '/ask/stream', '/search', '/trpc/start', '/trpc/ask_once']) {
			const response = await empty.post(path, { question: 'How do I plant apple trees?' });
			expect([path, response.status]).toEqual([path, 503]);
			expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
			expect(await response.text()).toContain('citelight ingest');
		}
		const input = encodeURIComponent(JSON.stringify({ question: 'How?' }));
		expect((await empty.get(`/trpc/ask?input=${input}`)).status).toBe(503);
		const ready = await empty.get('/readyz');
		expect([ready.status, await ready.json()]).toMatchObject([
			503,
			{ status: 'not_ready', checks: { index: { ok: false, libraries: 0 } } }
		]);
		expect((await empty.get('/livez')).status).toBe(200);
		expect(await empty.json('/traces')).toEqual([]);
		expect(empty.model.calls).toEqual([]);
	});
});
