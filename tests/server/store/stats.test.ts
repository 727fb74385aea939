import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { metricsOf, type TraceMetrics } from '#lib/server/store/metrics.ts';
import { bucketsOf, seriesOf } from '#lib/server/store/series.ts';
import { statsOf } from '#lib/server/store/stats.ts';
import { answered, pendingTrace, step } from '../../fixtures/traces.ts';

const now = new Date('2026-02-05T18:07:30.500Z');
const hour = 3_600_000;

function metrics(given: Partial<TraceMetrics> = {}): TraceMetrics {
	return { ...metricsOf(answered(pendingTrace())), ...given };
}

describe('the time line', () => {
	it.each([
		['1h', 60, 60_000],
		['24h', 48, 1_800_000],
		['7d', 84, 7_200_000]
	] as const)('of %s has %i equal buckets that end now', (window, count, width) => {
		const buckets = bucketsOf(window, now.getTime(), []);
		expect(buckets).toMatchObject({ count, width });
		expect(buckets.start + count * width).toBe(now.getTime());
	});

	it('of everything has at most 60 buckets on round moments, from the first trace to now', () => {
		fc.assert(
			fc.property(fc.array(fc.nat(40 * 365 * 24 * hour), { minLength: 1, maxLength: 5 }), (ages) => {
				const timestamps = ages.map((age) => now.getTime() - age);
				const { start, width, count } = bucketsOf('all', now.getTime(), timestamps);
				const first = Math.min(...timestamps);
				expect(count).toBeGreaterThanOrEqual(1);
				expect(count).toBeLessThanOrEqual(60);
				expect(start % width).toBe(0);
				expect(start).toBeLessThanOrEqual(first);
				expect(start + width).toBeGreaterThan(first);
				expect(start + (count - 1) * width).toBeLessThanOrEqual(now.getTime());
				expect(start + count * width).toBeGreaterThan(now.getTime());
			})
		);
	});

	it('puts every trace into the bucket of its moment, and has empty buckets rather than gaps', () => {
		const at = (minutes: number) => metrics({ timestamp: now.getTime() - minutes * 60_000 });
		const buckets = bucketsOf('1h', now.getTime(), []);
		const series = seriesOf([at(60), at(59.5), at(30), at(0.5), at(0)], buckets);
		expect(series.map((point) => point.queries).reduce((sum, count) => sum + count)).toBe(5);
		expect([series[0]?.queries, series[30]?.queries, series[59]?.queries]).toEqual([2, 1, 2]);
		expect(series[1]).toEqual({
			start: new Date(now.getTime() - 59 * 60_000).toISOString(),
			queries: 0,
			p50_latency_ms: null,
			p95_latency_ms: null,
			avg_rewriting_ms: null,
			avg_retrieval_ms: null,
			avg_generation_ms: null,
			avg_other_ms: null
		});
	});
});

describe('the bottleneck', () => {
	const of = async (...rows: Partial<TraceMetrics>[]) =>
		(await statsOf(rows.map(metrics), [], { window: 'all' }, now)).bottleneck;

	it.each([
		['generation', { retrieval_ms: 50, generation_ms: 100, total_duration_ms: 160 }],
		['retrieval', { retrieval_ms: 100, generation_ms: 50, total_duration_ms: 160 }],
		['rewriting', { rewriting_ms: 90, retrieval_ms: 10, generation_ms: 50, total_duration_ms: 160 }],
		['other', { rewriting_ms: 40, retrieval_ms: 10, generation_ms: 50, total_duration_ms: 160 }]
	])('is %s when that takes the most', async (expected, row) => {
		expect(await of(row)).toBe(expected);
	});

	it('weighs all time together, so one answer without generation does not hide slow ones', async () => {
		const refused = {
			status: 'refused',
			retrieval_ms: 60,
			generation_ms: null,
			total_duration_ms: 60
		} as const;
		expect(await of(refused, { retrieval_ms: 10, generation_ms: 500, total_duration_ms: 510 })).toBe(
			'generation'
		);
	});

	it('is null when no answer was finished', async () => {
		expect(await of({ status: 'cancelled' })).toBeNull();
		expect(await of()).toBeNull();
	});
});

describe('costs and tokens', () => {
	const of = (...rows: Partial<TraceMetrics>[]) => statsOf(rows.map(metrics), [], { window: 'all' }, now);

	it('are null when nobody knows, never zero', async () => {
		const unknown = { cost_usd: null, prompt_tokens: null, completion_tokens: null };
		expect(await of(unknown)).toMatchObject({
			cost_usd: null,
			unpriced_queries: 1,
			tokens: { prompt: null, completion: null }
		});
	});

	it('add up what is known, of unfinished answers too, for those were billed as well', async () => {
		const stats = await of(
			{ cost_usd: 0.25, prompt_tokens: 10, completion_tokens: 5 },
			{ status: 'cancelled', cost_usd: 0.5, prompt_tokens: 7, completion_tokens: null },
			{ cost_usd: null, prompt_tokens: null, completion_tokens: null }
		);
		expect(stats).toMatchObject({
			cost_usd: 0.75,
			unpriced_queries: 1,
			tokens: { prompt: 17, completion: 5 }
		});
	});

	it('do not call a query unpriced that asked no model, or is not over', async () => {
		const stats = await of({ model: null, cost_usd: null }, { status: 'pending', cost_usd: null });
		expect(stats.unpriced_queries).toBe(0);
	});
});

it('metrics of a trace have its phases apart', () => {
	const steps = [
		step('query_rewriting', 0, 40),
		step('retrieval_bm25', 40, 10),
		step('reranking', 45, 10),
		step('llm_generation', 60, 30)
	];
	expect(metricsOf(answered(pendingTrace(), { steps }))).toMatchObject({
		rewriting_ms: 40,
		retrieval_ms: 15,
		generation_ms: 30
	});
});
