import { create, insertMultiple, remove, search, searchVector, type Orama, type Results } from '@orama/orama';
import { mkdir } from 'node:fs/promises';
import { Breather } from '#lib/server/breather.ts';
import type { QuestionVectors } from '#lib/server/model/question-vectors.ts';
import type { Bm25Settings } from './bm25-settings.ts';
import { EvidenceReader, type EvidenceQuestion } from './evidence.ts';
import { documentKey } from './index-manifest.ts';
import { ALL_LIBRARIES } from './library-ranges.ts';
import {
	PassageStorePlugin,
	passageSchema,
	toOramaVector,
	VECTOR_PROPERTY,
	type OramaPassage
} from './orama-plugin.ts';
import { fieldsOf } from './passage-fields.ts';
import type { Asked, Hit, Passage, PassageIndex, PlacedChunk, SearchOptions } from './passage-index.ts';
import { PassageStore } from './passage-store.ts';
import { questionWords, type IndexedWords, type QuestionWord } from './question-words.ts';
import { unheldLanguage, type QuestionLanguage } from './unheld-language.ts';

/** Passages handed to Orama between two turns of the event loop. */
const BATCH = 32;

/** Pages whose passages become candidates, and passages of each at most: the fact that is asked for often stands beside what was found. */
const BEST_PAGES = { pages: 8, passages: 20 };

/** A passage index behind Orama's API: create, insertMultiple, remove, search and searchVector are Orama's own. */
export class OramaIndex implements PassageIndex {
	readonly #store: PassageStore;
	readonly #plugin: PassageStorePlugin;
	readonly #database: Orama<typeof passageSchema>;
	readonly #evidence: EvidenceReader;

	private constructor(store: PassageStore) {
		this.#store = store;
		this.#plugin = new PassageStorePlugin(store);
		this.#database = create({ schema: passageSchema, sort: { enabled: false }, plugins: [this.#plugin] });
		this.#evidence = new EvidenceReader(store);
	}

	/**
	 * An empty index.
	 * @param embedding model id and length of the vectors it will be given; null for an index without vectors
	 */
	static create(
		embedding: { model: string; dimensions: number } | null,
		settings?: Bm25Settings
	): OramaIndex {
		return new OramaIndex(new PassageStore(embedding, settings));
	}

	/**
	 * The index that was saved in a folder. Gives way to the event loop while it reads.
	 * @throws when the files are missing, damaged or of another version, or AppError `cancelled`.
	 */
	static async load(folder: string, signal?: AbortSignal, settings?: Bm25Settings): Promise<OramaIndex> {
		const store = await PassageStore.load(folder, settings, signal);
		const index = new OramaIndex(store);
		const breather = new Breather(signal);
		const { idToInternalId, internalIdToId } = index.#database.internalDocumentIDStore;
		for (const id of store.ids) {
			idToInternalId.set(id, internalIdToId.push(id));
			if (internalIdToId.length % 1000 === 0) await breather.breathe();
		}
		return index;
	}

	get size(): number {
		return this.#store.text.size;
	}

	get embeddingModel(): string | null {
		return this.#store.embeddingModel;
	}

	/** Length of the vectors; 0 without vectors. */
	get dimensions(): number {
		return this.#store.vectors?.dimensions ?? 0;
	}

