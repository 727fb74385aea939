/** Turns text into vectors of one length, so that close meanings have a high cosine similarity. */
export interface Embedder {
	/** Model id; vectors of different ids are never compared. */
	readonly model: string;
	/** Length of every vector; 0 until known. */
	readonly dimensions: number;
	/** True when embedding is work on our own thread; false when it waits for an endpoint. */
	readonly inProcess: boolean;
	/**
	 * Vectors for passages, in order, each of unit length.
	 * @throws AppError `upstream_*` when an endpoint fails.
	 */
	embedPassages(texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]>;
	/**
	 * The vector for a question, of unit length.
	 * @throws AppError `upstream_*` when an endpoint fails.
	 */
	embedQuestion(text: string, signal: AbortSignal): Promise<Float32Array>;
}
