import type { Chunk } from '#lib/contract/chunk.ts';
import type { QuestionVectors } from '#lib/server/model/question-vectors.ts';
import type { QuestionWord } from './question-words.ts';
import type { QuestionLanguage } from './unheld-language.ts';
import type { Language } from './text/languages.ts';

/** How many passages of a section are read on either side of one. */
export const SECTION_REACH = 20;

/** A chunk with its place. */
export interface PlacedChunk {
	chunk: Chunk;
	/** Place in its document, from 0: neighbours are at ±1. */
	position: number;
}

/** A chunk as the index takes it. */
export interface Passage extends PlacedChunk {
	/** Unit length; absent when there is no embedder. */
	vector?: Float32Array;
	/** Of its document; English when absent. A single passage may be too short to tell it. */
	language?: Language;
}

export interface Hit {
	chunk_id: string;
	/** Higher is better; comparable only within one search. */
	score: number;
}

export interface SearchOptions {
	/** Only passages of this library; null or absent for all. */
	library?: string | null;
	limit: number;
}

/** A question as evidence about passages is read for it. */
export interface Asked {
	question: string;
	/** Parts of it that may be answered apart; absent for a question that is one part. */
	parts?: readonly string[];
	/** The library that is searched, whose statistics count; null or absent for all. */
	library?: string | null;
	/** Absent or null where nothing is embedded. */
	vectors?: QuestionVectors | null;
}

/**
 * The reading side of an index. Text and vector search are apart, so that each is timed and its ranks are kept; fusion is
 * done by the caller. Ids and scores come out, passages are fetched by id. Filters apply inside the search.
 */
export interface SearchIndex {
	/** Number of passages. */
	readonly size: number;
	/** Model id of the stored vectors; null when there are none. */
	readonly embeddingModel: string | null;
	/** Length of the stored vectors; 0 or absent when there are none, or it is not known. */
	readonly dimensions?: number;
	/** Best passages by BM25, best first. Matching is by exact term after analysis, never by prefix. */
	searchText(question: string, options: SearchOptions): Promise<Hit[]>;
	/**
	 * Best passages by cosine similarity with the question's vector for their library, best first; no similarity cut-off. Empty when there
	 * are no vectors.
	 */
	searchVector(vectors: QuestionVectors, options: SearchOptions): Promise<Hit[]>;
	/** Evidence about passages for a question, by chunk id: named numbers that a reranker can weigh. */
	features(asked: Asked, chunkIds: readonly string[]): Promise<Map<string, Record<string, number>>>;
	/** Passages of the best pages among those of the given passages: page by page, and of each the best first. */
	searchPages(asked: Asked, chunkIds: readonly string[]): Promise<Hit[]>;
	/** The words of a question with the number of passages that hold them, whatever the library. */
	questionWords(question: string, libraries?: readonly string[]): Promise<QuestionWord[]>;
	/** How many passages a library has; 0 for one that there is not. */
	librarySize(name: string): number;
	/** The language of a question when no document is in it; null when one is. */
	unheldLanguage(question: string): Promise<QuestionLanguage | null>;
	/** The passages with these ids, in this order; unknown ids are left out. */
	get(chunkIds: readonly string[]): Promise<PlacedChunk[]>;
	/**
	 * The passages around one that follow one another under its heading, itself included, in reading order: at most `SECTION_REACH` on either
	 * side; empty for an unknown id.
	 */
	section(chunkId: string): Promise<PlacedChunk[]>;
	/** Names of the libraries that have at least one passage, sorted. */
	libraries(): string[];
}

/** An index that can also be written. */
export interface PassageIndex extends SearchIndex {
	/** Adds passages in bulk; a passage whose chunk_id is known replaces the old one. */
	add(passages: readonly Passage[]): Promise<void>;
	/** Removes passages; unknown ids are ignored. */
	remove(chunkIds: readonly string[]): Promise<void>;
	/** Writes everything needed to load it again into a folder. */
	save(folder: string): Promise<void>;
}
