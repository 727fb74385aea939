import type { QuestionVectors } from '#lib/server/model/question-vectors.ts';
import { readOpening, readQuestion, type AskedQuestion } from './asked-question.ts';
import type { Evidence } from './evidence-values.ts';
import { ALL_LIBRARIES } from './library-ranges.ts';
import { PageScorer } from './page-scorer.ts';
import { SECTION_REACH } from './passage-index.ts';
import type { PassageStore } from './passage-store.ts';
import { TokenReader } from './token-evidence.ts';

/** How many of the best passages tell which library the question is about. */
const LIBRARY_SAMPLE = 30;

/** Reads evidence about passages for a question. */
export class EvidenceReader {
	readonly #store: PassageStore;
	readonly #pages: PageScorer;
	/** By term number; zero between reads. */
	#places = new Uint16Array(0);

	constructor(store: PassageStore) {
		this.#store = store;
		this.#pages = new PageScorer(store);
	}

	/** Evidence by chunk id. */
	read(question: string, vectors: QuestionVectors | null, numbers: readonly number[]): Map<string, Evidence> {
		const evidence = new Map<string, Evidence>();
		if (numbers.length === 0) return evidence;
		const { text, table, ids } = this.#store;
		const asked = readQuestion(question, this.#store);
		const most = this.#mostScore(asked);
		const { layout } = this.#pages;
		const pageNumbers = numbers.map((number) => table.page(number));
		const pages = this.#pages.score(asked.terms, pageNumbers);
		const opening = readOpening(question, this.#store);
		const isAll = opening === question.trim();
		const askedFirst = isAll ? asked : readQuestion(opening, this.#store);
		const mostFirst = this.#mostScore(askedFirst);
		const openingPages = isAll ? pages : this.#pages.score(askedFirst.terms, pageNumbers);
		const libraries = this.#libraryShares(asked);
		if (this.#places.length < text.vocabulary.size) this.#places = new Uint16Array(text.vocabulary.size);
		const reader = new TokenReader(text, asked, this.#places);

		for (const number of numbers) {
			const page = pages.get(table.page(number))!;
			const openingPage = openingPages.get(table.page(number))!;
			const neighbour = (step: -1 | 1) => {
				const other = layout.neighbour(number, step);
				return other < 0 ? 0 : page.passages[layout.place(other)]!;
			};
			const library = text.library(number);
			evidence.set(ids[number]!, {
				// First, because an object that begins with a copy is copied at once.
				...reader.read(number),
				bm25: page.passages[layout.place(number)]! / most,
				document_bm25: page.bm25,
				document_best_passage: page.best / most,
				document_second_passage: page.second / most,
				document_heading_coverage: page.headingCoverage,
				document_coverage: page.coverage,
				opening_document_bm25: openingPage.bm25,
				opening_best_passage: openingPage.best / mostFirst,
				opening_heading_coverage: openingPage.headingCoverage,
				semantic: vectors ? this.#store.similarity(vectors, number) : 0,
				neighbours: (neighbour(-1) + neighbour(1)) / 2 / most,
				position: 1 / (1 + table.position(number)),
				question_known: asked.known,
				library_named: asked.namedLibraries.has(library) ? 1 : 0,
				library_share: libraries.get(library) ?? 0
			});
		}
		reader.release();
		return evidence;
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

	/** What a passage could have at most that holds everything that was asked. */
	#mostScore({ countedWeight }: AskedQuestion): number {
		return countedWeight * (this.#store.text.settings.k1 + 1) || 1;
	}

	#libraryShares({ own }: AskedQuestion): Map<number, number> {
		const { text, textSearch, before } = this.#store;
		const best = textSearch.best(own, ALL_LIBRARIES, LIBRARY_SAMPLE, before).numbers;
		const shares = new Map<number, number>();
		for (const number of best) {
			const library = text.library(number);
			shares.set(library, (shares.get(library) ?? 0) + 1 / best.length);
		}
		return shares;
	}
}
