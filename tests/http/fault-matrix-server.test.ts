import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askResponseSchema } from '#lib/contract/ask.ts';
import { statsSchema } from '#lib/contract/stats.ts';
import { traceSchema, type Trace, type TraceSummary } from '#lib/contract/trace.ts';
import {
	answer,
	errorStatus,
	json,
	letterVectors,
	reset,
	type ModelCall,
	type Script
} from '../fixtures/model-server.ts';
import {
	markerOf,
	newQuestion,
	ROUTES,
	startFaultBench,
	type Fault,
	type FaultBench
} from './fault-matrix-setup.ts';
import { startHttpTest } from './setup.ts';

const good = answer(['Four', ' metres [1].']);
const goodText = 'Four metres [1].';

describe('an embeddings endpoint that fails while a question is asked', () => {
	let bench: FaultBench;
	/** What the vector of a question becomes; passages always get good ones. */
	let embed: (call: ModelCall) => Script = letterVectors;
	beforeAll(async () => {
		bench = await startFaultBench({
			env: { EMBEDDING_MODEL: 'test-embedder' },
			model: { embeddings: (call) => (markerOf(call) === '' ? letterVectors(call) : embed(call)) }
		});
	});
	afterAll(() => bench?.[Symbol.asyncDispose]());

	const vectors = (...data: unknown[]) => json({ object: 'list', data });
	const numbers = (length: number, value: unknown) => new Array<unknown>(length).fill(value);
	const rows: readonly [name: string, script: Script, code: string][] = [
		['401', errorStatus(401), 'upstream_auth'],
		['500, again and again', errorStatus(500, undefined, { 'retry-after-ms': '5' }), 'upstream_5xx'],
		['a reset', [reset()], 'upstream_reset'],
		['a page', [{ do: 'respond', body: '<html>boom</html>' }], 'upstream_malformed'],
		['another width', vectors({ index: 0, embedding: numbers(7, 1) }), 'upstream_malformed'],
		['zeros', vectors({ index: 0, embedding: numbers(8, 0) }), 'upstream_malformed'],
		['no numbers', vectors({ index: 0, embedding: numbers(8, null) }), 'upstream_malformed'],
		['base64 that was not asked for', vectors({ index: 0, embedding: 'AAAAAA==' }), 'upstream_malformed'],
		['none', vectors(), 'upstream_malformed'],
		[
			'two for one question',
			vectors({ index: 0, embedding: numbers(8, 1) }, { index: 1, embedding: numbers(8, 1) }),
			'upstream_malformed'
		],
		['the index of another', vectors({ index: 3, embedding: numbers(8, 1) }), 'upstream_malformed']
	];

	it.each(rows)(
		'%s: the answer comes from the words alone, and the trace says so',
		async (_name, script, code) => {
			embed = () => script;
			const fault: Fault = { name: '', scripts: [good], outcome: { code: null, text: goodText } };
			await bench.check(fault);
			for (const { trace_id } of await bench.json<TraceSummary[]>('/traces?limit=3')) {
				const { steps, candidates } = traceSchema.parse(await bench.json(`/traces/${trace_id}`));
				const step = steps.find(({ name }) => name === 'query_embedding');
				expect(step).toMatchObject({ status: 'skipped', details: { error: code } });
				expect(steps.map(({ name }) => name)).not.toContain('retrieval_semantic');
				expect(candidates.every(({ semantic }) => semantic === null)).toBe(true);
			}
		}
	);

	it('is told with the sources at every door, again when they are replayed, and counted', async () => {
		const count = async () => statsSchema.parse(await bench.json('/stats?window=all')).keyword_only_queries;
		const before = await count();
		for (const [vector, told] of [
			[errorStatus(401), { keyword_only: true }],
			[null, {}]
		] as const) {
			embed = vector ? () => vector : letterVectors;
			for (const route of ROUTES) {
				const { marker, question } = newQuestion();
				bench.script(marker, [good]);
				const wire = await (await bench.send(route, { question })).text();
				if (route === 'ask') {
					const { keyword_only } = askResponseSchema.parse(JSON.parse(wire));
					expect({ ...(keyword_only && { keyword_only }) }).toEqual(told);
					continue;
				}
				const line = wire.split('\n').find((each) => each.includes('"type":"sources"'))!;
				const { type, data, ...rest } = JSON.parse(line.slice('data: '.length)) as Record<string, unknown>;
				expect([type, rest]).toEqual(['sources', told]);
				expect(data).not.toEqual([]);
				const [, traceId] = /id: ([\w-]+):1\n/.exec(wire)!;
				const again = await (await fetch(`${bench.test.app.url}/ask/stream/${traceId}`)).text();
				expect(again).toContain(line);
			}
		}
		expect((await count()) - before).toBe(ROUTES.length);
		await bench.expectNothingLeft();
	});

	it('is used again as soon as it works', async () => {
		embed = letterVectors;
		await bench.check({ name: '', scripts: [good], outcome: { code: null, text: goodText } });
		const [trace] = await bench.json<TraceSummary[]>('/traces?limit=1');
		const { steps } = await bench.json<Trace>(`/traces/${trace!.trace_id}`);
		expect(steps.map(({ name }) => name)).toContain('retrieval_semantic');
	});
});

describe('an empty index', () => {
	it('is not ready, and answers 503 at every door without a model call', async () => {
		await using test = await startHttpTest({ docs: false });
		expect((await test.get('/readyz')).status).toBe(503);
		const question = 'How do I plant apple trees?';
		const input = encodeURIComponent(JSON.stringify({ question }));
		const refused = [
			await test.post('/ask', { question }),
			await test.post('/ask/stream', { question }),
			await test.get(`/trpc/ask?input=${input}`)
		];
		for (const response of refused) {
			expect(response.status).toBe(503);
			expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
			expect(await response.text()).toContain('index_not_ready');
		}
		expect(test.model.calls).toEqual([]);
		expect(await test.json('/traces')).toEqual([]);
	});
});

describe('a wall clock that jumps by an hour', () => {
	it('leaves every duration as it is', async () => {
		await using bench = await startFaultBench({
			imports: [join(import.meta.dirname, '../fixtures/jumping-clock.ts')]
		});
		for (const script of [good, errorStatus(500, undefined, { 'retry-after-ms': '5' })]) {
			const failed = script !== good;
			await bench.check({
				name: '',
				scripts: [script],
				outcome: failed
					? { code: 'upstream_5xx', calls: 3, status: 503, retryAfter: '1' }
					: { code: null, text: goodText }
			});
		}
		const traces = await bench.json<TraceSummary[]>('/traces?limit=50');
		expect(traces).toHaveLength(3 * ROUTES.length);
		for (const { trace_id } of traces) {
			const { total_duration_ms, steps } = traceSchema.parse(await bench.json(`/traces/${trace_id}`));
			const durations = [
				total_duration_ms ?? NaN,
				...steps.flatMap((step) => [step.start_ms, step.duration_ms])
			];
			for (const duration of durations) {
				expect(duration).toBeGreaterThanOrEqual(0);
				expect(duration).toBeLessThan(60_000);
			}
		}
		const stats = statsSchema.parse(await bench.json('/stats?window=all'));
		expect(stats.avg_latency_ms).toBeGreaterThan(0);
		expect(stats.avg_latency_ms).toBeLessThan(60_000);
	});
});
