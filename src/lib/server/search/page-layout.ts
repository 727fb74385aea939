import { ALL_LIBRARIES, type NumberRange } from './library-ranges.ts';
import { FIELDS } from './passage-fields.ts';
import type { PassageStore } from './passage-store.ts';

const FIELD_COUNT = FIELDS.length;
const TITLE = FIELDS.indexOf('title');
const HEADING = FIELDS.indexOf('heading');
const TITLE_MASK = 0xff << (8 * TITLE);
const HEADING_MASK = 0xff << (8 * HEADING);

/** Which passages make up which page, as long as the store does not change, and how many pages hold a term. */
export class PageLayout {
	/** Pages that have a passage. */
	readonly pageCount: number;
	/** Terms of headings, body and code by page. */
	readonly lengths: Float64Array;
	readonly averageLength: number;
	readonly #store: PassageStore;
	/** Passages sorted by page and position, where each page starts in it, and the place of each passage. */
	readonly #order: Uint32Array;
	readonly #starts: Uint32Array;
	readonly #places: Uint32Array;
	/** By term, plus 1 where known: pages that hold it, and those that hold it in their title or a heading. */
	readonly #holding: Uint32Array;
	readonly #named: Uint32Array;
	/** By page: the term that was last seen in it, and in its title or a heading, plus 1. */
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
		let pages = 0;
		let total = 0;
		for (let page = 0; page < pageCount; page += 1) {
			if (starts[page + 1]! > 0) pages += 1;
			total += this.lengths[page]!;
			starts[page + 1]! += starts[page]!;
		}
		this.pageCount = pages;
		this.averageLength = total / (pages || 1) || 1;
		this.#starts = starts;
		this.#order = order;
		if (!isInOrder)
			order.sort((a, b) => table.page(a) - table.page(b) || table.position(a) - table.position(b));
		this.#places = new Uint32Array(text.end);
		for (let place = 0; place < order.length; place += 1) this.#places[order[place]!] = place;
		this.#holding = new Uint32Array(text.vocabulary.size);
		this.#named = new Uint32Array(text.vocabulary.size);
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

	/** How many pages hold a term, and how many of them in their title or a heading. Counted when it is first asked for. */
	frequencies(term: number): { holding: number; named: number } {
		if (this.#holding[term] === 0) this.#countPages(term);
		return { holding: this.#holding[term]! - 1, named: this.#named[term]! };
	}

	#countPages(term: number): void {
		const { text, table } = this.#store;
		const mark = term + 1;
		let holding = 0;
		let named = 0;
		for (const { segment, start, end } of text.slices(term, ALL_LIBRARIES)) {
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
		this.#holding[term] = holding + 1;
		this.#named[term] = named;
	}
}
