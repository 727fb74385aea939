import type { AnyOrama, IDocumentsStore, IIndex, OramaPluginSync, Tokenizer, TokenScore } from '@orama/orama';
import type { Chunk } from '#lib/contract/chunk.ts';
import type { QuestionVectors } from '#lib/server/model/question-vectors.ts';
import { analyze } from './analyze.ts';
import type { Ranking } from './bm25-search.ts';
import { ALL_LIBRARIES } from './library-ranges.ts';
import { FIELDS } from './passage-fields.ts';
import type { PassageStore, StoredPassage } from './passage-store.ts';

type IdStore = AnyOrama['internalDocumentIDStore'];
type IndexStore = AnyOrama['data']['index'];
type DocumentStore = AnyOrama['data']['docs'];

/** A document as it is given to Orama. */
export interface OramaPassage {
	id: string;
	library: string;
	passage: StoredPassage;
}

/** The schema that goes with the components: what can be searched, and `library` to filter by. */
export const passageSchema = {
	title: 'string',
	heading: 'string',
	body: 'string',
	code: 'string',
	library: 'enum'
} as const;

/** Name of the vector property, for `searchVector`. */
export const VECTOR_PROPERTY = 'vector';

/** The vectors of a question as Orama hands them through: it looks at nothing but their length. */
interface OramaVector {
	length: number;
	vectors: QuestionVectors;
}

/** The vectors of a question in the place of the numbers that Orama's `searchVector` wants. */
export function toOramaVector(vectors: QuestionVectors): number[] {
	const value: OramaVector = { length: vectors.dimensions, vectors };
	return value as unknown as number[];
}

/** Orama asks its index for all matches; ours returns this many of the best. */
const DEFAULT_RESULTS = 1000;

/** What Orama gets as a document: reads the passage only when somebody looks at it. */
class StoredDocument {
	readonly id: string;
	readonly #store: PassageStore;
	readonly #number: number;

	constructor(store: PassageStore, number: number) {
		this.#store = store;
		this.#number = number;
		this.id = store.ids[number]!;
	}

	get chunk(): Chunk {
		return this.#store.table.chunk(this.#number);
	}
}

/** A `where` filter that is one comparison a passage; as a set it is empty, which nobody looks at when there is a term or a vector. */
class LibraryFilter extends Set<number> {
	/** Undefined when there is no library of that name. */
	readonly library: number | undefined;

	constructor(library: number | undefined) {
		super();
		this.library = library;
	}
}

/**
 * Puts a passage store behind Orama's own API as its index, documents store and tokenizer. Orama's internal document id is the passage
 * number plus one. `limit` on the plugin bounds the results of the next search, because Orama does not tell its index how many are wanted.
 */
export class PassageStorePlugin implements OramaPluginSync {
	readonly name = 'passage-store';
	/** How many results the index returns to Orama. */
	limit = DEFAULT_RESULTS;
	readonly #store: PassageStore;

	constructor(store: PassageStore) {
		this.#store = store;
	}

	// Orama's types want these generic in stores that it then never touches.
	readonly getComponents = (): never =>
		({ index: this.#index(), documentsStore: this.#documents(), tokenizer }) as never;

	#index(): IIndex<IndexStore> {
		const store = this.#store;
		const names: string[] = [...FIELDS];
		const types = Object.fromEntries(names.map((name) => [name, 'string' as const]));
		const nothing = () => {};
		const component = {
			create: () => {
				const find = ({ vectors }: OramaVector, similarity: number, filter?: LibraryFilter) =>
					this.#search(filter, (library) => store.searchVector(vectors, library, this.limit)).filter(
						([, score]) => score >= similarity
					);
				const node = { size: store.vectors?.dimensions ?? 0, find };
				return {
					vectorIndexes: store.vectors ? { [VECTOR_PROPERTY]: { type: 'Vector', node, isArray: false } } : {}
				};
			},
			// The documents store gets the passage whole, once, and indexes it there.
			insert: nothing,
			remove: () => true,
			insertDocumentScoreParameters: nothing,
			insertTokenScoreParameters: nothing,
			removeDocumentScoreParameters: nothing,
			removeTokenScoreParameters: nothing,
			calculateResultScores: nothing,
			search: (...given: Parameters<IIndex<IndexStore>['search']>) => {
				const term = given[1];
				const filter = given[10] as LibraryFilter | undefined;
				return this.#search(filter, (library) => store.searchText(term, library, this.limit));
			},
			searchByWhereClause: (
				_index: IndexStore,
				_tokenizer: Tokenizer,
				where: { library?: { eq?: string } }
			) => new LibraryFilter(store.libraryNumber(where.library?.eq ?? null)),
			getSearchableProperties: () => names,
			getSearchablePropertiesWithTypes: () => types,
			load: notThroughOrama,
			save: notThroughOrama
		};
		return component as unknown as IIndex<IndexStore>;
	}

	#search(filter: LibraryFilter | undefined, search: (library: number) => Ranking): TokenScore[] {
		const library = filter ? filter.library : ALL_LIBRARIES;
		if (library === undefined) return [];
		const { numbers, scores } = search(library);
		return Array.from(numbers, (number, place): TokenScore => [number + 1, scores[place]!]);
	}

	#documents(): IDocumentsStore<DocumentStore> {
		const store = this.#store;
		let idStore: IdStore;
		const get = (internalId: number | undefined) =>
			internalId !== undefined && store.text.has(internalId - 1)
				? new StoredDocument(store, internalId - 1)
				: undefined;
		const internalIdOf = (id: string | number) =>
			typeof id === 'number' ? id : idStore.idToInternalId.get(id);
		// Orama's vector search reads this property as if it were an array by internal id.
		const docs = new Proxy({}, { get: (_, key) => get(Number(key)), set: () => true });
		const component = {
			create: (_orama: AnyOrama, shared: IdStore) => {
				idStore = shared;
				return { docs };
			},
			get: (_: DocumentStore, id: string | number) => get(internalIdOf(id)),
			getMultiple: (_: DocumentStore, ids: (string | number)[]) => ids.map((id) => get(internalIdOf(id))),
			getAll: () => docs,
			store: (_: DocumentStore, _id: string, internalId: number, { passage }: OramaPassage) => {
				if (store.text.has(internalId - 1)) return false;
				const number = store.add(passage);
				if (number !== internalId - 1) throw new Error('Orama and the passage store number differently.');
				return true;
			},
			remove: (_: DocumentStore, id: string, internalId: number) => {
				const removed = store.remove(internalId - 1);
				// The same id may come again, as a new passage with a new number; the size of the map must stay, Orama counts by it.
				if (removed && idStore.idToInternalId.delete(id))
					idStore.idToInternalId.set(`\0${internalId}`, internalId);
				return removed;
			},
			count: () => store.text.size,
			load: notThroughOrama,
			save: notThroughOrama
		};
		return component as unknown as IDocumentsStore<DocumentStore>;
	}
}

const tokenizer: Tokenizer = {
	language: 'english',
	normalizationCache: new Map(),
	tokenize: (raw) => analyze(raw)
};

function notThroughOrama(): never {
	throw new Error('A passage store is saved and loaded by itself, as binary files.');
}
