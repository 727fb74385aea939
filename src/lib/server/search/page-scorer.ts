import { inverseDocumentFrequency } from './bm25-settings.ts';
import { ALL_LIBRARIES } from './library-ranges.ts';
import { PageLayout } from './page-layout.ts';
import { FIELDS } from './passage-fields.ts';
import type { PassageStore } from './passage-store.ts';
import { lowerBound } from './postings.ts';
import type { QueryTerm } from './query-terms.ts';

const TITLE = FIELDS.indexOf('title');
const HEADING = FIELDS.indexOf('heading');
const BODY = FIELDS.indexOf('body');
const CODE = FIELDS.indexOf('code');

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

/** What a question finds in a page. */
export interface PageScore {
	/** BM25F of the page, over the most that the question's own terms could give. */
	bm25: number;
	/** Share of the question that it holds. */
	coverage: number;
	/** The same over its title and headings. */
	headingCoverage: number;
	/** Best and second best BM25F of any passage of it, by the question's own terms. */
	best: number;
	second: number;
	/** BM25F of its passages by their place in it. */
	passages: Float64Array;
}

/** Occurrences of one term in a page while it is read. */
interface Reading {
	page: number;
	score: PageScore;
	/** Its length over the mean of its library. */
	relativeLength: number;
	frequency: number;
	inTitle: boolean;
	inHeading: boolean;
}

/** A range of consecutive passages of a page. */
interface Stretch {
	from: number;
	to: number;
	/** Place of the first in the page. */
	place: number;
	reading: Reading;
}

/**
 * BM25F of whole pages and all their passages, from the postings: frequencies are summed over the passages of a page, title once. Reads only
 * the entries of the pages that are asked for, so that it takes about as long in a large index as in a small one.
 */
export class PageScorer {
	readonly #store: PassageStore;
	#layout: PageLayout | null = null;
	#version = -1;

	constructor(store: PassageStore) {
		this.#store = store;
	}

	/** The pages as they are now. */
	get layout(): PageLayout {
		if (!this.#layout || this.#version !== this.#store.version) {
			this.#version = this.#store.version;
			this.#layout = new PageLayout(this.#store);
		}
		return this.#layout;
	}

	/**
	 * Scores by page number.
	 * @param library whose pages say how rare a term is; ALL_LIBRARIES for all
	 */
	score(query: readonly QueryTerm[], pages: Iterable<number>, library: number): Map<number, PageScore> {
		const { layout } = this;
		const { k1 } = this.#store.text.settings;
		const distinct = [...new Set(pages)];
		// One array for all: each of its own would cost more than what is read.
		const all = new Float64Array(distinct.reduce((sum, page) => sum + layout.size(page), 0));
		let end = 0;
		const readings = distinct.map((page): Reading => {
			const passages = all.subarray(end, (end += layout.size(page)));
			const score = { bm25: 0, coverage: 0, headingCoverage: 0, best: 0, second: 0, passages };
			const relativeLength = this.#relativeLength(page);
			return { page, score, relativeLength, frequency: 0, inTitle: false, inHeading: false };
		});
		const stretches = readings
			.flatMap((reading) => stretchesOf(layout, reading))
			.sort((a, b) => a.from - b.from);
		/** What the question's own terms could give at most, and their weights. */
		let most = 0;
		let total = 0;
		const pageCount = layout.pageCounts.get(library) ?? 0;
		for (const { term, count, idf, isRelated } of query) {
			this.#read(term, isRelated ? 0 : count * idf * (k1 + 1), stretches);
			const { holding, named } = layout.frequencies(term, library);
			const subject = SUBJECT_BASE + SUBJECT_GAIN * Math.sqrt(named / (holding || 1));
			const weight = subject * inverseDocumentFrequency(pageCount, holding);
			const counted = isRelated ? RELATED_SHARE * weight : weight;
			if (!isRelated) {
				most += count * weight;
				total += weight;
			}
			for (const reading of readings) add(reading, count * counted, counted, reading.relativeLength);
		}
		for (const { score } of readings) {
			score.bm25 /= most || 1;
			score.coverage /= total || 1;
			score.headingCoverage /= total || 1;
			const { passages } = score;
			let best = 0;
			let second = 0;
			for (let place = 0; place < passages.length; place += 1) {
				const passage = passages[place]!;
				if (passage > best) [best, second] = [passage, best];
				else if (passage > second) second = passage;
			}
			score.best = best;
			score.second = second;
		}
		return new Map(readings.map(({ page, score }) => [page, score]));
	}

	/** Length over the mean of its library. */
	#relativeLength(page: number): number {
		const { layout } = this;
		const library = this.#store.libraryNumber(this.#store.table.pages[page]!.library);
		return layout.lengths[page]! / (layout.averageLengths.get(library ?? ALL_LIBRARIES) ?? 1);
	}

	/** Takes down the entries of a term in ascending stretches, and adds `factor` times their impact to the passages. */
	#read(term: number, factor: number, stretches: readonly Stretch[]): void {
		const codeWeight = this.#store.text.settings.fields.code.weight;
		for (const { segment, start, end } of this.#store.text.slices(term, ALL_LIBRARIES)) {
			const { impacts, postings } = segment;
			const { numbers, frequencies } = postings;
			let entry = start;
			for (const { from, to, place, reading } of stretches) {
				entry = skipTo(numbers, from, entry, end);
				if (entry === end) break;
				for (; entry < end && numbers[entry]! < to; entry += 1) {
					const packed = frequencies[entry]!;
					const heading = (packed >>> (8 * HEADING)) & 0xff;
					if (((packed >>> (8 * TITLE)) & 0xff) > 0) reading.inTitle = true;
					if (heading > 0) reading.inHeading = true;
					reading.frequency +=
						((packed >>> (8 * BODY)) & 0xff) +
						((packed >>> (8 * CODE)) & 0xff) * codeWeight +
						heading * HEADING_WEIGHT;
					reading.score.passages[place + numbers[entry]! - from]! += factor * impacts[entry]!;
				}
			}
		}
	}
}

function stretchesOf(layout: PageLayout, reading: Reading): Stretch[] {
	let place = 0;
	return layout.ranges(reading.page).map(({ from, to }) => {
		const stretch = { from, to, place, reading };
		place += to - from;
		return stretch;
	});
}

/** Adds what was read of a term to the scores of a page, and forgets it. */
function add(reading: Reading, factor: number, weight: number, relativeLength: number): void {
	const { score, frequency, inTitle, inHeading } = reading;
	if (frequency === 0 && !inTitle) return;
	const length = 1 - PAGE_B + PAGE_B * relativeLength;
	const counted = frequency / length + (inTitle ? TITLE_WEIGHT : 0);
	score.bm25 += (factor * counted) / (PAGE_K1 + counted);
	score.coverage += weight;
	if (inTitle || inHeading) score.headingCoverage += weight;
	reading.frequency = 0;
	reading.inTitle = false;
	reading.inHeading = false;
}

/** As `lowerBound`, for one that is probably close to the start: doubles its steps first. */
function skipTo(numbers: Uint32Array, number: number, start: number, end: number): number {
	let low = start;
	let step = 1;
	while (low + step < end && numbers[low + step]! < number) {
		low += step;
		step *= 2;
	}
	return lowerBound(numbers, low, Math.min(end, low + step + 1), number);
}
