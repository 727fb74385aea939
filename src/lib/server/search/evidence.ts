import type { QuestionVectors } from '#lib/server/model/question-vectors.ts';
import { readOpening, readQuestion, type AskedQuestion } from './asked-question.ts';
import type { Evidence } from './evidence-values.ts';
import { LibraryEvidence } from './library-evidence.ts';
import { ALL_LIBRARIES } from './library-ranges.ts';
import { PageScorer, type PageScore } from './page-scorer.ts';
import { SECTION_REACH } from './passage-index.ts';
import type { PassageStore } from './passage-store.ts';
import { queryTerms } from './query-terms.ts';
import { TokenReader, type TermGroup } from './token-evidence.ts';
import { TopK } from './top-k.ts';

/** Pages that list every change are full of words, and seldom say how something is done. */
const CHANGELOG =
	/(?:release|change)[-_ ]?(?:notes|log)|changelog|what'?s[-_ ]?new|\bnews\b|\bhistory\b|migrat|upgrad|deprecat|breaking/i;
/** How much the opening of a question says about the page beside the whole. */
const OPENING_SHARE = 0.5;

/** A question, and what of it is asked of what. */
export interface EvidenceQuestion {
	question: string;
	/** Parts of the question that may be answered apart; empty for one that is one part. */
	parts: readonly string[];
	/** Number of the library that is searched; ALL_LIBRARIES for all. */
	library: number;
	vectors: QuestionVectors | null;
}

/** A question read, with the scores of the pages that were asked for so far. */
interface Reading {
	question: string;
	library: number;
	version: number;
	asked: AskedQuestion;
	askedFirst: AskedQuestion;
	pages: Map<number, PageScore>;
	openingPages: Map<number, PageScore>;
}

/** Reads evidence about passages for a question. */
export class EvidenceReader {
	readonly #store: PassageStore;
	readonly #pages: PageScorer;
	readonly #libraries: LibraryEvidence;
	/** By term number; zero between reads. */
	#places = new Uint16Array(0);
	/** The last question: its best pages are asked for first, and evidence about their passages next. */
	#last: Reading | null = null;

	constructor(store: PassageStore) {
		this.#store = store;
		this.#pages = new PageScorer(store);
		this.#libraries = new LibraryEvidence(store);
	}

