import type { Hit } from '#lib/server/search/passage-index.ts';

/** The constant of reciprocal rank fusion; 60 is the value of the original paper. */
export const RRF_K = 60;

/** A list that is fused with others. */
export interface FusedList {
	hits: readonly Hit[];
	/** How much a rank in it counts beside one in another list. */
	weight: number;
}

/**
 * Weighted reciprocal rank fusion: the score of a chunk is the sum over the lists of weight / (k + rank), rank from 1.
 * Only ranks count, so lists with incomparable scores can be merged. Best first; ties by chunk id, to be repeatable.
 * Source: Cormack, Clarke, Büttcher, "Reciprocal Rank Fusion outperforms Condorcet", SIGIR 2009.
 */
export function fuseByReciprocalRank(lists: readonly FusedList[], k = RRF_K): Hit[] {
	const scores = new Map<string, number>();
	for (const { hits, weight } of lists) {
		hits.forEach(({ chunk_id }, index) => {
			scores.set(chunk_id, (scores.get(chunk_id) ?? 0) + weight / (k + index + 1));
		});
	}
	return [...scores]
		.map(([chunk_id, score]) => ({ chunk_id, score }))
		.sort((a, b) => b.score - a.score || (a.chunk_id < b.chunk_id ? -1 : 1));
}
