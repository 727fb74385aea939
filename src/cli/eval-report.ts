import { meanMetrics, type RelevanceMetrics } from '#lib/server/search/relevance-metrics.ts';
import type { SearchEngine } from '#lib/server/rag/engine.ts';
import { INTERVAL_METHOD, meanInterval, shareInterval, type Interval } from './eval-interval.ts';
import { byMetric, type Metric } from './eval-metrics.ts';
import type { Evaluation, QuestionResult } from './evaluation.ts';
import type { Times } from './times.ts';

/** Means over a number of questions. */
export interface Quality extends RelevanceMetrics {
	questions: number;
	/** Of each mean; null for a single question. */
	intervals: Record<Metric, Interval | null>;
}

export interface ScopeReport {
	overall: Quality;
	/** By the library that a question is about. */
	libraries: Record<string, Quality>;
	/** Questions that the documentation answers and the gate refuses all the same. */
	refused_wrongly: number;
	/** Of their share. */
	refused_wrongly_interval: Interval | null;
}

/** What the questions were asked of. */
export interface MeasuredModels {
	/** Null when vectors were not searched. */
	embedder: string | null;
	reranker: string;
}

export interface EvaluationReport {
	models: MeasuredModels;
	/** How the intervals of means were made; those of shares are Wilson's. */
	intervals: typeof INTERVAL_METHOD;
	/** Absent when no question names a library. */
	within_library?: ScopeReport;
	over_all_libraries: ScopeReport;
	/** Absent without off-topic questions. */
	off_topic?: {
		questions: number;
		refused_rightly: number;
		/** Of their share. */
		refused_rightly_interval: Interval | null;
		answered_wrongly: string[];
	};
	/** By step, and `retrieval` for all of it, over every search made here. */
	times: Record<string, Times>;
	/** In how many searches a step failed and was gone on without; absent when none did. */
	skipped?: Record<string, number>;
	results: QuestionResult[];
}

/** What an engine finds passages with, now. */
export function modelsOf(engine: SearchEngine): MeasuredModels {
	return { embedder: engine.knowledge().embedder?.model ?? null, reranker: engine.reranker.model };
}

/** Sums up what came of the questions. */
export function reportOn(
	{ results, off_topic, times, skipped }: Evaluation,
	models: MeasuredModels
): EvaluationReport {
	const within = results.filter((result) => result.scope === 'library');
	const refused = off_topic.filter((question) => question.refused).length;
	return {
		models,
		intervals: INTERVAL_METHOD,
		...(within.length > 0 && { within_library: scopeReport(within) }),
		over_all_libraries: scopeReport(results.filter((result) => result.scope === 'all')),
		...(off_topic.length > 0 && {
			off_topic: {
				questions: off_topic.length,
				refused_rightly: refused,
				refused_rightly_interval: shareInterval(refused, off_topic.length),
				answered_wrongly: off_topic.filter((each) => !each.refused).map(({ question }) => question)
			}
		}),
		times,
		...(Object.keys(skipped).length > 0 && { skipped }),
		results
	};
}

function scopeReport(results: readonly QuestionResult[]): ScopeReport {
	const libraries = Object.groupBy(results, (result) => result.library ?? 'none');
	const refused = results.filter((result) => result.refused).length;
	return {
		overall: quality(results),
		libraries: Object.fromEntries(
			Object.entries(libraries).map(([name, group]) => [name, quality(group ?? [])])
		),
		refused_wrongly: refused,
		refused_wrongly_interval: shareInterval(refused, results.length)
	};
}

function quality(results: readonly QuestionResult[]): Quality {
	return {
		questions: results.length,
		...meanMetrics(results),
		intervals: byMetric((metric) => meanInterval(results.map((result) => result[metric])))
	};
}
