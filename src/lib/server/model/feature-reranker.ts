import { throwIfCancelled } from '#lib/server/error.ts';
import { featureWeights } from './feature-weights.ts';
import type { RerankCandidate, Reranked, Reranker } from './reranker.ts';

/** Weight by feature name; features without a weight count nothing. */
export type FeatureWeights = Readonly<Record<string, number>>;

/** Steps in which evidence is seen. */
const EVIDENCE_STEPS = 10_000;

/** Below this spread a feature does not tell the candidates apart. */
const LEAST_SPREAD = 1e-6;

/**
 * The built-in reranker: a weighted sum of the evidence from the index, each piece of which the ledger shows. A piece counts by how far it
 * stands out among the candidates of its question: (value − mean) / standard deviation, so that questions of any length are alike. It knows no
 * page, only numbers about a page and a question. It sees them to four decimals, in which the trace keeps them: scores can be computed again
 * from the very same numbers.
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
		const names = Object.keys(this.weights);
		const count = candidates.length;
		const scores = new Float64Array(count);
		const evidence = new EvidenceTable(names, count);
		for (let at = 0; at < count; at += 1) evidence.fill(at, candidates[at]!.features);
		names.forEach((name, place) => {
			const column = evidence.column(place);
			const values = standardise(column);
			if (!values) return;
			const weight = this.weights[name]!;
			for (let at = 0; at < count; at += 1) scores[at]! += weight * values[at]!;
		});
		return candidates
			.map(({ chunk }, at) => ({
				chunk_id: chunk.chunk_id,
				score: scores[at]!,
				features: evidence.reader(at)
			}))
			.sort((a, b) => b.score - a.score || (a.chunk_id < b.chunk_id ? -1 : 1));
	}
}

/**
 * Evidence by feature, then by candidate: numbers in a row cost a run that goes on for long a fraction of what objects do. What reads it later
 * holds nothing else, least of all the passages.
 */
class EvidenceTable {
	readonly #names: readonly string[];
	readonly #count: number;
	readonly #values: Float64Array;

	constructor(names: readonly string[], count: number) {
		this.#names = names;
		this.#count = count;
		this.#values = new Float64Array(names.length * count);
	}

	fill(at: number, features: Readonly<Record<string, number>>): void {
		for (let place = 0; place < this.#names.length; place += 1) {
			this.#values[place * this.#count + at] = rounded(features[this.#names[place]!] ?? 0);
		}
	}

	column(place: number): Float64Array {
		return this.#values.subarray(place * this.#count, (place + 1) * this.#count);
	}

	/** Reads a candidate's evidence, without the zeros, which the trace need not hold. */
	reader(at: number): () => Record<string, number> {
		return () => {
			const features: Record<string, number> = {};
			this.#names.forEach((name, place) => {
				const value = this.#values[place * this.#count + at]!;
				if (value !== 0) features[name] = value;
			});
			return features;
		};
	}
}

function rounded(value: number): number {
	return Math.round(value * EVIDENCE_STEPS) / EVIDENCE_STEPS;
}

/**
 * (value − mean) / standard deviation among the candidates of a question; null when all are alike, for then they say nothing.
 * Training scales the same way.
 */
export function standardise(values: Float64Array): Float64Array | null {
	let mean = 0;
	const { length } = values;
	for (let at = 0; at < length; at += 1) mean += values[at]! / length;
	let variance = 0;
	for (let at = 0; at < length; at += 1) variance += (values[at]! - mean) ** 2 / length;
	const spread = Math.sqrt(variance);
	if (spread < LEAST_SPREAD) return null;
	const standardised = new Float64Array(length);
	for (let at = 0; at < length; at += 1) standardised[at] = (values[at]! - mean) / spread;
	return standardised;
}
