/**
 * Weights of the evidence gate by name of the evidence, and its bias: their sum is the log-odds, moved so that few answerable questions are
 * refused, that what is indexed answers a question. Learnt by logistic regression; no weight has the sign that would make more evidence
 * speak against an answer. Written by `npm run train:gate`.
 */
export const gateWeights = {
	bias: 2.84,
	weights: {
		word_rarity: -16.22,
		technology_rarity: -6.75,
		document_coverage: 3.7,
		heading_match: 3.15,
		semantic: 5.63
	}
} as const;
