import { throwIfCancelled } from '#lib/server/error.ts';
import type { RerankCandidate, Reranked, Reranker } from './reranker.ts';
import { rerankerWeights } from './feature-weights.ts';

/** Weight by feature name; features without a weight count nothing. */
export type FeatureWeights = Readonly<Record<string, number>>;

/**
 * The built-in reranker: a weighted sum of the evidence from the index, each piece of which the ledger shows. It knows no page, only numbers
 * about a page and a question. Equal scores go by id, so the order is repeatable.
 */
export class FeatureReranker implements Reranker {
	readonly model = 'built-in';
	readonly #weights: [name: string, weight: number][];

	constructor(weights: FeatureWeights = rerankerWeights) {
		this.#weights = Object.entries(weights);
	}

	async rerank(
		_question: string,
		candidates: readonly RerankCandidate[],
		signal: AbortSignal
	): Promise<Reranked[]> {
		throwIfCancelled(signal);
		const ranked = candidates.map(({ chunk, features }): Reranked => {
			let score = 0;
			for (const [name, weight] of this.#weights) score += weight * (features[name] ?? 0);
			return { chunk_id: chunk.chunk_id, score, features: { ...features } };
		});
		return ranked.sort((a, b) => b.score - a.score || (a.chunk_id < b.chunk_id ? -1 : 1));
	}
}
