import type { RelevanceMetrics } from '#lib/server/search/relevance-metrics.ts';

export type Metric = keyof RelevanceMetrics;

/** The measures of the order of documents in the order in which they are shown, with what people call them. */
export const METRIC_LABELS: Readonly<Record<Metric, string>> = {
	recall_at_5: 'recall@5',
	recall_at_20: 'recall@20',
	mrr_at_10: 'MRR@10',
	ndcg_at_10: 'nDCG@10'
};

export const METRICS = Object.keys(METRIC_LABELS) as readonly Metric[];

/** One value for each measure. */
export function byMetric<T>(valueOf: (metric: Metric) => T): Record<Metric, T> {
	return {
		recall_at_5: valueOf('recall_at_5'),
		recall_at_20: valueOf('recall_at_20'),
		mrr_at_10: valueOf('mrr_at_10'),
		ndcg_at_10: valueOf('ndcg_at_10')
	};
}

/** Measures of what one question gives the model. Those of facts are null for a question without essential facts. */
export interface GivenMeasures {
	/** Share of the essential facts that the sources state. */
	essential: number | null;
	/** 1 when they state every one, else 0. */
	all_essential: number | null;
	/** 1 when a passage of a relevant document is among them, else 0. */
	page_hit: number;
	/** Size of the sources, in tokens as SOURCE_TOKENS counts them. */
	tokens: number;
}
export type GivenMeasure = keyof GivenMeasures;
/** Those of which more is better; all are 0 to 1. */
export type GivenMetric = Exclude<GivenMeasure, 'tokens'>;

export const GIVEN_LABELS: Readonly<Record<GivenMeasure, string>> = {
	essential: 'essential facts',
	all_essential: 'all essential',
	page_hit: 'page hit',
	tokens: 'tokens'
};

export const GIVEN_METRICS: readonly GivenMetric[] = ['essential', 'all_essential', 'page_hit'];
