import { percentile, sorted } from '#lib/server/store/percentile.ts';
import { round } from '#lib/server/trace/interval.ts';

/** Percentiles by nearest rank, in milliseconds. */
export interface Times {
	count: number;
	p50_ms: number;
	p95_ms: number;
}

export function summariseTimes(durations: readonly number[]): Times {
	const ascending = sorted(durations);
	const at = (percent: number) => round(percentile(ascending, percent) ?? 0);
	return { count: durations.length, p50_ms: at(50), p95_ms: at(95) };
}
