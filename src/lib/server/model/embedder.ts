import type { QuestionVectors } from './question-vectors.ts';

/** A text of a library, to be embedded as a passage. */
export interface PassageText {
	library: string;
	text: string;
}

/** A question to be embedded. */
export interface QuestionText {
	text: string;
	/** The library whose passages it is compared with; null for all. */
	library: string | null;
}

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
	embedPassages(passages: readonly PassageText[], signal: AbortSignal): Promise<Float32Array[]>;
	/**
	 * The vectors for a question, none longer than 1.
	 * @throws AppError `upstream_*` when an endpoint fails.
	 */
	embedQuestion(question: QuestionText, signal: AbortSignal): Promise<QuestionVectors>;
}

/** All texts of a library. */
export interface LibraryTexts {
	library: string;
	texts: readonly string[];
}

/** The vector space of one library, fitted on its texts alone. */
export interface LibrarySpace {
	/** Other spaces have other ids; vectors of different ids are never compared. */
	readonly id: string;
	/** How many passages it was fitted on. */
	readonly fittedOn: number;
}

/**
 * An embedder with a vector space for each library, so that no library changes the vectors of another. Its state lives beside the index
 * whose vectors it made.
 */
export interface FittedEmbedder extends Embedder {
	/** Spaces by library. */
	readonly spaces: ReadonlyMap<string, LibrarySpace>;
	/**
	 * Gives a library a space that is fitted on its texts; deterministic. The one it had is forgotten.
	 * @throws AppError `cancelled`.
	 */
	fit(library: LibraryTexts, signal: AbortSignal): Promise<void>;
	/** Drops the space of a library. */
	forget(library: string): void;
	/** Writes its state into a folder. */
	save(folder: string): Promise<void>;
}

/** Makes embedders that are fitted on the libraries that they embed. */
export interface EmbedderTrainer {
	/** An embedder without any space yet. */
	create(): FittedEmbedder;
	/** The embedder whose state is in a folder; null when there is none. */
	load(folder: string): Promise<FittedEmbedder | null>;
}
