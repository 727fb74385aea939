import { ALL_LIBRARIES, type NumberRange } from './library-ranges.ts';
import { FIELDS } from './passage-fields.ts';
import type { PassageStore } from './passage-store.ts';

const FIELD_COUNT = FIELDS.length;
const TITLE = FIELDS.indexOf('title');
const HEADING = FIELDS.indexOf('heading');
const TITLE_MASK = 0xff << (8 * TITLE);
const HEADING_MASK = 0xff << (8 * HEADING);

/** How many pages hold a term, and how many of them in their title or a heading. */
export interface PageFrequencies {
	holding: number;
	named: number;
}

/** Which passages make up which page, as long as the store does not change, and how many pages hold a term. */
export class PageLayout {
	/** Pages that have a passage, by library number, and of all libraries. */
	readonly pageCounts = new Map<number, number>();
	/** Terms of headings, body and code by page. */
	readonly lengths: Float64Array;
	/** Mean length by library number; 1 where there is none. */
	readonly averageLengths = new Map<number, number>();
	readonly #store: PassageStore;
	/** Passages sorted by page and position, where each page starts in it, and the place of each passage. */
	readonly #order: Uint32Array;
	readonly #starts: Uint32Array;
	readonly #places: Uint32Array;
	/** By library, then by term, where known. */
	readonly #frequencies = new Map<number, Map<number, PageFrequencies>>();
	/** By page: the count that last saw it, and saw the term in its title or a heading. */
	#mark = 0;
	readonly #seen: Uint32Array;
	readonly #seenNamed: Uint32Array;

	constructor(store: PassageStore) {
		this.#store = store;
		const { text, table } = store;
		const pageCount = table.pages.length;
		this.lengths = new Float64Array(pageCount);
		const starts = new Uint32Array(pageCount + 1);
		const order = new Uint32Array(text.size);
		const fieldLengths = text.tokens.lengths;
		let count = 0;
		let isInOrder = true;
		let lastPage = 0;
		let lastPosition = -1;
		for (const { from, to } of text.ranges(ALL_LIBRARIES)) {
			for (let number = from; number < to; number += 1) {
				const page = table.page(number);
				const position = table.position(number);
				// Passages mostly come page by page in order; sorting is for those that came later.
				if (page < lastPage || (page === lastPage && position < lastPosition)) isInOrder = false;
				lastPage = page;
				lastPosition = position;
				order[count++] = number;
				starts[page + 1]! += 1;
				let length = 0;
				for (let field = HEADING; field < FIELD_COUNT; field += 1) {
					length += fieldLengths[number * FIELD_COUNT + field]!;
				}
				this.lengths[page]! += length;
			}
		}
		const totals = new Map<number, number>();
		for (let page = 0; page < pageCount; page += 1) {
			if (starts[page + 1]! > 0) {
				const library = store.libraryNumber(table.pages[page]!.library) ?? ALL_LIBRARIES;
				for (const owner of [library, ALL_LIBRARIES]) {
					this.pageCounts.set(owner, (this.pageCounts.get(owner) ?? 0) + 1);
				}
				totals.set(library, (totals.get(library) ?? 0) + this.lengths[page]!);
			}
			starts[page + 1]! += starts[page]!;
		}
		for (const [library, total] of totals) {
			this.averageLengths.set(library, total / this.pageCounts.get(library)! || 1);
		}
		this.#starts = starts;
		this.#order = order;
		if (!isInOrder)
			order.sort((a, b) => table.page(a) - table.page(b) || table.position(a) - table.position(b));
		this.#places = new Uint32Array(text.end);
		for (let place = 0; place < order.length; place += 1) this.#places[order[place]!] = place;
		this.#seen = new Uint32Array(pageCount);
		this.#seenNamed = new Uint32Array(pageCount);
	}

	/** Number of passages of a page. */
	size(page: number): number {
		return this.#starts[page + 1]! - this.#starts[page]!;
	}

	/** Place of a passage among those of its page, from 0. */
	place(number: number): number {
		return this.#places[number]! - this.#starts[this.#store.table.page(number)]!;
	}

	/** The passages of a page as ranges of consecutive numbers: one, unless the page has changed since it came. */
	ranges(page: number): NumberRange[] {
		const ranges: NumberRange[] = [];
		for (let at = this.#starts[page]!; at < this.#starts[page + 1]!; at += 1) {
			const number = this.#order[at]!;
			const last = ranges.at(-1);
			if (last?.to === number) last.to += 1;
			else ranges.push({ from: number, to: number + 1 });
		}
		return ranges;
	}

	/** The passage before (-1) or after (+1) one in its page; -1 when there is none. */
	neighbour(number: number, step: -1 | 1): number {
		const other = this.#order[this.#places[number]! + step];
		if (other === undefined) return -1;
		const { table } = this.#store;
		const isNext =
			table.page(other) === table.page(number) && table.position(other) === table.position(number) + step;
		return isNext ? other : -1;
	}

	/**
	 * How many pages of a library hold a term. Counted when it is first asked for.
	 * @param library counts its pages only; ALL_LIBRARIES counts all
	 */
	frequencies(term: number, library: number): PageFrequencies {
		let known = this.#frequencies.get(library);
		if (!known) this.#frequencies.set(library, (known = new Map()));
		let counted = known.get(term);
		if (!counted) known.set(term, (counted = this.#countPages(term, library)));
		return counted;
	}

	#countPages(term: number, library: number): PageFrequencies {
		const { text, table } = this.#store;
		const mark = (this.#mark += 1);
		let holding = 0;
		let named = 0;
		for (const { segment, start, end } of text.slices(term, library)) {
			const { numbers, frequencies } = segment.postings;
			for (let entry = start; entry < end; entry += 1) {
				const page = table.page(numbers[entry]!);
				if (this.#seen[page] !== mark) {
					this.#seen[page] = mark;
					holding += 1;
				}
				if ((frequencies[entry]! & (TITLE_MASK | HEADING_MASK)) !== 0 && this.#seenNamed[page] !== mark) {
					this.#seenNamed[page] = mark;
					named += 1;
				}
			}
		}
		return { holding, named };
	}
}
