import type { SeriesPoint, StatsWindow } from '#lib/contract/stats.ts';
import { round } from '#lib/server/trace/interval.ts';
import { isFinished, type TraceMetrics } from './metrics.ts';
import { average, percentile, sorted } from './percentile.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Length and bucket width of each bounded window, in milliseconds. */
const BOUNDED = {
	'1h': { length: HOUR, width: MINUTE },
	'24h': { length: DAY, width: 30 * MINUTE },
	'7d': { length: 7 * DAY, width: 2 * HOUR }
} as const;

/** Most buckets of the unbounded window. */
const MOST_BUCKETS = 60;
/** Widths people can read off an axis; beyond the last one, multiples of it. */
const WIDTHS = [1, 2, 5, 10, 15, 30]
	.map((n) => n * SECOND)
	.concat([1, 2, 5, 10, 15, 30].map((n) => n * MINUTE))
	.concat([1, 2, 3, 6, 12].map((n) => n * HOUR))
	.concat([1, 2, 7, 14, 28].map((n) => n * DAY));
const WIDEST = 28 * DAY;

/** The moments that a window covers, both ends included, in milliseconds since the epoch. */
export function windowBounds(window: StatsWindow, now: number): { from: number; to: number } {
	if (window === 'all') return { from: -Infinity, to: Infinity };
	return { from: now - BOUNDED[window].length, to: now };
}

/** Equal buckets without gaps: bucket i starts at `start + i * width`. Milliseconds. */
export interface Buckets {
	start: number;
	width: number;
	count: number;
}

/**
 * The buckets of a window. Those of `all` begin with the first trace, on a round moment, and end now (or with the last
 * trace, should that be later); without traces there are none.
 */
export function bucketsOf(window: StatsWindow, now: number, timestamps: readonly number[]): Buckets {
	if (window !== 'all') {
		const { length, width } = BOUNDED[window];
		return { start: now - length, width, count: length / width };
	}
	if (timestamps.length === 0) return { start: now, width: WIDEST, count: 0 };
	let first = Infinity;
	let last = now;
	for (const timestamp of timestamps) {
		if (timestamp < first) first = timestamp;
		if (timestamp > last) last = timestamp;
	}
	const layout = (width: number): Buckets => {
		const start = Math.floor(first / width) * width;
		return { start, width, count: Math.floor((last - start) / width) + 1 };
	};
	const fitting = WIDTHS.map(layout).find((buckets) => buckets.count <= MOST_BUCKETS);
	return fitting ?? layout(WIDEST * Math.ceil((last - first) / WIDEST / (MOST_BUCKETS - 1)));
}

/**
 * Buckets on round moments that cover everything between two, of a width that a given one divides; the first and the last may reach
 * beyond. They are as wide as those of `bucketsOf`, so there may be one more.
 */
export function roundBucketsOf(window: StatsWindow, first: number, last: number, unit: number): Buckets {
	const layout = (width: number): Buckets => {
		const start = Math.floor(first / width) * width;
		return { start, width, count: Math.floor((last - start) / width) + 1 };
	};
	if (window !== 'all') return layout(Math.max(unit, BOUNDED[window].width));
	const fitting = WIDTHS.filter((width) => width % unit === 0)
		.map(layout)
		.find((buckets) => buckets.count <= MOST_BUCKETS);
	return fitting ?? layout(WIDEST * Math.ceil((last - first) / WIDEST / (MOST_BUCKETS - 1)));
}

/** The time line of some traces, all of which lie within the buckets. */
export function seriesOf(rows: readonly TraceMetrics[], { start, width, count }: Buckets): SeriesPoint[] {
	const inBucket: TraceMetrics[][] = Array.from({ length: count }, () => []);
	for (const row of rows) {
		const at = Math.min(count - 1, Math.floor((row.timestamp - start) / width));
		inBucket[at]?.push(row);
	}
	return inBucket.map((bucket, index) => {
		const finished = bucket.filter((row) => isFinished(row.status));
		const totals = sorted(finished.map((row) => row.total_duration_ms));
		return {
			start: new Date(start + index * width).toISOString(),
			queries: bucket.length,
			p50_latency_ms: percentile(totals, 50),
			p95_latency_ms: percentile(totals, 95),
			avg_rewriting_ms: average(finished.map((row) => row.rewriting_ms)),
			avg_retrieval_ms: average(finished.map((row) => row.retrieval_ms)),
			avg_generation_ms: average(finished.map((row) => row.generation_ms)),
			avg_other_ms: average(finished.map(otherTime))
		};
	});
}

/** What is neither rewriting, retrieval nor generation of a run, in milliseconds; null when its total is not known. */
export function otherTime(row: TraceMetrics): number | null {
	if (row.total_duration_ms === null) return null;
	const { total_duration_ms: total, rewriting_ms, retrieval_ms, generation_ms } = row;
	return round(Math.max(0, total - (rewriting_ms ?? 0) - (retrieval_ms ?? 0) - (generation_ms ?? 0)));
}
