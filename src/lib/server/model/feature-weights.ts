/**
 * Weights of the built-in reranker by name of the evidence, for values that were scaled to mean 0 and standard deviation 1 among the
 * candidates of a question. Learnt on real questions with a softmax loss over documents and an L2 penalty; none may be negative, so that
 * more evidence never hurts. Written by `npm run train`.
 */
export const featureWeights: Readonly<Record<string, number>> = {
	/** The passage itself. */
	proximity: 0.18,
	body_bm25: 0.13,
	coverage: 0.13,
	/** The page as a whole, and what is around the passage. */
	document_bm25: 0.67,
	document_coverage: 0.15,
	document_second_passage: 0.13,
	document_best_passage: 0.1,
	neighbours: 0.05,
	/** The page as a whole, for what the question opens with. */
	opening_document_bm25: 0.14,
	opening_best_passage: 0.13,
	opening_heading_coverage: 0.09,
	/** What it is called. */
	heading_match: 0.14,
	title_bm25: 0.14,
	heading_bm25: 0.1,
	document_heading_coverage: 0.08,
	/** Where it is: overviews come first on a page. */
	position: 0.17,
	/** Small, because the built-in embedder sees the same words as everything above; see rerank-weights.ts. */
	semantic: 0.14,
	/** Which library it belongs to, when all are searched. */
	library_named: 0.16,
	library_share: 0.14
};
