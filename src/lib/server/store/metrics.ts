import type { Stats } from '#lib/contract/stats.ts';
import { FINISHED_STATUSES, type StepName, type Trace, type TraceStatus } from '#lib/contract/trace.ts';
import { phaseDurations } from '#lib/server/trace/interval.ts';

/** What statistics need of a trace: numbers only, kept apart from its texts. */
export interface TraceMetrics {
	/** Milliseconds since the epoch. */
	timestamp: number;
	library_filter: string | null;
	status: TraceStatus;
	total_duration_ms: number | null;
	rewriting_ms: number | null;
	retrieval_ms: number | null;
	generation_ms: number | null;
	time_to_first_token_ms: number | null;
	prompt_tokens: number | null;
	completion_tokens: number | null;
	cost_usd: number | null;
	model: string | null;
	rating: keyof Stats['feedback'] | null;
}

/** A step as statistics see it. */
export interface StepMetrics {
	name: StepName;
	duration_ms: number;
}

/** Whether averages and percentiles count an answer with this status. */
export function isFinished(status: TraceStatus): boolean {
	return (FINISHED_STATUSES as readonly TraceStatus[]).includes(status);
}

/** Whether a model was called and nobody knows at what price. */
export function isUnpriced(row: TraceMetrics): boolean {
	return row.status !== 'pending' && row.model !== null && row.cost_usd === null;
}

/** The metrics of a trace. */
export function metricsOf(trace: Trace): TraceMetrics {
	return {
		timestamp: Date.parse(trace.timestamp),
		library_filter: trace.library_filter,
		status: trace.status,
		total_duration_ms: trace.total_duration_ms,
		...phaseDurations(trace.steps),
		time_to_first_token_ms: trace.time_to_first_token_ms,
		prompt_tokens: trace.usage.prompt_tokens,
		completion_tokens: trace.usage.completion_tokens,
		cost_usd: trace.cost_usd,
		model: trace.model,
		rating: trace.feedback?.rating ?? null
	};
}

/** The steps that statistics count: those of finished answers. */
export function stepMetricsOf(trace: Trace): StepMetrics[] {
	if (!isFinished(trace.status)) return [];
	return trace.steps.map(({ name, duration_ms }) => ({ name, duration_ms }));
}
