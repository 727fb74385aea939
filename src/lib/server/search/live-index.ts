import { join } from 'node:path';
import { AppError } from '#lib/server/error.ts';
import { Breather } from '#lib/server/breather.ts';
import type { Embedder } from '#lib/server/model/embedder.ts';
import { sharedVector, type QuestionVectors } from '#lib/server/model/question-vectors.ts';
import type { Corpus } from './corpus.ts';
import { OramaIndex } from './orama.ts';
import type { Asked, Hit, PlacedChunk, SearchIndex, SearchOptions } from './passage-index.ts';
import { INDEX_FOLDER } from './publish.ts';
import type { QuestionWord } from './question-words.ts';
import type { QuestionLanguage } from './unheld-language.ts';

/** How often a newly published index is looked for, in milliseconds. */
const POLL_MS = 1000;

/** Any words that documentation is full of. */
const WARM_UP_QUESTIONS = [
	'install and configure',
	'call the function with an argument',
	'error in example code'
];

/** One published index with the embedder that its vectors came from. */
export interface IndexGeneration {
	index: SearchIndex;
	/** Null when the index has no vectors, or those of a model that is not the configured one. */
	embedder: Embedder | null;
}

export interface LiveIndexOptions {
	corpus: Corpus;
	dataFolder: string;
	/** The configured embedder; null for none. */
	embedder: Embedder | null;
	/** Told when a published index cannot be loaded; the old one stays, and it is tried again. */
	onError?: (error: unknown) => void;
	/** 0 turns looking off: `refresh` is then called by hand. */
	poll_ms?: number;
}

/**
 * The index that is published now. A new one is loaded beside the old while that goes on answering, and taken over at once. A run that took
 * `current()` keeps its generation to the end.
 */
export class LiveIndex implements SearchIndex {
	readonly #options: LiveIndexOptions;
	readonly #closed = new AbortController();
	readonly #timer: ReturnType<typeof setInterval> | undefined;
	#folder: string | null = null;
	#generation: IndexGeneration | null = null;
	#refreshing: Promise<boolean> | null = null;

	/** Nothing is loaded yet: await `refresh()` to start with an index. */
	constructor(options: LiveIndexOptions) {
		this.#options = options;
		const interval = options.poll_ms ?? POLL_MS;
		if (interval > 0) {
			this.#timer = setInterval(
				() => void this.refresh().catch((error) => options.onError?.(error)),
				interval
			);
			this.#timer.unref();
		}
	}

	/** Whether there is an index. */
	get ready(): boolean {
		return this.#generation !== null;
	}

	/**
	 * The index to use for one run, with its embedder.
	 * @throws AppError `index_not_ready` when nothing has been indexed.
	 */
	current(): IndexGeneration {
		if (this.#generation) return this.#generation;
		throw new AppError('index_not_ready', 'Nothing has been indexed yet. Ingest some documentation first.');
	}

	/**
	 * Loads the published index when it is another one than is in use.
	 * @returns whether it changed
	 * @throws when it cannot be loaded; the old one stays.
	 */
	refresh(): Promise<boolean> {
		this.#refreshing ??= this.#load().finally(() => (this.#refreshing = null));
		return this.#refreshing;
	}

	/** Stops looking for new indexes. */
	close(): void {
		clearInterval(this.#timer);
		this.#closed.abort();
	}

	get size(): number {
		return this.#generation?.index.size ?? 0;
	}

	get embeddingModel(): string | null {
		return this.#generation?.index.embeddingModel ?? null;
	}

	get dimensions(): number {
		return this.#generation?.index.dimensions ?? 0;
	}

	libraries(): string[] {
		return this.#generation?.index.libraries() ?? [];
	}

	async searchText(question: string, options: SearchOptions): Promise<Hit[]> {
		return this.current().index.searchText(question, options);
	}

	async searchVector(vectors: QuestionVectors, options: SearchOptions): Promise<Hit[]> {
		return this.current().index.searchVector(vectors, options);
	}

	async features(asked: Asked, chunkIds: readonly string[]): Promise<Map<string, Record<string, number>>> {
		return this.current().index.features(asked, chunkIds);
	}

	async searchPages(asked: Asked, chunkIds: readonly string[]): Promise<Hit[]> {
		return this.current().index.searchPages(asked, chunkIds);
	}

	librarySize(name: string): number {
		return this.current().index.librarySize(name);
	}

	async unheldLanguage(question: string): Promise<QuestionLanguage | null> {
		return this.current().index.unheldLanguage(question);
	}

	async questionWords(question: string, libraries?: readonly string[]): Promise<QuestionWord[]> {
		return this.current().index.questionWords(question, libraries);
	}

	async get(chunkIds: readonly string[]): Promise<PlacedChunk[]> {
		return this.current().index.get(chunkIds);
	}

	async section(chunkId: string): Promise<PlacedChunk[]> {
		return this.current().index.section(chunkId);
	}

	async #load(): Promise<boolean> {
		const { corpus, dataFolder } = this.#options;
		const { signal } = this.#closed;
		if (signal.aborted) return false;
		const folder = corpus.currentIndex();
		if (folder === null || folder === this.#folder) return false;
		const path = join(dataFolder, INDEX_FOLDER, folder);
		const index = await OramaIndex.load(path, signal);
		const embedder = this.#embedderOf(index.embeddingModel);
		await warmUp(index);
		if (signal.aborted) return false;
		this.#generation = { index, embedder };
		this.#folder = folder;
		return true;
	}

	#embedderOf(model: string | null): Embedder | null {
		const { embedder } = this.#options;
		return embedder?.model === model ? embedder : null;
	}
}

/** What is built on first use, and compiled on first use, is so before anybody waits for it. */
async function warmUp(index: OramaIndex): Promise<void> {
	const breather = new Breather();
	for (const question of WARM_UP_QUESTIONS) {
		const hits = await index.searchText(question, { limit: 50 });
		await index.questionWords(question);
		const ids = hits.map((hit) => hit.chunk_id);
		await index.searchPages({ question }, ids);
		await index.features({ question }, ids);
		await index.searchVector(sharedVector(new Float32Array(index.dimensions).fill(1, 0, 1)), { limit: 50 });
		await breather.breathe();
	}
}
