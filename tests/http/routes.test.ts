import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { askResponseSchema } from '#lib/contract/ask.ts';
import { librarySchema } from '#lib/contract/library.ts';
import { searchResponseSchema } from '#lib/contract/search.ts';
import { statsSchema } from '#lib/contract/stats.ts';
import { traceSchema, traceSummarySchema } from '#lib/contract/trace.ts';
import { answer, errorStatus } from '../fixtures/model-server.ts';
import { allEvents, startHttpTest, textOf, traceIdOf, type HttpTest } from './setup.ts';

const question = 'How do I plant apple trees?';
let test: HttpTest;
beforeAll(async () => {
	test = await startHttpTest({ model: { script: answer(['Four', ' metres', ' apart [1].']) } });
});
afterAll(() => test?.[Symbol.asyncDispose]());

describe('POST /ask', () => {
	it('answers with sources, usage and the trace with the timings of all steps', async () => {
		const response = await test.post('/ask', { question, library: 'orchard', limit: 2 });
		expect(response.status).toBe(200);
		const answered = askResponseSchema.parse(await response.json());
		expect(answered).toMatchObject({
			answer: 'Four metres apart [1].',
			finish_reason: 'stop',
			conversation_id: answered.trace_id,
			usage: { prompt_tokens: 100, completion_tokens: 3, total_tokens: 103, source: 'reported' },
			trace: { status: 'success', route: 'ask', library_filter: 'orchard', citations: [1] }
		});
		expect(answered.sources).toHaveLength(2);
		const names = answered.trace.steps.map((step) => step.name);
		for (const name of [
			'retrieval_semantic',
			'retrieval_bm25',
			'fusion_rrf',
			'reranking',
			'llm_generation'
		]) {
			expect(names).toContain(name);
		}
	});

	it('answers a failure of the model with its status, its code and the trace', async () => {
		test.model.queue(errorStatus(401, { error: { message: 'Incorrect key sk-secret' } }));
		const response = await test.post('/ask', { question });
		expect(response.status).toBe(502);
		const problem = (await response.json()) as { code: string; trace_id: string };
		expect(problem.code).toBe('upstream_auth');
		expect(JSON.stringify(problem)).not.toContain('sk-secret');
		const trace = traceSchema.parse(await test.json(`/traces/${problem.trace_id}`));
		expect(trace).toMatchObject({ status: 'error', error: { code: 'upstream_auth' } });
	});

	it('takes each question once: the same key gives the same run', async () => {
		const calls = test.model.chatCalls.length;
		const body = { question, idempotency_key: 'the-same-key' };
		const ids = await Promise.all(
			['/ask', '/ask', '/trpc/start'].map(
				async (path) => /"trace_id":"([^"]+)"/.exec(await (await test.post(path, body)).text())?.[1]
			)
		);
		expect(new Set(ids).size).toBe(1);
		expect(test.model.chatCalls).toHaveLength(calls + 1);
	});
});

describe('POST /ask/stream', () => {
	it('has exactly the headers and the frame that clients and proxies rely on', async () => {
		const response = await test.post('/ask/stream', { question });
		expect(response.status).toBe(200);
		expect(response.headers.get('content-type')).toBe('text/event-stream');
		expect(response.headers.get('cache-control')).toBe('no-cache, no-transform');
		expect(response.headers.get('x-accel-buffering')).toBe('no');
		expect(response.headers.get('content-encoding')).toBeNull();
		expect(response.headers.get('content-length')).toBeNull();
		const text = (await response.text()).replaceAll(':hb\n', '');
		const id = /^id: ([\w-]+):1\n/.exec(text)?.[1];
		const frames = text.split('\n\n');
		expect(frames.pop()).toBe('');
		frames.forEach((frame, index) => {
			expect(frame).toMatch(new RegExp(`^id: ${id}:${index + 1}\ndata: \\{"type":"[a-z]+","data":.*\\}$`));
		});
	});

	it('tells a failure of the model as one error event, after the sources', async () => {
		test.model.queue(errorStatus(400));
		const events = await allEvents(await test.post('/ask/stream', { question }));
		expect(events.map(({ event }) => event.type)).toEqual(['sources', 'error']);
		expect(events[1]!.event.data).toMatchObject({ code: 'upstream_bad_request', retryable: false });
	});
});

