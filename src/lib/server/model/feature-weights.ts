/**
 * Weights of the built-in reranker by name of the evidence, for values that were scaled to mean 0 and standard deviation 1 among the
 * candidates of a question. Learnt on real questions: passages that state the facts of a right answer should come first. Written by
 * `npm run train`.
 */
export const featureWeights: Readonly<Record<string, number>> = {
	/** The passage itself. */
	body_bm25: 0.15,
	length: 0.14,
	coverage: 0.13,
	proximity: 0.13,
	bm25: 0.11,
	code_bm25: 0.09,
	body_coverage: 0.09,
	/** The passage, for what the question opens with and for the part of it that it answers best. */
	part_best: 0.21,
	opening_bm25: 0.11,
	/** The page as a whole. */
	document_coverage: 0.22,
	document_bm25: 0.2,
	opening_document_bm25: 0.2,
	page_size: -0.17,
	changelog: -0.13,
	document_second_passage: 0.09,
	/** What stands beside it. */
	neighbour_best: 0.07,
	neighbours: 0.04,
	/** What it is called. */
	heading_match: 0.1,
	heading_coverage: 0.07,
	document_heading_coverage: 0.05,
	heading_bm25: 0.04,
	title_bm25: 0.02,
	title_match: 0.02,
	/** Where it is: overviews come first on a page. */
	position: 0.17,
	/** How close the meaning of the passage is, of its page and of what stands beside it. */
	semantic: 0.29,
	semantic_page: 0.18,
	semantic_neighbour: 0.13,
	/** Which library it belongs to, when all are searched. */
	library_likelihood: 0.26,
	library_named: 0.08,
	library_share: 0.02
};