	libraries(): string[] {
		return [...this.#store.libraries()];
	}

	async searchText(question: string, { library, limit }: SearchOptions): Promise<Hit[]> {
		if (!question.trim()) return [];
		return this.#hits(limit, () =>
			search(this.#database, {
				term: question,
				// Else Orama copies every document to leave vectors out that it does not have.
				includeVectors: true,
				limit,
				...(library != null && { where: { library: { eq: library } } })
			})
		);
	}

	async searchVector(vectors: QuestionVectors, { library, limit }: SearchOptions): Promise<Hit[]> {
		if (!this.#store.vectors || this.size === 0) return [];
		const value = toOramaVector(vectors);
		return this.#hits(limit, () =>
			searchVector(this.#database, {
				mode: 'vector',
				vector: { value, property: VECTOR_PROPERTY },
				similarity: -Infinity,
				includeVectors: true,
				limit,
				...(library != null && { where: { library: { eq: library } } })
			})
		);
	}

	async features(asked: Asked, chunkIds: readonly string[]): Promise<Map<string, Record<string, number>>> {
		return this.#evidence.read(this.#asked(asked), this.#numbers(chunkIds));
	}

	async searchPages(asked: Asked, chunkIds: readonly string[]): Promise<Hit[]> {
		return this.#evidence
			.bestPages(this.#asked(asked), this.#numbers(chunkIds), BEST_PAGES)
			.map(({ number, score }) => ({ chunk_id: this.#store.ids[number]!, score }));
	}

	async questionWords(question: string, libraries: readonly string[] = []): Promise<QuestionWord[]> {
		return questionWords(question, this.#indexed(libraries));
	}

	async unheldLanguage(question: string): Promise<QuestionLanguage | null> {
		return unheldLanguage(question, this.#indexed([]));
	}

	/** What the words of a question are compared with. */
	#indexed(libraries: readonly string[]): IndexedWords {
		const { text } = this.#store;
		const within = (library: number) => (term: string) => {
			const number = text.vocabulary.find(term);
			return number === undefined ? 0 : text.documentFrequency(number, library);
		};
		return {
			held: text.languages(ALL_LIBRARIES),
			passagesWith: within(ALL_LIBRARIES),
			libraries: libraries.map((name) => {
				const library = this.#store.libraryNumber(name);
				return library === undefined ? () => 0 : within(library);
			})
		};
	}

	librarySize(name: string): number {
		const library = this.#store.libraryNumber(name);
		return library === undefined ? 0 : this.#store.text.librarySize(library);
	}

	async get(chunkIds: readonly string[]): Promise<PlacedChunk[]> {
		return this.#numbers(chunkIds).map((number) => this.#placed(number));
	}

	async section(chunkId: string): Promise<PlacedChunk[]> {
		const [number] = this.#numbers([chunkId]);
		return number === undefined ? [] : this.#evidence.section(number).map((each) => this.#placed(each));
	}

	async add(passages: readonly Passage[]): Promise<void> {
		const breather = new Breather();
		for (let at = 0; at < passages.length; at += BATCH) {
			const batch = passages.slice(at, at + BATCH);
			await this.remove(batch.map((passage) => passage.chunk.chunk_id));
			// Within a batch, too, the last one of an id wins.
			const documents = new Map(batch.map((passage) => [passage.chunk.chunk_id, toDocument(passage)]));
			insertMultiple(this.#database, [...documents.values()] as never, BATCH);
			await breather.breathe();
		}
	}

	async remove(chunkIds: readonly string[]): Promise<void> {
		for (const id of chunkIds) remove(this.#database, id);
	}

	async save(folder: string): Promise<void> {
		await mkdir(folder, { recursive: true });
		await this.#store.save(folder);
	}

	/** Ids of all passages by the key of their document. */
	chunkIdsByDocument(): Map<string, string[]> {
		const { ids, table, text } = this.#store;
		const byPage = new Map<number, string[]>();
		for (let number = 0; number < text.end; number += 1) {
			if (!text.has(number)) continue;
			const page = table.page(number);
			const own = byPage.get(page);
			if (own) own.push(ids[number]!);
			else byPage.set(page, [ids[number]!]);
		}
		return new Map([...byPage].map(([page, own]) => [documentKey(table.pages[page]!), own]));
	}

	#asked({ question, parts = [], library = null, vectors = null }: Asked): EvidenceQuestion {
		return { question, parts, library: this.#store.libraryNumber(library) ?? ALL_LIBRARIES, vectors };
	}

	#placed(number: number): PlacedChunk {
		const { table } = this.#store;
		return { chunk: table.chunk(number), position: table.position(number) };
	}

	#numbers(chunkIds: readonly string[]): number[] {
		const { idToInternalId } = this.#database.internalDocumentIDStore;
		const { text } = this.#store;
		const numbers: number[] = [];
		for (const id of chunkIds) {
			const number = (idToInternalId.get(id) ?? 0) - 1;
			if (text.has(number)) numbers.push(number);
		}
		return numbers;
	}

	/** Orama sorts equal scores by its own numbers; they are put in the order of their ids, which survives a reload. */
	#hits(limit: number, find: () => unknown): Hit[] {
		if (limit <= 0) return [];
		this.#plugin.limit = limit;
		const { hits } = find() as Results<OramaPassage>;
		return hits
			.map(({ id, score }) => ({ chunk_id: id, score }))
			.sort((a, b) => b.score - a.score || (a.chunk_id < b.chunk_id ? -1 : 1));
	}
}

function toDocument({ chunk, position, vector, language = 'english' }: Passage): OramaPassage {
	return {
		id: chunk.chunk_id,
		library: chunk.library,
		passage: { chunk, position, fields: fieldsOf(chunk), language, vector }
	};
}
