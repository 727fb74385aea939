import type { SeriesPoint, Stats, StatsRequest } from '#lib/contract/stats.ts';
import { Breather } from '#lib/server/breather.ts';
import { round } from '#lib/server/trace/interval.ts';
import { HISTOGRAM_ERROR, type Histogram } from './histogram.ts';
import { Summary } from './rollup-summary.ts';
import type { Buckets } from './series.ts';
import { bottleneckOf, keywordOnlyQueries } from './stats.ts';

/** The same statistics as of the traces themselves, from sums over stretches of time; percentiles are within HISTOGRAM_ERROR. */
export async function statsOfSummaries(
	series: readonly Summary[],
	{ start, width }: Pick<Buckets, 'start' | 'width'>,
	request: Pick<StatsRequest, 'window'>
): Promise<Stats> {
	const all = new Summary();
	const points: SeriesPoint[] = [];
	const breather = new Breather();
	for (const [index, summary] of series.entries()) {
		all.merge(summary);
		points.push(pointOf(summary, start + index * width));
		await breather.breathe();
	}
	const { total, first_token, rewriting, retrieval, generation, other } = all.timed;
	const steps: Stats['steps'] = Object.fromEntries(
		[...all.steps].map(([name, histogram]) => [
			name,
			{
				count: histogram.count,
				avg_ms: meanOf(histogram),
				p50_ms: percentileOf(histogram, 50),
				p95_ms: percentileOf(histogram, 95),
				p99_ms: percentileOf(histogram, 99)
			}
		])
	);
	return {
		window: request.window,
		percentile_error: HISTOGRAM_ERROR,
		total_queries: all.queries,
		avg_latency_ms: meanOf(total),
		avg_rewriting_ms: meanOf(rewriting),
		avg_retrieval_ms: meanOf(retrieval),
		avg_generation_ms: meanOf(generation),
		p50_latency_ms: percentileOf(total, 50),
		p95_latency_ms: percentileOf(total, 95),
		p99_latency_ms: percentileOf(total, 99),
		time_to_first_token_ms: { p50: percentileOf(first_token, 50), p95: percentileOf(first_token, 95) },
		queries_per_library: Object.fromEntries(all.libraries),
		statuses: Object.fromEntries(all.statuses),
		steps,
		tokens: { prompt: all.known.prompt_tokens, completion: all.known.completion_tokens },
		cost_usd: all.known.cost_usd,
		unpriced_queries: all.unpriced,
		keyword_only_queries: keywordOnlyQueries(steps),
		evidence: Object.fromEntries(all.evidence),
		refused_by: Object.fromEntries(all.refusedBy),
		support: Object.fromEntries(all.support),
		bottleneck: bottleneckOf({
			rewriting: rewriting.sum,
			retrieval: retrieval.sum,
			generation: generation.sum,
			other: other.sum
		}),
		feedback: { up: all.up, down: all.down },
		series: points
	};
}

function pointOf({ queries, timed }: Summary, start: number): SeriesPoint {
	return {
		start: new Date(start).toISOString(),
		queries,
		p50_latency_ms: percentileOf(timed.total, 50),
		p95_latency_ms: percentileOf(timed.total, 95),
		avg_rewriting_ms: meanOf(timed.rewriting),
		avg_retrieval_ms: meanOf(timed.retrieval),
		avg_generation_ms: meanOf(timed.generation),
		avg_other_ms: meanOf(timed.other)
	};
}

function meanOf({ sum, count }: Histogram): number | null {
	return count === 0 ? null : round(sum / count);
}

function percentileOf(histogram: Histogram, percent: number): number | null {
	const value = histogram.percentile(percent);
	return value === null ? null : round(value);
}
