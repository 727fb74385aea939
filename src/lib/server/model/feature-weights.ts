/**
 * Weights of the built-in reranker by name of the evidence, for values that were scaled to mean 0 and standard deviation 1 among the
 * candidates of a question. Learnt on real questions with a softmax loss over documents; none may be negative, so that more evidence never hurts.
 */
export const featureWeights: Readonly<Record<string, number>> = {
	/** The page as a whole, and what is around the passage. */
	document_bm25: 0.72,
	neighbours: 0.37,
	document_heading_coverage: 0.19,
	/** The passage itself. */
	coverage: 0.22,
	proximity: 0.2,
	body_bm25: 0.15,
	semantic: 0.06,
	/** What it is called. */
	heading_match: 0.2,
	title_bm25: 0.14,
	title_match: 0.1,
	heading_bm25: 0.08,
	/** Where it is: overviews come first on a page. */
	position: 0.2,
	/** Which library it belongs to, when all are searched. */
	library_named: 0.38,
	library_share: 0.09
};
