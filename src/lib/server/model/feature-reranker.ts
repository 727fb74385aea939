import { throwIfCancelled } from '#lib/server/error.ts';
import { featureWeights } from './feature-weights.ts';
import type { RerankCandidate, Reranked, Reranker } from './reranker.ts';

/** Weight by feature name; features without a weight count nothing. */
export type FeatureWeights = Readonly<Record<string, number>>;

/** Below this spread a feature does not tell the candidates apart. */
const LEAST_SPREAD = 1e-6;

/**
 * The built-in reranker: a weighted sum of the evidence from the index, each piece of which the ledger shows. A piece counts by how far it
 * stands out among the candidates of its question: (value − mean) / standard deviation, so that questions of any length are alike. It knows no
 * page, only numbers about a page and a question.
 */
export class FeatureReranker implements Reranker {
	readonly model = 'built-in';
	readonly weights: FeatureWeights;

	constructor(weights: FeatureWeights = featureWeights) {
		this.weights = weights;
	}

	async rerank(
		_question: string,
		candidates: readonly RerankCandidate[],
		signal: AbortSignal
	): Promise<Reranked[]> {
		throwIfCancelled(signal);
		const scores = new Float64Array(candidates.length);
		/** What each score is made of, without the zeros, which the trace need not hold. */
		const parts = candidates.map((): Record<string, number> => ({}));
		const column = new Float64Array(candidates.length);
		for (const [name, weight] of Object.entries(this.weights)) {
			for (let at = 0; at < column.length; at += 1) {
				const value = candidates[at]!.features[name] ?? 0;
				column[at] = value;
				if (value !== 0) parts[at]![name] = value;
			}
			const values = standardise(column);
			if (!values) continue;
			for (let at = 0; at < column.length; at += 1) scores[at]! += weight * values[at]!;
		}
		return candidates
			.map(({ chunk }, at) => ({ chunk_id: chunk.chunk_id, score: scores[at]!, features: parts[at]! }))
			.sort((a, b) => b.score - a.score || (a.chunk_id < b.chunk_id ? -1 : 1));
	}
}

/**
 * (value − mean) / standard deviation among the candidates of a question; null when all are alike, for then they say nothing.
 * Training scales the same way.
 */
export function standardise(values: Float64Array): Float64Array | null {
	let mean = 0;
	for (const value of values) mean += value / values.length;
	let variance = 0;
	for (const value of values) variance += (value - mean) ** 2 / values.length;
	const spread = Math.sqrt(variance);
	if (spread < LEAST_SPREAD) return null;
	return values.map((value) => (value - mean) / spread);
}
