/** Measures of a ranking of documents against the documents that answer the question. All are 0 to 1, higher is better. */
export interface RelevanceMetrics {
	/** Relevant documents among the first 5, over the number relevant or 5, whichever is less. */
	recall_at_5: number;
	/** Relevant documents among the first 20, over the number relevant. */
	recall_at_20: number;
	/** 1 over the rank of the first relevant document; 0 when it is not among the first 10. */
	mrr_at_10: number;
	/** Discounted gain of the first 10 over that of the best order, with relevant or not as the only grades. */
	ndcg_at_10: number;
}

/** Passages collapsed to their documents, in order of first appearance. */
export function rankDocuments(passages: Iterable<{ library: string; document: string }>): string[] {
	return [...new Set(Array.from(passages, documentName))];
}

/** How a document is named across libraries. */
export function documentName({ library, document }: { library: string; document: string }): string {
	return `${library}/${document}`;
}

/**
 * Measures one ranking. Source of nDCG: Järvelin, Kekäläinen, "Cumulated Gain-Based Evaluation of IR Techniques", TOIS 2002.
 * @param ranking document names without repetition, best first
 * @param relevant names of the documents that each answer the question; at least one
 */
export function measureRanking(ranking: readonly string[], relevant: readonly string[]): RelevanceMetrics {
	const wanted = new Set(relevant);
	const found = (limit: number) => ranking.slice(0, limit).filter((name) => wanted.has(name)).length;
	const first = ranking.slice(0, 10).findIndex((name) => wanted.has(name));
	const gain = (rank: number) => 1 / Math.log2(rank + 1);
	let gained = 0;
	ranking.slice(0, 10).forEach((name, at) => {
		if (wanted.has(name)) gained += gain(at + 1);
	});
	let ideal = 0;
	for (let rank = 1; rank <= Math.min(10, wanted.size); rank += 1) ideal += gain(rank);
	return {
		recall_at_5: found(5) / Math.min(5, wanted.size),
		recall_at_20: found(20) / wanted.size,
		mrr_at_10: first < 0 ? 0 : 1 / (first + 1),
		ndcg_at_10: gained / ideal
	};
}

/** Means over questions. */
export function meanMetrics(all: readonly RelevanceMetrics[]): RelevanceMetrics {
	const mean = (name: keyof RelevanceMetrics) =>
		all.reduce((sum, metrics) => sum + metrics[name], 0) / (all.length || 1);
	return {
		recall_at_5: mean('recall_at_5'),
		recall_at_20: mean('recall_at_20'),
		mrr_at_10: mean('mrr_at_10'),
		ndcg_at_10: mean('ndcg_at_10')
	};
}
