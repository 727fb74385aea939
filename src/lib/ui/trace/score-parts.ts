import type { Candidate, Trace } from '#lib/contract/trace.ts';

/** What one feature added to a reranker's score. */
export interface ScorePart {
	feature: string;
	/** Its raw value. */
	value: number;
	/** Null when the trace does not say how the score was made. */
	part: number | null;
}

/** Weight by feature, of a reranker that told; null for others, and in older traces. */
export function rerankWeights({ steps }: Pick<Trace, 'steps'>): Readonly<Record<string, number>> | null {
	const weights = steps.find((step) => step.name === 'reranking')?.details.weights;
	if (typeof weights !== 'object' || weights === null || Array.isArray(weights)) return null;
	const entries = Object.entries(weights).filter((entry): entry is [string, number] => {
		return typeof entry[1] === 'number';
	});
	return Object.fromEntries(entries);
}

/**
 * What each candidate's score was made of, largest first, by chunk id: weight × (value − mean) / standard deviation among the reranked
 * ones; together they are the score. A feature in which all are alike adds nothing.
 */
export function scoreParts(
	candidates: readonly Candidate[],
	weights: Readonly<Record<string, number>> | null
): Map<string, ScorePart[]> {
	const rows = candidates.filter((row) => row.features);
	const parts = new Map(rows.map((row): [string, ScorePart[]] => [row.chunk_id, []]));
	for (const feature of new Set(rows.flatMap((row) => Object.keys(row.features!)))) {
		const values = rows.map((row) => row.features![feature] ?? 0);
		const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
		const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
		const weight = spread < 1e-6 ? 0 : (weights?.[feature] ?? 0);
		rows.forEach(({ chunk_id }, at) => {
			const value = values[at]!;
			const part = weights && (weight === 0 ? 0 : (weight * (value - mean)) / spread);
			parts.get(chunk_id)!.push({ feature, value, part });
		});
	}
	for (const list of parts.values()) list.sort((a, b) => Math.abs(b.part ?? 0) - Math.abs(a.part ?? 0));
	return parts;
}