	/** Evidence by chunk id. */
	read(input: EvidenceQuestion, numbers: readonly number[]): Map<string, Evidence> {
		const evidence = new Map<string, Evidence>();
		if (numbers.length === 0) return evidence;
		const { text, table, ids } = this.#store;
		const { asked, askedFirst, pages, openingPages } = this.#readPages(
			input,
			numbers.map((number) => table.page(number))
		);
		const most = this.#mostScore(asked);
		const mostFirst = this.#mostScore(askedFirst);
		const { layout } = this.#pages;
		const libraries = input.library === ALL_LIBRARIES ? this.#libraries.read(asked) : null;
		if (this.#places.length < text.vocabulary.size) this.#places = new Uint16Array(text.vocabulary.size);
		const reader = new TokenReader(text, { asked, ...this.#groups(input, asked, askedFirst) }, this.#places);

		const similarityOf = (number: number) =>
			number < 0 || !input.vectors ? 0 : this.#store.similarity(input.vectors, number);
		const similarities = numbers.map(similarityOf);
		const pageSimilarities = new Map<number, number>();
		numbers.forEach((number, at) => {
			const page = table.page(number);
			pageSimilarities.set(page, Math.max(pageSimilarities.get(page) ?? 0, similarities[at]!));
		});

		for (const [at, number] of numbers.entries()) {
			const page = pages.get(table.page(number))!;
			const openingPage = openingPages.get(table.page(number))!;
			const scoreBeside = (step: -1 | 1) => {
				const other = layout.neighbour(number, step);
				return other < 0 ? 0 : page.passages[layout.place(other)]!;
			};
			const [before, after] = [scoreBeside(-1), scoreBeside(1)];
			const library = text.library(number);
			const own = reader.read(number);
			evidence.set(ids[number]!, {
				// One by one, because an object that begins with a copy grows with every key after it.
				title_bm25: own.title_bm25,
				heading_bm25: own.heading_bm25,
				body_bm25: own.body_bm25,
				code_bm25: own.code_bm25,
				coverage: own.coverage,
				title_match: own.title_match,
				heading_match: own.heading_match,
				proximity: own.proximity,
				phrase: own.phrase,
				identifier: own.identifier,
				length: own.length,
				body_coverage: own.body_coverage,
				heading_coverage: own.heading_coverage,
				opening_bm25: own.opening_bm25,
				part_best: own.part_best,
				bm25: page.passages[layout.place(number)]! / most,
				document_bm25: page.bm25,
				document_best_passage: page.best / most,
				document_second_passage: page.second / most,
				document_heading_coverage: page.headingCoverage,
				document_coverage: page.coverage,
				opening_document_bm25: openingPage.bm25,
				opening_best_passage: openingPage.best / mostFirst,
				opening_heading_coverage: openingPage.headingCoverage,
				semantic: similarities[at]!,
				semantic_page: pageSimilarities.get(table.page(number))!,
				semantic_neighbour: Math.max(
					similarityOf(layout.neighbour(number, -1)),
					similarityOf(layout.neighbour(number, 1))
				),
				neighbours: (before + after) / 2 / most,
				neighbour_best: Math.max(before, after) / most,
				position: 1 / (1 + table.position(number)),
				page_size: Math.log2(1 + layout.size(table.page(number))) / 10,
				changelog: CHANGELOG.test(table.pages[table.page(number)]!.document) ? 1 : 0,
				question_known: asked.known,
				library_named: libraries && asked.namedLibraries.has(library) ? 1 : 0,
				library_share: libraries?.share(library) ?? 0,
				library_likelihood: libraries?.likelihood(library) ?? 0
			});
		}
		reader.release();
		return evidence;
	}

	/** The passages of the best pages among those that the given passages are from: page by page, and of each the best first. */
	bestPages(
		input: EvidenceQuestion,
		numbers: readonly number[],
		{ pages: pageLimit, passages: passageLimit }: { pages: number; passages: number }
	): { number: number; score: number }[] {
		const { table } = this.#store;
		const { pages, openingPages } = this.#readPages(
			input,
			numbers.map((number) => table.page(number))
		);
		const rated = Array.from(new Set(numbers.map((number) => table.page(number))), (page) => ({
			page,
			score: pages.get(page)!.bm25 + OPENING_SHARE * openingPages.get(page)!.bm25
		}));
		const documentOf = ({ page }: { page: number }) => table.pages[page]!.document;
		return rated
			.sort((a, b) => b.score - a.score || (documentOf(a) < documentOf(b) ? -1 : 1))
			.slice(0, pageLimit)
			.flatMap(({ page, score }) =>
				// A score is that of the page; within it, a little less from passage to passage.
				Array.from(this.#best(page, pages.get(page)!, passageLimit), (number, at) => ({
					number,
					score: score / (1 + at / 1000)
				}))
			);
	}

	/** The passages around one that follow one another under its heading, in reading order. */
	section(number: number): number[] {
		const { table } = this.#store;
		const { layout } = this.#pages;
		const headings = (other: number) => JSON.stringify(table.chunk(other).heading_path);
		const own = headings(number);
		const around = (step: -1 | 1) => {
			const found: number[] = [];
			for (let next = layout.neighbour(number, step); next >= 0; next = layout.neighbour(next, step)) {
				if (found.length === SECTION_REACH || headings(next) !== own) break;
				found.push(next);
			}
			return found;
		};
		return [...around(-1).reverse(), number, ...around(1)];
	}

	/** The best passages of a page, best first. */
	#best(page: number, { passages }: PageScore, limit: number): Uint32Array {
		const best = new TopK(Math.min(limit, passages.length), this.#store.before);
		let place = 0;
		for (const { from, to } of this.#pages.layout.ranges(page)) {
			for (let number = from; number < to; number += 1) best.offer(number, passages[place++]!);
		}
		return best.drain().numbers;
	}

	/** The question with the scores of these pages; what was read of it before is not read again. */
	#readPages({ question, library }: EvidenceQuestion, wanted: readonly number[]): Reading {
		const store = this.#store;
		let reading = this.#last;
		if (reading?.question !== question || reading.library !== library || reading.version !== store.version) {
			const asked = readQuestion(question, store, library);
			const opening = readOpening(question, store, library);
			const askedFirst = opening === question.trim() ? asked : readQuestion(opening, store, library);
			const pages = new Map<number, PageScore>();
			reading = {
				question,
				library,
				version: store.version,
				asked,
				askedFirst,
				pages,
				openingPages: askedFirst === asked ? pages : new Map()
			};
			this.#last = reading;
		}
		this.#addPages(reading.pages, reading.asked, wanted);
		if (reading.openingPages !== reading.pages)
			this.#addPages(reading.openingPages, reading.askedFirst, wanted);
		return reading;
	}

	#addPages(known: Map<number, PageScore>, asked: AskedQuestion, wanted: readonly number[]): void {
		const missing = wanted.filter((page) => !known.has(page));
		if (missing.length === 0) return;
		for (const [page, score] of this.#pages.score(asked.terms, missing, asked.library))
			known.set(page, score);
	}

	/** The opening and the parts of a question as places in its terms. */
	#groups(
		{ parts, library }: EvidenceQuestion,
		asked: AskedQuestion,
		askedFirst: AskedQuestion
	): { opening: TermGroup; parts: TermGroup[] } {
		const places = new Map(asked.own.map(({ term }, place) => [term, place]));
		const groupOf = (terms: readonly { term: number }[]): TermGroup => {
			const own = terms.flatMap(({ term }) => places.get(term) ?? []);
			const weight = own.reduce((sum, place) => sum + asked.terms[place]!.idf, 0);
			return { places: own, most: weight * (this.#store.text.settings.k1 + 1) || 1, share: 1 };
		};
		const groups = parts.map((part) => groupOf(queryTerms(part, this.#store.text, library)));
		if (groups.length === 0) groups.push(groupOf(asked.own));
		const heaviest = Math.max(...groups.map(({ most }) => most));
		return {
			opening: groupOf(askedFirst.own),
			parts: groups.map((group) => ({ ...group, share: Math.sqrt(group.most / heaviest) }))
		};
	}

	/** What a passage could have at most that holds everything that was asked. */
	#mostScore({ countedWeight }: AskedQuestion): number {
		return countedWeight * (this.#store.text.settings.k1 + 1) || 1;
	}
}
