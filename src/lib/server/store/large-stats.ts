import type { StatementSync } from 'node:sqlite';
import type { Stats, StatsRequest } from '#lib/contract/stats.ts';
import { Breather } from '#lib/server/breather.ts';
import { readBetween } from './read-metrics.ts';
import { type Rollups, SMALLEST_STRETCH } from './rollup.ts';
import { statsOfSummaries } from './rollup-stats.ts';
import { Summary } from './rollup-summary.ts';
import { ROLLUP_WIDTHS } from './schema.ts';
import { roundBucketsOf, windowBounds, type Buckets } from './series.ts';

/**
 * More traces than this in a window, and its statistics are put together from sums over stretches of time; up to here they are read
 * one by one, and percentiles are exact.
 */
export const MOST_READ_EACH = 2000;

/** Whether a request selects so many traces that reading each would take too long. */
export function isLarge(
	prepare: (sql: string) => StatementSync,
	{ window, library }: StatsRequest,
	now: Date
): boolean {
	// Its time line has points of one minute.
	if (window === '1h') return false;
	const { from } = windowBounds(window, now.getTime());
	const least = Number.isFinite(from) ? from : 0;
	const ofLibrary = library === undefined ? '' : 'AND library_filter IS ?';
	const row = prepare(
		`SELECT count(*) AS count FROM
		(SELECT 1 FROM traces WHERE timestamp >= ? ${ofLibrary} LIMIT ${MOST_READ_EACH + 1})`
	).get(least, ...(library === undefined ? [] : [library === 'null' ? null : library]));
	return Number(row?.count) > MOST_READ_EACH;
}

/** Statistics of a large number of traces: sums of whole stretches, and single traces at both ends of the window. */
export async function largeStats(
	prepare: (sql: string) => StatementSync,
	rollups: Rollups,
	request: StatsRequest,
	now: Date
): Promise<Stats> {
	const bounds = windowBounds(request.window, now.getTime());
	// Each on its own is read off the index; both in one would be looked for in all of it.
	const ends = prepare(
		'SELECT (SELECT min(timestamp) FROM traces) AS first, (SELECT max(timestamp) FROM traces) AS last'
	).get();
	const first = Math.max(bounds.from, Number(ends?.first));
	const last = Math.min(bounds.to, Math.max(Number(ends?.last), now.getTime()));
	const buckets = roundBucketsOf(request.window, first, last, SMALLEST_STRETCH);
	const series = Array.from({ length: buckets.count }, () => new Summary());
	const at = (moment: number) => series[Math.floor((moment - buckets.start) / buckets.width)]!;
	// The stretch that it is now changes with every answer.
	const current = Math.floor(now.getTime() / SMALLEST_STRETCH) * SMALLEST_STRETCH;
	const from = Math.ceil(first / SMALLEST_STRETCH) * SMALLEST_STRETCH;
	const to = Math.max(from, Math.min(current, Math.floor((last + 1) / SMALLEST_STRETCH) * SMALLEST_STRETCH));

	for (const edge of [
		{ from: first, to: Math.min(from - 1, last) },
		{ from: to, to: last }
	]) {
		if (edge.from > edge.to) continue;
		const { traces, steps } = await readBetween(prepare, edge, request.library);
		for (const row of traces) at(row.timestamp).add(row);
		for (const step of steps) at(edge.from).addStep(step);
	}
	const breather = new Breather();
	for (const run of runsOf(from, to, buckets)) {
		for await (const { start, summary } of rollups.read(run.width, run.from, run.to, request.library)) {
			at(start).merge(summary);
			await breather.breathe();
		}
	}
	return statsOfSummaries(series, buckets, request);
}

/** The stretches between two moments, as wide ones as fit and lie within one point of the time line, in runs of equal width. */
function runsOf(
	from: number,
	to: number,
	{ width: point }: Buckets
): { width: number; from: number; to: number }[] {
	const widths = ROLLUP_WIDTHS.filter((width) => point % width === 0).toReversed();
	const runs: { width: number; from: number; to: number }[] = [];
	for (let at = from; at < to;) {
		const width = widths.find((width) => at % width === 0 && at + width <= to) ?? SMALLEST_STRETCH;
		const run = runs.at(-1);
		if (run?.width === width) run.to = at + width;
		else runs.push({ width, from: at, to: at + width });
		at += width;
	}
	return runs;
}
