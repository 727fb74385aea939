import { round } from '#lib/server/trace/interval.ts';

/** The known ones of some values, ascending. */
export function sorted(values: Iterable<number | null>): Float64Array {
	const known: number[] = [];
	for (const value of values) if (value !== null) known.push(value);
	return Float64Array.from(known).sort();
}

/**
 * Nearest-rank percentile: the smallest value such that at least `percent` of the values are not above it, so always one
 * that occurred (https://en.wikipedia.org/wiki/Percentile#The_nearest-rank_method). Null without values.
 */
export function percentile(ascending: Float64Array, percent: number): number | null {
	const rank = Math.ceil((percent * ascending.length) / 100);
	return ascending[Math.max(1, rank) - 1] ?? null;
}

/** Mean of the known values, in microsecond precision; null when none is known. */
export function average(values: Iterable<number | null>): number | null {
	let sum = 0;
	let count = 0;
	for (const value of values) {
		if (value === null) continue;
		sum += value;
		count += 1;
	}
	return count ? round(sum / count) : null;
}
