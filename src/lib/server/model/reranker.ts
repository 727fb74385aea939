import type { Chunk } from '#lib/contract/chunk.ts';

export interface RerankCandidate {
	chunk: Chunk;
	/** Evidence about this passage for the question, by feature name; from the index. One that is left out counts as 0. */
	features: Readonly<Record<string, number>>;
}

export interface Reranked {
	chunk_id: string;
	/** Higher is better; comparable only within one call. */
	score: number;
	/** Values of the evidence that the score was made of, where the reranker can tell; one that is left out is 0. Asked for when the trace is read. */
	features?(): Record<string, number>;
}

/** Orders the fused candidates by how well they answer the question. */
export interface Reranker {
	readonly model: string;
	/**
	 * What each feature counts, for a reranker whose score is the weighted sum of the features standardised among the candidates of one
	 * call. With the features of all candidates the scores can be computed again.
	 */
	readonly weights?: Readonly<Record<string, number>>;
	/**
	 * All candidates, best first.
	 * @throws AppError `upstream_*` when an endpoint fails.
	 */
	rerank(question: string, candidates: readonly RerankCandidate[], signal: AbortSignal): Promise<Reranked[]>;
}
