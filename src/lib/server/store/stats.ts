import type { Stats, StatsRequest } from '#lib/contract/stats.ts';
import { supportLevelSchema, type StepName } from '#lib/contract/trace.ts';
import { Breather } from '#lib/server/breather.ts';
import { round } from '#lib/server/trace/interval.ts';
import { isFinished, isUnpriced, sentencesMetric, type StepMetrics, type TraceMetrics } from './metrics.ts';
import { average, percentile, sorted } from './percentile.ts';
import { bucketsOf, otherTime, seriesOf } from './series.ts';

/**
 * Statistics from the metrics of the traces that a request selects (the stores do the selecting, in any order). Averages
 * and percentiles are over finished answers; a phase or step that did not run does not lower an average.
 */
export async function statsOf(
	rows: readonly TraceMetrics[],
	steps: readonly StepMetrics[],
	request: Pick<StatsRequest, 'window'>,
	now: Date
): Promise<Stats> {
	const breather = new Breather();
	const finished = rows.filter((row) => isFinished(row.status));
	const totals = sorted(finished.map((row) => row.total_duration_ms));
	const firstTokens = sorted(finished.map((row) => row.time_to_first_token_ms));
	const timestamps = rows.map((row) => row.timestamp);
	await breather.breathe();
	const stepFigures = stepStats(steps);
	await breather.breathe();
	const series = seriesOf(rows, bucketsOf(request.window, now.getTime(), timestamps));
	await breather.breathe();
	return {
		window: request.window,
		percentile_error: 0,
		total_queries: rows.length,
		avg_latency_ms: average(totals),
		avg_rewriting_ms: average(finished.map((row) => row.rewriting_ms)),
		avg_retrieval_ms: average(finished.map((row) => row.retrieval_ms)),
		avg_generation_ms: average(finished.map((row) => row.generation_ms)),
		p50_latency_ms: percentile(totals, 50),
		p95_latency_ms: percentile(totals, 95),
		p99_latency_ms: percentile(totals, 99),
		time_to_first_token_ms: { p50: percentile(firstTokens, 50), p95: percentile(firstTokens, 95) },
		queries_per_library: countBy(rows, (row) => String(row.library_filter)),
		statuses: countBy(rows, (row) => row.status),
		steps: stepFigures,
		tokens: {
			prompt: sumOfKnown(rows.map((row) => row.prompt_tokens)),
			completion: sumOfKnown(rows.map((row) => row.completion_tokens))
		},
		cost_usd: sumOfKnown(rows.map((row) => row.cost_usd)),
		unpriced_queries: rows.filter(isUnpriced).length,
		keyword_only_queries: keywordOnlyQueries(stepFigures),
		evidence: countBy(rows, (row) => row.evidence),
		refused_by: countBy(rows, (row) => row.refused_by),
		support: Object.fromEntries(
			supportLevelSchema.options
				.map((level) => [level, sum(rows.map((row) => row[sentencesMetric(level)]))] as const)
				.filter(([, count]) => count > 0)
		),
		bottleneck: bottleneckOf(sharesOf(finished)),
		feedback: {
			up: rows.filter((row) => row.rating === 'up').length,
			down: rows.filter((row) => row.rating === 'down').length
		},
		series
	};
}

/** A question that was embedded is searched with, so an embedding without such a search is one that failed. */
export function keywordOnlyQueries({
	query_embedding: embedding,
	retrieval_semantic: search
}: Stats['steps']): number {
	return Math.max(0, (embedding?.count ?? 0) - (search?.count ?? 0));
}

function stepStats(steps: readonly StepMetrics[]): Stats['steps'] {
	const durations = new Map<StepName, number[]>();
	for (const { name, duration_ms } of steps) {
		const known = durations.get(name);
		if (known) known.push(duration_ms);
		else durations.set(name, [duration_ms]);
	}
	const stats: Stats['steps'] = {};
	for (const [name, values] of durations) {
		const ascending = sorted(values);
		stats[name] = {
			count: values.length,
			avg_ms: average(ascending),
			p50_ms: percentile(ascending, 50),
			p95_ms: percentile(ascending, 95),
			p99_ms: percentile(ascending, 99)
		};
	}
	return stats;
}

function sharesOf(finished: readonly TraceMetrics[]): PhaseShares {
	const shares = { rewriting: 0, retrieval: 0, generation: 0, other: 0 };
	for (const row of finished) {
		shares.rewriting += row.rewriting_ms ?? 0;
		shares.retrieval += row.retrieval_ms ?? 0;
		shares.generation += row.generation_ms ?? 0;
		shares.other += otherTime(row) ?? 0;
	}
	return shares;
}

/** Milliseconds that finished answers took by phase. */
export interface PhaseShares {
	rewriting: number;
	retrieval: number;
	generation: number;
	other: number;
}

/** The phase with the largest share of all the time that finished answers took; null when they took none. */
export function bottleneckOf(shares: PhaseShares): Stats['bottleneck'] {
	const phases = ['generation', 'retrieval', 'rewriting', 'other'] as const;
	// Rounded, because sums of thousandths are not exact and noise must decide nothing.
	const largest = phases.reduce((best, phase) => (round(shares[phase]) > round(shares[best]) ? phase : best));
	return round(shares[largest]) > 0 ? largest : null;
}

function countBy<K extends string>(
	rows: readonly TraceMetrics[],
	key: (row: TraceMetrics) => K | null
): Partial<Record<K, number>> & Record<string, number> {
	const counts = new Map<K, number>();
	for (const row of rows) {
		const value = key(row);
		if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
	}
	return Object.fromEntries(counts) as Partial<Record<K, number>> & Record<string, number>;
}

function sum(values: readonly number[]): number {
	return values.reduce((total, value) => total + value, 0);
}

function sumOfKnown(values: readonly (number | null)[]): number | null {
	let sum: number | null = null;
	for (const value of values) if (value !== null) sum = (sum ?? 0) + value;
	return sum;
}
