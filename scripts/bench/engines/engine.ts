import type { Passage } from '#lib/server/search/passage-index.ts';

/** A full-text search engine with an index of passages. */
export interface Engine {
	/** Makes the index. */
	build(passages: readonly Passage[]): Promise<void>;
	/**
	 * Ids of the best passages for a question, best first.
	 * @param library only passages of this library; null for all
	 */
	search(question: string, library: string | null, limit: number): string[] | Promise<string[]>;
	/** Writes what `load` needs; an engine that keeps its index in files has nothing more to write. */
	save(): Promise<void>;
	/** Brings the saved index back, replacing the one that is there, as far as a first question can be asked. */
	load(): Promise<void>;
	close?(): Promise<void> | void;
}

/** An engine that takes part in the benchmark. */
export interface Contestant {
	/** Stands for it in JSON. */
	readonly id: string;
	readonly name: string;
	/** Why it is asked fewer questions than the others, and how many; absent when it is asked all. */
	readonly mostQuestions?: number;
	/**
	 * The engine without an index yet.
	 * @param folder an empty folder for its files
	 * @returns null when it is not installed.
	 */
	open(folder: string): Engine | null | Promise<Engine | null>;
}
