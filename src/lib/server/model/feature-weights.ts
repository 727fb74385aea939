/**
 * Weights of the built-in reranker by name of the evidence, for values that were scaled to mean 0 and standard deviation 1 among the
 * candidates of a question. Learnt on real questions with a softmax loss over documents and an L2 penalty; none may be negative,
 * so that more evidence never hurts.
 */
export const featureWeights: Readonly<Record<string, number>> = {
	/** The page as a whole, and what is around the passage. */
	document_bm25: 0.64,
	document_best_passage: 0.22,
	document_heading_coverage: 0.17,
	neighbours: 0.25,
	/** The passage itself. */
	proximity: 0.24,
	body_bm25: 0.18,
	coverage: 0.05,
	/** Small, because the built-in embedder sees the same words as everything above. */
	semantic: 0.05,
	/** What it is called. */
	heading_match: 0.17,
	title_bm25: 0.14,
	heading_bm25: 0.11,
	title_match: 0.08,
	/** Where it is: overviews come first on a page. */
	position: 0.23,
	/** Which library it belongs to, when all are searched. */
	library_named: 0.3,
	library_share: 0.05
};
