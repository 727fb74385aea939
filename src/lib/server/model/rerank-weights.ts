import type { FeatureWeights } from './feature-reranker.ts';
import { featureWeights } from './feature-weights.ts';

/**
 * Weights of the built-in reranker by where the vectors come from. The weights were learnt beside the built-in vectors, which know words
 * one by one. A model behind an endpoint also knows what they mean together, and which model that is is not known here, so this is a rule and
 * not learnt: its similarity counts as much as all other evidence together. Where everything about the words
 * agrees the two have the same say; mostly it does not, and the meaning has about two thirds of it (the weighted sum of the rest has a
 * standard deviation of 1.4 among the candidates of a question). Fusions of a dense and a lexical score do best with the larger share on the
 * dense one: Bruch, Gai, Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", ACM TOIS 2023.
 */
export function rerankWeights(vectors: 'endpoint' | 'built-in'): FeatureWeights {
	if (vectors === 'built-in') return featureWeights;
	const { semantic: _, ...others } = featureWeights;
	const semantic = Object.values(others).reduce((sum, weight) => sum + weight, 0);
	return { ...others, semantic: Math.round(semantic * 100) / 100 };
}
