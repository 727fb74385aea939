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

/** An embedder that was fitted on a corpus. Its state lives beside the index whose vectors it made. */
export interface FittedEmbedder extends Embedder {
	/** How many passages it was fitted on. */
	readonly fittedOn: number;
	/** Writes its state into a folder. */
	save(folder: string): Promise<void>;
}

/** Makes embedders that have to be fitted on a corpus before they can embed. */
export interface EmbedderTrainer {
	/** A new embedder for texts like these; deterministic. */
	fit(texts: readonly string[], signal: AbortSignal): Promise<FittedEmbedder>;
	/** The embedder whose state is in a folder; null when there is none. */
	load(folder: string): Promise<FittedEmbedder | null>;
}
