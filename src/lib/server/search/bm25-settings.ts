import type { Field } from './passage-fields.ts';

/** How a field counts in BM25F. */
export interface FieldSettings {
	/** How much an occurrence in this field counts, beside one in the body. */
	weight: number;
	/** How much long fields are held back, 0 (not at all) to 1 (in proportion to their length). */
	b: number;
}

/**
 * Settings of BM25F. The score of a passage d for a question q is
 *   Σ_t idf(t) · (k1 + 1) · f(t,d) / (k1 + f(t,d)),   f(t,d) = Σ_field weight · tf / (1 − b + b · length / averageLength),
 *   idf(t) = ln(1 + (N − n(t) + 0.5) / (n(t) + 0.5))
 * over the distinct terms t of q, each counted as often as it is asked; averageLength is that of the library of d.
 * Source: Robertson, Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, section 3.6; idf in the never negative form that
 * Lucene uses.
 */
export interface Bm25Settings {
	k1: number;
	fields: Record<Field, FieldSettings>;
}

export const defaultBm25Settings: Bm25Settings = {
	k1: 1.2,
	fields: {
		title: { weight: 1, b: 0.5 },
		heading: { weight: 1.5, b: 0.5 },
		body: { weight: 1, b: 0.75 },
		code: { weight: 0.7, b: 0.75 }
	}
};

/** Inverse document frequency of a term that `frequency` of `count` passages hold. */
export function inverseDocumentFrequency(count: number, frequency: number): number {
	return Math.log(1 + (count - frequency + 0.5) / (frequency + 0.5));
}
