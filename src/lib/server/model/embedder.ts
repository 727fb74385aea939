import type { QuestionVectors } from './question-vectors.ts';

/** A text of a library, to be embedded as a passage. */
export interface PassageText {
	library: string;
	/** The whole passage with its headings. */
	text: string;
	/** The same in its parts: page title and headings, prose, code. */
	heading: string;
	body: string;
	code: string;
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
