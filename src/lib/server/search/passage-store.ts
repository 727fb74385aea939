import { join } from 'node:path';
import { z } from 'zod';
import type { Chunk } from '#lib/contract/chunk.ts';
import { Bm25Index } from './bm25-index.ts';
import { Bm25Search, type Ranking } from './bm25-search.ts';
import type { Bm25Settings } from './bm25-settings.ts';
import { Breather } from '#lib/server/breather.ts';
import type { QuestionVectors } from '#lib/server/model/question-vectors.ts';
import { readBuffers, writeBuffers } from '#lib/server/store/buffer-file.ts';
import { ALL_LIBRARIES } from './library-ranges.ts';
import { readLines } from './lines.ts';
import { FIELDS, type Field } from './passage-fields.ts';
import { PassageTable } from './passage-table.ts';
import { queryTerms } from './query-terms.ts';
import type { Language } from './text/languages.ts';
import { TokenStore } from './token-store.ts';
import { VectorBlock } from './vector-block.ts';
import { Vocabulary } from './vocabulary.ts';

/** Version of the files and of how text becomes terms; an index of another one is not read but made again. */
export const FORMAT = 4;
const FILE = 'passages.bin';

const metaSchema = z.object({
	format: z.literal(FORMAT),
	embedding_model: z.string().nullable(),
	dimensions: z.number().int().nonnegative(),
	libraries: z.array(z.string()),
	pages: z.array(z.tuple([z.number().int().nonnegative(), z.string()]))
});

/** A passage as the store takes it. */
export interface StoredPassage {
	chunk: Chunk;
	position: number;
	fields: Record<Field, string>;
	/** Of its text. */
	language: Language;
	vector?: Float32Array | undefined;
}

interface Parts {
	ids: string[];
	libraries: string[];
	text: Bm25Index;
	table: PassageTable;
	vectors: VectorBlock | null;
}

/**
 * Everything an index holds, by passage number: text index, passages, vectors, ids. The Orama components read and write it; it knows
 * nothing of Orama.
 */
export class PassageStore {
	readonly ids: string[];
	readonly text: Bm25Index;
	readonly textSearch: Bm25Search;
	readonly table: PassageTable;
	readonly vectors: VectorBlock | null;
	readonly embeddingModel: string | null;
	/** Names by library number. */
	readonly #libraries: string[];
	/** What `libraries` found, and at which version. */
	#present: { version: number; names: readonly string[] } = { version: -1, names: [] };
	/** Counts the changes, so that what was derived can be known to be outdated. */
	version = 0;

	/**
	 * @param embedding model id and length of the vectors; null for an index without vectors
	 */
	constructor(
		embedding: { model: string; dimensions: number } | null,
		settings?: Bm25Settings,
		parts?: Partial<Parts>
	) {
		this.embeddingModel = embedding?.model ?? null;
		this.ids = parts?.ids ?? [];
		this.#libraries = parts?.libraries ?? [];
		this.text = parts?.text ?? new Bm25Index(settings);
		this.textSearch = new Bm25Search(this.text);
		this.table = parts?.table ?? new PassageTable();
		this.vectors = parts?.vectors ?? (embedding ? new VectorBlock(embedding.dimensions) : null);
	}

	/** Adds a passage and returns its number. The id must not be there already. */
	add({ chunk, position, fields, language, vector }: StoredPassage): number {
		let library = this.#libraries.indexOf(chunk.library);
		if (library < 0) library = this.#libraries.push(chunk.library) - 1;
		const number = this.text.add(
			library,
			FIELDS.map((field) => fields[field]),
			language
		);
		this.table.add(chunk, position);
		this.ids.push(chunk.chunk_id);
		if (vector) this.vectors?.set(number, library, vector);
		this.version += 1;
		return number;
	}

	remove(number: number): boolean {
		if (!this.text.remove(number)) return false;
		this.vectors?.remove(number);
		this.version += 1;
		return true;
	}

	/** Number of a library; ALL_LIBRARIES for null; undefined when there is none of that name. */
	libraryNumber(name: string | null): number | undefined {
		if (name === null) return ALL_LIBRARIES;
		const number = this.#libraries.indexOf(name);
		return number < 0 ? undefined : number;
	}

	/** Names by library number; some may have no passage any more. */
	get libraryNames(): readonly string[] {
		return this.#libraries;
	}

	/** Names of the libraries that have a passage, sorted. */
	libraries(): readonly string[] {
		if (this.#present.version !== this.version) {
			const names = this.#libraries.filter((_, library) => this.text.librarySize(library) > 0).sort();
			this.#present = { version: this.version, names };
		}
		return this.#present.names;
	}

	searchText(question: string, library: number, limit: number): Ranking {
		return this.textSearch.best(queryTerms(question, this.text, library), library, limit, this.before);
	}

