/**
 * Weights of the evidence gate by name of the evidence. Their sum with the bias is the log-odds that what is indexed answers a question, moved
 * so that a question is refused below 0; from there to `thin` the evidence is weak, in a search over all libraries or within one. Learnt by
 * logistic regression; no weight has the sign that would make more evidence speak against an answer. Written by `npm run train:gate`.
 */
export const gateWeights = {
	bias: 0.73,
	thin: { all: 4.83, library: 4.65 },
	weights: {
		word_rarity: -9.28,
		technology_rarity: -4.52,
		words_missing: -1.23,
		technology_missing: -1.42,
		proximity: 3.57,
		document_coverage: 2.5,
		heading_match: 1.52,
		semantic: 7.84,
		library_named: 2.59,
		library_agreement: 2.51
	}
} as const;
