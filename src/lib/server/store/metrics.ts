import type { Stats } from '#lib/contract/stats.ts';
import {
	FINISHED_STATUSES,
	type Evidence,
	type RefusedBy,
	type StepName,
	type SupportLevel,
	type Trace,
	type TraceStatus
} from '#lib/contract/trace.ts';
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
	evidence: Evidence | null;
	refused_by: RefusedBy | null;
	/** Sentences of the answer by the support that they have. */
	sentences_quoted: number;
	sentences_supported: number;
	sentences_weak: number;
	sentences_none: number;
	rating: keyof Stats['feedback'] | null;
}

/** The metric that counts the sentences with this support. */
export function sentencesMetric(level: SupportLevel): `sentences_${SupportLevel}` {
	return `sentences_${level}`;
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
	const sentences = (level: SupportLevel) => trace.support.filter((span) => span.level === level).length;
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
		evidence: trace.evidence,
		refused_by: trace.refused_by,
		sentences_quoted: sentences('quoted'),
		sentences_supported: sentences('supported'),
		sentences_weak: sentences('weak'),
		sentences_none: sentences('none'),
		rating: trace.feedback?.rating ?? null
	};
}

/** The steps that statistics count: those of finished answers. */
export function stepMetricsOf(trace: Trace): StepMetrics[] {
	if (!isFinished(trace.status)) return [];
	return trace.steps.map(({ name, duration_ms }) => ({ name, duration_ms }));
}
