import type { RelevanceMetrics } from '#lib/server/search/relevance-metrics.ts';

export type Metric = keyof RelevanceMetrics;

/** The measures of retrieval in the order in which they are shown, with what people call them. */
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