	searchVector(question: QuestionVectors, library: number, limit: number): Ranking {
		if (!this.vectors) return { numbers: new Uint32Array(0), scores: new Float64Array(0) };
		const { before } = this;
		return this.vectors.search((owner) => question.of(this.#libraries[owner]!), { limit, library, before });
	}

	/** Cosine of a passage and the question's vector for its library; 0 where one of them has none. */
	similarity(question: QuestionVectors, number: number): number {
		const vector = this.vectors && question.of(this.#libraries[this.text.library(number)]!);
		return vector ? this.vectors!.similarity(vector, number) : 0;
	}

	/** The order of passages with equal scores: by id, so that it does not depend on how the index came about. */
	readonly before = (a: number, b: number): boolean => this.ids[a]! < this.ids[b]!;

	/** Writes the passages that are there, compactly and in order. */
	async save(folder: string): Promise<void> {
		const numbers = this.#inOrder();
		const isCompact =
			this.text.parts().segments.length === 1 &&
			numbers.length === this.text.end &&
			numbers.every((number, place) => number === place);
		const text = isCompact ? this.text.parts() : this.text.select(numbers);
		const table = this.table.select(numbers);
		const vectors = this.vectors?.select(numbers);
		const { terms, lengths } = text.tokens.arrays();
		const [postings] = text.segments;
		const libraryNumbers = new Map(this.#libraries.map((name, number) => [name, number]));
		await writeBuffers(
			join(folder, FILE),
			{
				format: FORMAT,
				embedding_model: this.embeddingModel,
				dimensions: this.vectors?.dimensions ?? 0,
				libraries: this.#libraries,
				pages: table.pages.map(({ library, document }) => [libraryNumbers.get(library), document])
			},
			{
				ids: new TextEncoder().encode(Array.from(numbers, (number) => this.ids[number]).join('\n')),
				vocabulary: text.vocabulary.toBytes(),
				terms,
				lengths,
				libraries: text.libraries,
				languages: text.languages,
				starts: postings?.starts ?? new Uint32Array(0),
				numbers: postings?.numbers ?? new Uint32Array(0),
				frequencies: postings?.frequencies ?? new Uint32Array(0),
				pageOf: table.pageOf,
				positions: table.positions,
				bytes: table.bytes,
				ends: table.ends,
				vectors: vectors?.values ?? new Float32Array(0),
				present: vectors?.present ?? new Uint8Array(0)
			}
		);
	}

	/** The passages that are there by library, page and position, so that what is read together lies together. */
	#inOrder(): Uint32Array {
		const { text, table } = this;
		const kept: number[] = [];
		for (let number = 0; number < text.end; number += 1) if (text.has(number)) kept.push(number);
		return Uint32Array.from(
			kept.sort(
				(a, b) =>
					text.library(a) - text.library(b) ||
					table.page(a) - table.page(b) ||
					table.position(a) - table.position(b)
			)
		);
	}

	/**
	 * What `save` wrote. Gives way to the event loop while it reads.
	 * @throws when the files are missing, damaged or of another version.
	 */
	static async load(folder: string, settings?: Bm25Settings, signal?: AbortSignal): Promise<PassageStore> {
		const breather = new Breather(signal);
		const file = await readBuffers(join(folder, FILE));
		const meta = metaSchema.parse(file.meta);
		const vocabulary = await Vocabulary.fromBytes(file.array('vocabulary', 'Uint8Array'), breather);
		await breather.breathe();
		const ids: string[] = [];
		for await (const lines of readLines(file.array('ids', 'Uint8Array'), breather)) ids.push(...lines);
		await breather.breathe();
		const tokens = new TokenStore(file.array('terms', 'Uint32Array'), file.array('lengths', 'Uint32Array'));
		await breather.breathe();
		const postings = {
			from: 0,
			to: ids.length,
			starts: file.array('starts', 'Uint32Array'),
			numbers: file.array('numbers', 'Uint32Array'),
			frequencies: file.array('frequencies', 'Uint32Array')
		};
		const text = new Bm25Index(settings, {
			vocabulary,
			tokens,
			libraries: file.array('libraries', 'Uint16Array'),
			languages: file.array('languages', 'Uint8Array'),
			segments: ids.length > 0 ? [postings] : []
		});
		await breather.breathe();
		const table = new PassageTable({
			pages: meta.pages.map(([library, document]) => ({ library: meta.libraries[library] ?? '', document })),
			pageOf: file.array('pageOf', 'Uint32Array'),
			positions: file.array('positions', 'Uint32Array'),
			bytes: file.array('bytes', 'Uint8Array'),
			ends: file.array('ends', 'Uint32Array')
		});
		table.validate();
		const embedding = meta.embedding_model
			? { model: meta.embedding_model, dimensions: meta.dimensions }
			: null;
		const vectors = embedding
			? await VectorBlock.load(
					meta.dimensions,
					file.array('vectors', 'Float32Array'),
					file.array('present', 'Uint8Array'),
					(number) => text.library(number),
					breather
				)
			: null;
		return new PassageStore(embedding, settings, { ids, libraries: meta.libraries, text, table, vectors });
	}
}
