import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TraceSummary } from '#lib/contract/trace.ts';
import { holdRows, matchesView, mergeTrace, waitingCount } from '#lib/ui/dashboard/live.ts';
import type { DashboardView } from '#lib/ui/dashboard/view.ts';
import { randomNumbers, sampleTrace, type SampleOptions } from './sample-traces.ts';

const everything: DashboardView = { window: 'all' };
const random = randomNumbers(11);
const trace = (trace_id: string, second: number, options: SampleOptions = {}): TraceSummary =>
	sampleTrace(random, {
		trace_id,
		timestamp: new Date(Date.UTC(2026, 1, 5, 12, 0, second)).toISOString(),
		status: 'success',
		...options
	});
const ids = (rows: readonly TraceSummary[]) => rows.map((row) => row.trace_id);

describe('a trace that arrives while the page is open', () => {
	it('takes its place by time, newest first, and the list does not grow', () => {
		const rows = [trace('c', 30), trace('a', 10)];
		expect(ids(mergeTrace(rows, trace('d', 40), everything, 3))).toEqual(['d', 'c', 'a']);
		expect(ids(mergeTrace(rows, trace('b', 20), everything, 3))).toEqual(['c', 'b', 'a']);
		expect(ids(mergeTrace(rows, trace('d', 40), everything, 2))).toEqual(['d', 'c']);
		expect(ids(mergeTrace([], trace('a', 10), everything, 2))).toEqual(['a']);
	});

	it('changes where it stands when it ends, and does not start again', () => {
		const rows = [trace('b', 20, { status: 'pending' }), trace('a', 10)];
		const ended = mergeTrace(rows, trace('b', 20), everything, 5);
		expect(ended.map((row) => row.status)).toEqual(['success', 'success']);
		expect(mergeTrace(ended, trace('b', 20, { status: 'pending' }), everything, 5)[0]?.status).toBe(
			'success'
		);
	});

	it('goes when it no longer matches, and does not come when it never did', () => {
		const pendingOnly: DashboardView = { window: 'all', status: 'pending' };
		const rows = [trace('b', 20, { status: 'pending' })];
		expect(mergeTrace(rows, trace('b', 20), pendingOnly, 5)).toEqual([]);
		expect(mergeTrace(rows, trace('c', 30), pendingOnly, 5)).toEqual(rows);
	});

	it('does not enter a page of older traces', () => {
		const older: DashboardView = { window: 'all', before: 'z' };
		const rows = [trace('a', 10, { status: 'pending' })];
		expect(ids(mergeTrace(rows, trace('b', 20), older, 5))).toEqual(['a']);
		expect(mergeTrace(rows, trace('a', 10), older, 5)[0]?.status).toBe('success');
	});

	it('matches by library, words in any case, and duration', () => {
		const asked = trace('a', 1, { question: 'How do I POST?', library_filter: null });
		expect(matchesView(asked, { window: 'all', library: 'null', q: 'post' })).toBe(true);
		expect(matchesView(asked, { window: 'all', library: 'fastapi' })).toBe(false);
		expect(matchesView(asked, { window: 'all', min_ms: asked.total_duration_ms! })).toBe(true);
		expect(matchesView(asked, { window: 'all', min_ms: asked.total_duration_ms! + 1 })).toBe(false);
		expect(matchesView({ ...asked, total_duration_ms: null }, { window: 'all', min_ms: 1 })).toBe(false);
	});

	it('keeps every list sorted and free of repetitions, whatever comes in whatever order', () => {
		const arrivals = fc.array(fc.record({ id: fc.integer({ min: 0, max: 12 }), ended: fc.boolean() }), {
			maxLength: 40
		});
		fc.assert(
			fc.property(arrivals, (news) => {
				const rows = news.reduce<TraceSummary[]>(
					(list, { id, ended }) =>
						mergeTrace(
							list,
							trace(`t${id}`, id, { status: ended ? 'success' : 'pending', candidates: 5 }),
							everything,
							6
						),
					[]
				);
				expect(rows.length).toBeLessThanOrEqual(6);
				expect(new Set(ids(rows)).size).toBe(rows.length);
				const times = rows.map((row) => row.timestamp);
				expect(times).toEqual(times.toSorted().reverse());
			})
		);
	});
});

describe('while somebody points at the table', () => {
	it('rows keep their places and still show how they ended; what is new waits', () => {
		const shown = [trace('b', 20, { status: 'pending' }), trace('a', 10)];
		const latest = [trace('d', 40), trace('c', 30), trace('b', 20), trace('a', 10)];
		const held = holdRows(shown, latest);
		expect(ids(held)).toEqual(['b', 'a']);
		expect(held[0]?.status).toBe('success');
		expect(waitingCount(held, latest)).toBe(2);
		expect(waitingCount(latest, latest)).toBe(0);
		expect(waitingCount([], [])).toBe(0);
	});
});
