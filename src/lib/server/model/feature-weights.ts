/** Weights of the built-in reranker, by the name of the evidence. */
export const rerankerWeights: Readonly<Record<string, number>> = {
	bm25: 1,
	document_bm25: 1,
	heading_bm25: 0.2
};
