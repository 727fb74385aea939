import { meanMetrics, type RelevanceMetrics } from '#lib/server/search/relevance-metrics.ts';
import type { SearchEngine } from '#lib/server/rag/engine.ts';
import { INTERVAL_METHOD, meanInterval, shareInterval, type Interval } from './intervals.ts';
import { bySize, type BySize, type GivenLimits } from './given.ts';
import { byMetric, type GivenMeasure, type GivenMeasures, type Metric } from './metrics.ts';
import type { Evaluation, QuestionResult } from './evaluate.ts';
import type { Times } from './times.ts';

/** Means over a number of questions. */
export interface Quality extends RelevanceMetrics {
	questions: number;
	/** Of each mean; null for a single question. */
	intervals: Record<Metric, Interval | null>;
}

/** Means of what the questions gave the model; those of facts are over the questions with essential facts, null without any. */
export interface GivenQuality extends GivenMeans {
	questions: number;
	questions_with_facts: number;
	/** Of each mean; null for a single question. */
	intervals: Record<GivenMeasure, Interval | null>;
}
type GivenMeans = Pick<GivenMeasures, 'essential' | 'all_essential'> &
	Record<Exclude<GivenMeasure, 'essential' | 'all_essential'>, number>;

export interface GivenReport {
	overall: BySize<GivenQuality>;
	/** By the library that a question is about. */
	libraries: Record<string, BySize<GivenQuality>>;
}

export interface ScopeReport {
	overall: Quality;
	/** By the library that a question is about. */
	libraries: Record<string, Quality>;
	/** What the model is given, by size in tokens and by how sources are chosen. */
	given: GivenReport;
	/** Questions that the documentation answers and the gate refuses all the same. */
	refused_wrongly: number;
	/** Of their share. */
	refused_wrongly_interval: Interval | null;
	/** Answerable questions whose evidence is called thin. */
	thin: number;
	/** Of their share. */
	thin_interval: Interval | null;
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
	/** What decides the sources at default settings. */
	limits: { source_tokens: number; context_tokens: number };
	/** Absent when no question names a library. */
	within_library?: ScopeReport;
	over_all_libraries: ScopeReport;
	/** Absent without off-topic questions. */
	off_topic?: {
		questions: number;
		refused_rightly: number;
		/** Of their share. */
		refused_rightly_interval: Interval | null;
		/** Not refused, but their evidence is called thin. */
		thin: number;
		/** Of the share that is refused or thin. */
		doubted_interval: Interval | null;
		/** Neither. */
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
	{ models, limits }: { models: MeasuredModels; limits: GivenLimits }
): EvaluationReport {
	const within = results.filter((result) => result.scope === 'library');
	const refused = off_topic.filter((question) => question.refused).length;
	const thin = off_topic.filter((question) => question.thin).length;
	return {
		models,
		intervals: INTERVAL_METHOD,
		limits: { source_tokens: limits.sourceTokens, context_tokens: limits.contextTokens },
		...(within.length > 0 && { within_library: scopeReport(within) }),
		over_all_libraries: scopeReport(results.filter((result) => result.scope === 'all')),
		...(off_topic.length > 0 && {
			off_topic: {
				questions: off_topic.length,
				refused_rightly: refused,
				refused_rightly_interval: shareInterval(refused, off_topic.length),
				thin,
				doubted_interval: shareInterval(refused + thin, off_topic.length),
				answered_wrongly: off_topic
					.filter((each) => !each.refused && !each.thin)
					.map(({ question }) => question)
			}
		}),
		times,
		...(Object.keys(skipped).length > 0 && { skipped }),
		results
	};
}

function scopeReport(results: readonly QuestionResult[]): ScopeReport {
	const libraries = [...Map.groupBy(results, (result) => result.library ?? 'none')];
	const refused = results.filter((result) => result.refused).length;
	const thin = results.filter((result) => result.thin).length;
	const byLibrary = <T>(valueOf: (group: readonly QuestionResult[]) => T) =>
		Object.fromEntries(libraries.map(([name, group]) => [name, valueOf(group)]));
	return {
		overall: quality(results),
		libraries: byLibrary(quality),
		given: { overall: givenQuality(results), libraries: byLibrary(givenQuality) },
		refused_wrongly: refused,
		refused_wrongly_interval: shareInterval(refused, results.length),
		thin,
		thin_interval: shareInterval(thin, results.length)
	};
}

function quality(results: readonly QuestionResult[]): Quality {
	return {
		questions: results.length,
		...meanMetrics(results),
		intervals: byMetric((metric) => meanInterval(results.map((result) => result[metric])))
	};
}

function givenQuality(results: readonly QuestionResult[]): BySize<GivenQuality> {
	return bySize((size, method) => {
		const measured = results.map(({ given }) => given[size][method]);
		const values = (measure: GivenMeasure) => measured.flatMap((each) => each[measure] ?? []);
		const intervalOf = (measure: GivenMeasure) => meanInterval(values(measure));
		return {
			questions: measured.length,
			questions_with_facts: values('essential').length,
			essential: mean(values('essential')),
			all_essential: mean(values('all_essential')),
			page_hit: mean(values('page_hit')) ?? 0,
			tokens: mean(values('tokens')) ?? 0,
			intervals: {
				essential: intervalOf('essential'),
				all_essential: intervalOf('all_essential'),
				page_hit: intervalOf('page_hit'),
				tokens: intervalOf('tokens')
			}
		};
	});
}

/** @returns null for no values */
function mean(values: readonly number[]): number | null {
	return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
