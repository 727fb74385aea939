/**
 * Weights of the built-in reranker by name of the evidence, for values that were scaled to mean 0 and standard deviation 1 among the
 * candidates of a question. Learnt on real questions: passages that state the facts of a right answer should come first. Written by
 * `npm run train`.
 */
export const featureWeights: Readonly<Record<string, number>> = {
	/** The passage itself. */
	body_bm25: 0.16,
	length: 0.15,
	coverage: 0.14,
	bm25: 0.13,
	proximity: 0.12,
	code_bm25: 0.08,
	body_coverage: 0.06,
	/** The passage, for what the question opens with and for the part of it that it answers best. */
	part_best: 0.21,
	opening_bm25: 0.09,
	/** The page as a whole. */
	document_bm25: 0.22,
	document_coverage: 0.22,
	opening_document_bm25: 0.21,
	page_size: -0.16,
	changelog: -0.13,
	document_second_passage: 0.1,
	/** What stands beside it. */
	neighbour_best: 0.08,
	neighbours: 0.05,
	/** What it is called. */
	heading_match: 0.12,
	document_heading_coverage: 0.09,
	heading_coverage: 0.07,
	heading_bm25: 0.06,
	title_match: 0.06,
	title_bm25: 0.05,
	/** Where it is: overviews come first on a page. */
	position: 0.17,
	/** Small, because the built-in embedder sees the same words as everything above; see rerank-weights.ts. */
	semantic: 0.19,
	/** Which library it belongs to, when all are searched. */
	library_likelihood: 0.28,
	library_named: 0.09,
	library_share: 0.01
};
