/**
 * Weights of the evidence gate by name of the evidence, and its bias: their sum is the log-odds, moved so that few answerable questions are
 * refused, that what is indexed answers a question. Learnt by logistic regression; no weight has the sign that would make more evidence
 * speak against an answer. Written by `npm run train:gate`.
 */
export const gateWeights = {
	bias: 1.7,
	weights: {
		word_rarity: -14.44,
		technology_rarity: -8.02,
		document_coverage: 3.72,
		heading_match: 1.73,
		semantic: 8.53
	}
} as const;
