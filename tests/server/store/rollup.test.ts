import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Stats, StatsRequest } from '#lib/contract/stats.ts';
import type { Trace } from '#lib/contract/trace.ts';
import { HISTOGRAM_ERROR, Histogram } from '#lib/server/store/histogram.ts';
import { isLarge, largeStats, MOST_READ_EACH } from '#lib/server/store/large-stats.ts';
import { percentile, sorted } from '#lib/server/store/percentile.ts';
import { Rollups } from '#lib/server/store/rollup.ts';
import { SqliteTraceStore } from '#lib/server/store/sqlite.ts';
import { tempFolder, type TempFolder } from '../../fixtures/temp-folder.ts';
import { answered, pendingTrace, step } from '../../fixtures/traces.ts';

const now = new Date('2026-02-05T18:07:30.500Z');
const minute = 60_000;

let folder: TempFolder;
let store: SqliteTraceStore;
let database: DatabaseSync;

beforeEach(async () => {
	folder = await tempFolder();
	store = new SqliteTraceStore(folder.path);
	database = new DatabaseSync(join(folder.path, 'traces.sqlite'), { timeout: 5_000 });
});

afterEach(async () => {
	database.close();
	store.close();
	await folder[Symbol.asyncDispose]();
});

const prepare = (sql: string): StatementSync => database.prepare(sql);
const summedUp = (request: StatsRequest) =>
	largeStats(prepare, new Rollups(prepare, (work) => work()), request, now);
const kept = () =>
	Number(prepare("SELECT count(*) AS n FROM stats_rollups WHERE summary LIKE '{%'").get()?.n);

function save(trace: Trace): Trace {
	store.create({ ...trace, status: 'pending' });
	if (trace.status !== 'pending') store.finalise({ trace, tokenLengths: [] });
	return trace;
}

/** Traces every seven minutes back from now, of all kinds. */
function fill(count: number, minutesApart = 7): Trace[] {
	return Array.from({ length: count }, (_, at) => {
		const timestamp = new Date(now.getTime() - at * minutesApart * minute).toISOString();
		const pending = pendingTrace({ timestamp, library_filter: [null, 'alpha', 'beta'][at % 3]! });
		if (at % 11 === 0) return save(pending);
		const status = at % 5 === 0 ? 'cancelled' : at % 7 === 0 ? 'refused' : 'success';
		const steps = [
			...(at % 4 === 0 ? [step('query_rewriting', 0, 5 + at / 100)] : []),
			step('retrieval_bm25', 25, 1 + at / 3),
			step('llm_generation', 50, 100 + at)
		];
		return save(
			answered(pending, { status, steps, total_duration_ms: 160.5 + at, cost_usd: at % 2 ? 0.25 : null })
		);
	});
}

/** Statistics without their time line; with numbers that may differ by the stated error as they are. */
function expectSame(large: Stats, exact: Stats): void {
	const near = (value: number | null, other: number | null) => {
		if (other === null) expect(value).toBeNull();
		else expect(Math.abs(value! - other)).toBeLessThanOrEqual(HISTOGRAM_ERROR * other + 0.001);
	};
	for (const name of ['p50_latency_ms', 'p95_latency_ms', 'p99_latency_ms'] as const)
		near(large[name], exact[name]);
	near(large.time_to_first_token_ms.p95, exact.time_to_first_token_ms.p95);
	expect(Object.keys(large.steps).sort()).toEqual(Object.keys(exact.steps).sort());
	for (const [name, figures] of Object.entries(exact.steps)) {
		const found = large.steps[name as keyof Stats['steps']]!;
		expect(found).toMatchObject({ count: figures.count, avg_ms: figures.avg_ms });
		for (const key of ['p50_ms', 'p95_ms', 'p99_ms'] as const) near(found[key], figures[key]);
	}
	for (const name of [
		'total_queries',
		'avg_latency_ms',
		'avg_rewriting_ms',
		'avg_retrieval_ms',
		'avg_generation_ms',
		'queries_per_library',
		'statuses',
		'tokens',
		'cost_usd',
		'unpriced_queries',
		'bottleneck',
		'feedback'
	] as const) {
		expect(large[name]).toEqual(exact[name]);
	}
	const queries = large.series.reduce((sum, point) => sum + point.queries, 0);
	expect(queries).toBe(exact.total_queries);
}