describe('traces', () => {
	it('are listed newest first, page by page, and given whole by id', async () => {
		for (const library of ['orchard', 'harbor', null]) {
			await test.post('/ask', { question: `${question} ${library}`, library });
		}
		const list = z.array(traceSummarySchema).parse(await test.json('/traces?limit=3'));
		expect(list.map((trace) => trace.library_filter)).toEqual([null, 'harbor', 'orchard']);
		const next = z
			.array(traceSummarySchema)
			.parse(await test.json(`/traces?limit=1&before=${list[0]!.trace_id}`));
		expect(next[0]!.trace_id).toBe(list[1]!.trace_id);
		const whole = traceSchema.parse(await test.json(`/traces/${list[2]!.trace_id}`));
		expect(whole.candidates.length).toBeGreaterThan(0);
		expect(whole.prompt.length).toBeGreaterThan(0);
		expect(list[2]).not.toHaveProperty('candidates');
	});

	it('can be filtered by library, status and words', async () => {
		const by = async (query: string) =>
			z.array(traceSummarySchema).parse(await test.json(`/traces?${query}`));
		expect((await by('library=harbor')).every((trace) => trace.library_filter === 'harbor')).toBe(true);
		expect((await by('status=error')).map((trace) => trace.status)).toContain('error');
		expect(await by('q=no+such+words')).toEqual([]);
	});

	it('keep a rating', async () => {
		const [latest] = await test.json<{ trace_id: string }[]>('/traces?limit=1');
		const trace_id = latest!.trace_id;
		const rated = await test.post('/feedback', { trace_id, rating: 'up', comment: 'Clear.' });
		expect([rated.status, await rated.json()]).toEqual([200, { trace_id }]);
		expect(await test.json(`/traces/${trace_id}`)).toMatchObject({
			feedback: { rating: 'up', comment: 'Clear.' }
		});
	});
});

describe('the other routes', () => {
	it('GET /stats has the documented shape', async () => {
		const stats = statsSchema.parse(await test.json('/stats?window=1h'));
		expect(stats.total_queries).toBeGreaterThan(0);
		expect(stats.queries_per_library).toHaveProperty('null');
		expect(statsSchema.parse(await test.json('/stats?library=harbor')).total_queries).toBeGreaterThan(0);
	});

	it('GET /libraries counts documents and passages', async () => {
		const libraries = z.array(librarySchema).parse(await test.json('/libraries'));
		expect(libraries.map(({ name, documents }) => [name, documents])).toEqual([
			['harbor', 1],
			['orchard', 2]
		]);
	});

	it('POST /search gives the retrieval of an answer without a model call and without a trace', async () => {
		const [calls, traces] = [test.model.chatCalls.length, (await test.json<[]>('/traces')).length];
		const response = await test.post('/search', { question, library: 'orchard', limit: 50 });
		const found = searchResponseSchema.parse(await response.json());
		expect(found.results.map((result) => result.n)).toEqual(found.results.map((_, at) => at + 1));
		const { sources } = askResponseSchema.parse(
			await (await test.post('/ask', { question, library: 'orchard', limit: 2 })).json()
		);
		// Sources are chosen from the same passages: the best first, the others by what they add.
		const ids = found.results.map((result) => result.chunk_id);
		expect(sources[0]!.chunk_ids).toContain(ids[0]);
		expect(ids).toEqual(expect.arrayContaining(sources.flatMap((source) => source.chunk_ids)));
		expect(test.model.chatCalls).toHaveLength(calls + 1);
		expect(await test.json('/traces')).toHaveLength(traces + 1);
	});

	it('every answer has the security headers and an id for the request', async () => {
		for (const path of ['/livez', '/traces', '/nothing', '/']) {
			const { headers } = await test.get(path);
			expect([path, headers.get('x-content-type-options')]).toEqual([path, 'nosniff']);
			expect([path, headers.get('referrer-policy')]).toEqual([path, 'same-origin']);
			expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
		}
		const page = await test.get('/', { headers: { accept: 'text/html' } });
		expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
	});
});

describe('a follow-up', () => {
	it('belongs to the conversation of the first answer', async () => {
		const first = await allEvents(await test.post('/ask/stream', { question }));
		const conversation_id = traceIdOf(first[0]!);
		const second = await test.post('/ask', { question: 'And pear trees?', conversation_id });
		expect(await second.json()).toMatchObject({ conversation_id, trace: { conversation_id } });
		expect(textOf(first)).toBe('Four metres apart [1].');
	});
});
