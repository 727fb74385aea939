/**
 * Weights of the evidence gate by name of the evidence. Their sum with the bias is the log-odds that what is indexed answers a question, moved
 * so that a question is refused below 0; from there to `thin` the evidence is weak. Learnt by logistic regression; no weight has the sign
 * that would make more evidence speak against an answer. Written by `npm run train:gate`.
 */
export const gateWeights = {
	bias: 0.93,
	thin: 3.83,
	weights: {
		word_rarity: -9.97,
		technology_rarity: -5.81,
		document_coverage: 2.89,
		heading_match: 1.35,
		semantic: 9.83,
		library_named: 2.69,
		library_agreement: 0.51
	}
} as const;