describe('statistics from sums over stretches of time', () => {
	const requests: StatsRequest[] = [
		{ window: '24h' },
		{ window: '7d' },
		{ window: 'all' },
		{ window: '7d', library: 'alpha' },
		{ window: 'all', library: 'null' },
		{ window: 'all', library: 'nothing' }
	];

	it.each(requests)('are those of the traces themselves: %j', async (request) => {
		fill(1600);
		expectSame(await summedUp(request), await store.stats(request, now));
		expect(kept()).toBeGreaterThan(0);
		// Once more, from what was kept.
		expectSame(await summedUp(request), await store.stats(request, now));
	});

	it('follow every change of a trace: ended, rated, deleted, added to the past', async () => {
		const traces = fill(400);
		const request: StatsRequest = { window: 'all' };
		await summedUp(request);
		const before = kept();
		const pending = traces.find((trace) => trace.status === 'pending' && trace !== traces[0])!;
		store.finalise({ trace: answered(pending, { total_duration_ms: 9999 }), tokenLengths: [] });
		expect(kept()).toBeLessThan(before);
		expectSame(await summedUp(request), await store.stats(request, now));
		store.saveFeedback({ trace_id: traces[100]!.trace_id, rating: 'up' });
		store.delete(traces[200]!.trace_id);
		save(answered(pendingTrace({ timestamp: traces[300]!.timestamp })));
		expectSame(await summedUp(request), await store.stats(request, now));
		await store.deleteBefore(new Date(now.getTime() - 1000 * minute));
		expectSame(await summedUp(request), await store.stats(request, now));
	});

	it('are not kept when a trace changes while they are made', async () => {
		fill(3000, 1);
		let isChanged = false;
		const meddling = (sql: string): StatementSync => {
			if (sql.includes('trace_steps') && !isChanged) {
				isChanged = true;
				const old = new Date(now.getTime() - 1500 * minute).toISOString();
				save(answered(pendingTrace({ timestamp: old }), { total_duration_ms: 5 }));
			}
			return database.prepare(sql);
		};
		await largeStats(meddling, new Rollups(meddling, (work) => work()), { window: 'all' }, now);
		expectSame(await summedUp({ window: 'all' }), await store.stats({ window: 'all' }, now));
	});

	it('read sums that were kept before rewriting was timed apart', async () => {
		const ages = [400, 900, 3000];
		for (const age of ages) {
			const timestamp = new Date(now.getTime() - age * minute).toISOString();
			save(answered(pendingTrace({ timestamp })));
		}
		await summedUp({ window: 'all' });
		const changed = prepare(
			"UPDATE stats_rollups SET summary = json_remove(summary, '$.timed.rewriting') WHERE summary LIKE '{%'"
		).run();
		expect(Number(changed.changes)).toBeGreaterThanOrEqual(ages.length);
		expectSame(await summedUp({ window: 'all' }), await store.stats({ window: 'all' }, now));
	});

	it('are for many traces only', () => {
		fill(20);
		expect(isLarge(prepare, { window: 'all' }, now)).toBe(false);
		expect(MOST_READ_EACH).toBeGreaterThan(1000);
	});
});

describe('a histogram', () => {
	const durations = fc.array(fc.double({ min: 0, max: 1e7, noNaN: true }), { minLength: 1, maxLength: 300 });

	it('tells any percentile within half a per cent, also when it was put together from parts', () => {
		fc.assert(
			fc.property(durations, fc.nat(300), fc.integer({ min: 1, max: 100 }), (values, cut, percent) => {
				const parts = [values.slice(0, cut), values.slice(cut)].map((part) => {
					const histogram = new Histogram();
					for (const value of part) histogram.add(value);
					return Histogram.read(JSON.parse(JSON.stringify(histogram)) as number[]);
				});
				const [whole, rest] = parts as [Histogram, Histogram];
				whole.merge(rest);
				const exact = percentile(sorted(values), percent)!;
				expect(Math.abs(whole.percentile(percent)! - exact)).toBeLessThanOrEqual(
					HISTOGRAM_ERROR * exact * 1.0001 + 0.001
				);
				expect(whole.count).toBe(values.length);
			})
		);
	});
});
