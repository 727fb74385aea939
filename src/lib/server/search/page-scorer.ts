import { ALL_LIBRARIES, type QueryTerm } from './bm25-index.ts';
import { inverseDocumentFrequency } from './bm25-settings.ts';
import { FIELDS } from './passage-fields.ts';
import type { PassageStore } from './passage-store.ts';

const BODY = FIELDS.indexOf('body');
const CODE = FIELDS.indexOf('code');
const HEADING = FIELDS.indexOf('heading');

/**
 * BM25F of whole pages. A page repeats its subject: repetition counts for longer (a higher k1) than within a passage. Chosen, as the
 * others, by the order of pages that each setting alone gives.
 */
const PAGE_K1 = 5;
/** Long reference pages are held back, but not in full proportion. */
const PAGE_B = 0.6;
/** A page is about more than a passage: what is only related to the question counts for more. */
const RELATED_SHARE = 0.6;
/**
 * Words that name things are what a question is about, however rare its other words are: a word counts by 0.7 + 0.6 · √share of the pages
 * with it that have it in their title or headings.
 */
const SUBJECT_BASE = 0.7;
const SUBJECT_GAIN = 0.6;
const TITLE_WEIGHT = 6;
const HEADING_WEIGHT = 2;

/** What a question finds in whole pages, by page number. */
export interface PageScores {
	/** BM25F of the page, over the most that the question's own terms could give. */
	scores: Float64Array;
	/** Share of the question that it holds. */
	coverage: Float64Array;
	/** The same over its title and headings. */
	headingCoverage: Float64Array;
	/** Best score of its passages. */
	best(page: number, scores: Float64Array): number;
}

/**
 * BM25F over whole pages, from the postings of their passages: frequencies are summed over the passages of a page, title once.
 */
export class PageScorer {
	readonly #store: PassageStore;
	#version = -1;
	/** Terms of body, code and headings by page. */
	#lengths = new Float64Array(0);
	#averageLength = 1;
	#pageCount = 0;
	/** Passages sorted by page and position, where each page starts in it, and the place of each passage. */
	#order = new Uint32Array(0);
	#starts = new Uint32Array(0);
	#places = new Uint32Array(0);

	constructor(store: PassageStore) {
		this.#store = store;
	}

	score(query: readonly QueryTerm[]): PageScores {
		this.#refresh();
		const { text, table } = this.#store;
		const { fields } = text.settings;
		const count = this.#store.table.pages.length;
		const scores = new Float64Array(count);
		const coverage = new Float64Array(count);
		const headingCoverage = new Float64Array(count);
		const frequencies = new Float64Array(count);
		const titles = new Uint8Array(count);
		const headings = new Uint8Array(count);
		const touched: number[] = [];
		const codeWeight = fields.code.weight;
		/** What the question's own terms could give at most, and their weights. */
		let most = 0;
		let total = 0;
		for (const { term, count: asked, isRelated } of query) {
			touched.length = 0;
			text.visit(term, ALL_LIBRARIES, (number, packed) => {
				const page = table.page(number);
				if (frequencies[page] === 0 && titles[page] === 0) touched.push(page);
				if ((packed & 0xff) > 0) titles[page] = 1;
				const heading = (packed >>> (8 * HEADING)) & 0xff;
				if (heading > 0) headings[page] = 1;
				frequencies[page]! +=
					((packed >>> (8 * BODY)) & 0xff) +
					((packed >>> (8 * CODE)) & 0xff) * codeWeight +
					heading * HEADING_WEIGHT;
			});
			let named = 0;
			for (const page of touched) if (titles[page]! + headings[page]! > 0) named += 1;
			const subject = SUBJECT_BASE + SUBJECT_GAIN * Math.sqrt(named / (touched.length || 1));
			const weight = subject * inverseDocumentFrequency(this.#pageCount, touched.length);
			const counted = isRelated ? RELATED_SHARE * weight : weight;
			if (!isRelated) {
				most += asked * weight;
				total += weight;
			}
			for (const page of touched) {
				const length = 1 - PAGE_B + (PAGE_B * this.#lengths[page]!) / this.#averageLength;
				const frequency = frequencies[page]! / length + titles[page]! * TITLE_WEIGHT;
				scores[page]! += (asked * counted * frequency) / (PAGE_K1 + frequency);
				coverage[page]! += counted;
				if (titles[page]! + headings[page]! > 0) headingCoverage[page]! += counted;
				frequencies[page] = 0;
				titles[page] = 0;
				headings[page] = 0;
			}
		}
		if (most > 0) {
			for (let page = 0; page < count; page += 1) {
				scores[page]! /= most;
				coverage[page]! /= total;
				headingCoverage[page]! /= total;
			}
		}
		const known = new Map<number, number>();
		const best = (page: number, byPassage: Float64Array) => {
			let most = known.get(page);
			if (most !== undefined) return most;
			most = 0;
			for (let at = this.#starts[page]!; at < this.#starts[page + 1]!; at += 1) {
				most = Math.max(most, byPassage[this.#order[at]!]!);
			}
			known.set(page, most);
			return most;
		};
		return { scores, coverage, headingCoverage, best };
	}

	/** The passage before (-1) or after (+1) one in its page; -1 when there is none. */
	neighbour(number: number, step: -1 | 1): number {
		this.#refresh();
		const place = this.#places[number]! + step;
		if (place < 0 || place >= this.#order.length) return -1;
		const other = this.#order[place]!;
		const { table } = this.#store;
		const isNext =
			table.page(other) === table.page(number) && table.position(other) === table.position(number) + step;
		return isNext ? other : -1;
	}

	#refresh(): void {
		if (this.#version === this.#store.version) return;
		this.#version = this.#store.version;
		const { text, table } = this.#store;
		const pageCount = table.pages.length;
		this.#lengths = new Float64Array(pageCount);
		const counts = new Uint32Array(pageCount + 1);
		const there: number[] = [];
		for (let number = 0; number < text.end; number += 1) {
			if (!text.has(number)) continue;
			there.push(number);
			const page = table.page(number);
			counts[page + 1]! += 1;
			for (let field = HEADING; field < FIELDS.length; field += 1) {
				this.#lengths[page]! += text.tokens.fieldLength(number, field);
			}
		}
		this.#pageCount = counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
		this.#averageLength =
			this.#lengths.reduce((sum, length) => sum + length, 0) / (this.#pageCount || 1) || 1;
		for (let page = 0; page < pageCount; page += 1) counts[page + 1]! += counts[page]!;
		this.#starts = counts;
		const key = (number: number) => table.page(number) * 0x100000 + table.position(number);
		// Passages mostly come page by page in order; sorting is for those that came later.
		const isInOrder = there.every((number, at) => at === 0 || key(there[at - 1]!) <= key(number));
		this.#order = Uint32Array.from(isInOrder ? there : there.sort((a, b) => key(a) - key(b)));
		this.#places = new Uint32Array(text.end);
		this.#order.forEach((number, place) => (this.#places[number] = place));
	}
}
