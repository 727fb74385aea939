import { chunkSchema, type Chunk } from '#lib/contract/chunk.ts';
import { GrowingArray } from './growing-array.ts';

/** A page: the document that passages belong to. */
export interface Page {
	library: string;
	document: string;
}

/** The line that a chunk begins with: its id, title, URL, headings and anchor. */
type EncodedLine = [string, string, string | null, string[], string | null];

/** What a table is made of. */
export interface PassageTableParts {
	pages: Page[];
	/** Page number by passage. */
	pageOf: Uint32Array<ArrayBuffer>;
	/** Place in its page by passage. */
	positions: Uint32Array<ArrayBuffer>;
	/** The chunks one after the other, as `encode` writes them. */
	bytes: Uint8Array<ArrayBuffer>;
	/** End of each passage's bytes. */
	ends: Uint32Array<ArrayBuffer>;
}

/** The passages themselves, by number: as bytes outside the heap, read when they are asked for. */
export class PassageTable {
	readonly pages: Page[];
	/** Made when the first passage is added: an index that is only read needs none. */
	#pageNumbers: Map<string, number> | null = null;
	readonly #pageOf: GrowingArray<Uint32Array<ArrayBuffer>>;
	readonly #positions: GrowingArray<Uint32Array<ArrayBuffer>>;
	readonly #bytes: GrowingArray<Uint8Array<ArrayBuffer>>;
	readonly #ends: GrowingArray<Uint32Array<ArrayBuffer>>;
	readonly #encoder = new TextEncoder();

	constructor(parts?: PassageTableParts) {
		this.pages = parts?.pages ?? [];
		this.#pageOf = new GrowingArray(Uint32Array, parts?.pageOf);
		this.#positions = new GrowingArray(Uint32Array, parts?.positions);
		this.#bytes = new GrowingArray(Uint8Array, parts?.bytes);
		this.#ends = new GrowingArray(Uint32Array, parts?.ends);
	}

	add(chunk: Chunk, position: number): void {
		this.#pageNumbers ??= new Map(this.pages.map((page, number) => [pageKey(page), number]));
		const key = pageKey(chunk);
		let page = this.#pageNumbers.get(key);
		if (page === undefined) {
			page = this.pages.length;
			this.pages.push({ library: chunk.library, document: chunk.document });
			this.#pageNumbers.set(key, page);
		}
		this.#pageOf.push(page);
		this.#positions.push(position);
		this.#bytes.append(this.#encoder.encode(encode(chunk)));
		this.#ends.push(this.#bytes.length);
	}

	/** Page number of a passage. */
	page(number: number): number {
		return this.#pageOf.at(number);
	}

	position(number: number): number {
		return this.#positions.at(number);
	}

	chunk(number: number): Chunk {
		const { buffer, byteOffset, byteLength } = this.#slice(number);
		const encoded = Buffer.from(buffer, byteOffset, byteLength).toString();
		return decode(encoded, this.pages[this.page(number)]!);
	}

	/** Checks one passage of a file that another version may have written. */
	validate(): void {
		if (this.#ends.length > 0) chunkSchema.parse(this.chunk(0));
	}

	/** A copy of the given passages only, numbered anew in the given order. */
	select(numbers: Uint32Array): PassageTableParts {
		let size = 0;
		for (const number of numbers) size += this.#slice(number).length;
		const bytes = new Uint8Array(size);
		const ends = new Uint32Array(numbers.length);
		const pages: Page[] = [];
		const renumbered = new Map<number, number>();
		const pageOf = new Uint32Array(numbers.length);
		let end = 0;
		numbers.forEach((number, place) => {
			const slice = this.#slice(number);
			bytes.set(slice, end);
			end += slice.length;
			ends[place] = end;
			const page = this.page(number);
			if (!renumbered.has(page)) {
				renumbered.set(page, pages.length);
				pages.push(this.pages[page]!);
			}
			pageOf[place] = renumbered.get(page)!;
		});
		return {
			pages,
			pageOf,
			positions: Uint32Array.from(numbers, (number) => this.position(number)),
			bytes,
			ends
		};
	}

	#slice(number: number): Uint8Array<ArrayBuffer> {
		const start = number === 0 ? 0 : this.#ends.at(number - 1);
		return this.#bytes.array.subarray(start, this.#ends.at(number));
	}
}

/**
 * A chunk without its page: a line of JSON, then the text as it is. Hundreds are read for a question, and most of what JSON takes to read is
 * names of keys and escapes in the text.
 */
function encode({ chunk_id, title, url, heading_path, anchor, text }: Chunk): string {
	return `${JSON.stringify([chunk_id, title, url, heading_path, anchor])}\n${text}`;
}

function decode(encoded: string, { library, document }: Page): Chunk {
	const lineEnd = encoded.indexOf('\n');
	const line = JSON.parse(encoded.slice(0, lineEnd)) as EncodedLine;
	const [chunk_id, title, url, heading_path, anchor] = line;
	return { chunk_id, library, document, title, url, heading_path, anchor, text: encoded.slice(lineEnd + 1) };
}

function pageKey({ library, document }: Page): string {
	return `${library}\0${document}`;
}
