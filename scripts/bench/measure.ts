import { percentile, sorted } from '#lib/server/store/percentile.ts';

/** A question as the benchmark asks it. */
export interface BenchQuestion {
	question: string;
	/** The library it is about; null when nobody knows. */
	library: string | null;
}

/** Durations by question, in milliseconds; every question has as many as there were rounds. */
export type Samples = number[][];

/** Nearest-rank percentiles, in milliseconds. */
export interface Latency {
	questions: number;
	p50_ms: number;
	p95_ms: number;
}

export interface TimingOptions {
	/** Untimed passes over all questions first. */
	warmUpRounds: number;
	rounds: number;
}

/** Times a piece of work for each item, one after the other, all of them before the first comes again. */
export async function timeEach<T>(
	items: readonly T[],
	work: (item: T) => unknown,
	{ warmUpRounds, rounds }: TimingOptions
): Promise<Samples> {
	const samples: Samples = items.map(() => []);
	for (let round = -warmUpRounds; round < rounds; round += 1) {
		for (const [at, item] of items.entries()) {
			const startedAt = performance.now();
			await work(item);
			if (round >= 0) samples[at]!.push(performance.now() - startedAt);
		}
	}
	return samples;
}

/** How long one piece of work takes, in milliseconds. */
export async function timeOnce(work: () => unknown): Promise<number> {
	const startedAt = performance.now();
	await work();
	return performance.now() - startedAt;
}

export function summarise(samples: Samples): Latency {
	const ascending = sorted(samples.flat());
	return {
		questions: samples.length,
		p50_ms: percentile(ascending, 50) ?? 0,
		p95_ms: percentile(ascending, 95) ?? 0
	};
}

/** Evenly spread ones of a list, the same every time. */
export function spread<T>(items: readonly T[], most: number): T[] {
	if (items.length <= most) return [...items];
	return Array.from({ length: most }, (_, at) => items[Math.floor((at * items.length) / most)]!);
}
