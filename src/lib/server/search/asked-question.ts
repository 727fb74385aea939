import { questionTokens } from './analyze.ts';
import { inverseDocumentFrequency } from './bm25-settings.ts';
import type { PassageStore } from './passage-store.ts';
import { queryTerms, relatedQueryTerms, type QueryTerm } from './query-terms.ts';

/** How names in code look: camelCase, PascalCase with initials, snake_case, dotted, options. */
const NAME = /[a-z][A-Z]|[A-Z]{2}[a-z]|_|\.[A-Za-z]|^--/;

/** Where a sentence or line ends. */
const SENTENCE_END = /(?<=[.?!])\s+|(?<=[。？！])|\n+/u;
/** Known terms that make an opening say what a question is about; a greeting does not. */
const LEAST_OPENING_TERMS = 2;

/** A question as evidence about passages is read for it. */
export interface AskedQuestion {
	/** Number of the library that is searched; ALL_LIBRARIES for all. */
	library: number;
	/** Terms of the question itself. */
	own: QueryTerm[];
	/** The same, then those of related words. */
	terms: QueryTerm[];
	/** Sum of the weights of the terms that were asked for; at least a little, to divide by. */
	weight: number;
	/** The same, each as often as it was asked. */
	countedWeight: number;
	/** Terms of names that were asked for whole. */
	identifiers: Set<number>;
	identifierWeight: number;
	/** Share of the question's weight whose terms some passage holds. */
	known: number;
	/** Numbers of the libraries that the question names. */
	namedLibraries: Set<number>;
}

/**
 * Reads a question with the vocabulary of an index and the frequencies of what is searched.
 * @param library searched; ALL_LIBRARIES for all
 */
export function readQuestion(question: string, store: PassageStore, library: number): AskedQuestion {
	const { text } = store;
	const size = text.librarySize(library);
	const own = queryTerms(question, text, library);
	const terms = [...own, ...relatedQueryTerms(question, text, library)];
	const weights = new Map(terms.map(({ term, idf }) => [term, idf]));
	const libraryNames = new Set(store.libraryNames.map((name) => name.toLowerCase()));
	const identifiers = new Set<number>();
	const seen = new Set<string>();
	let unknownWeight = 0;
	let identifierWeight = 0;
	for (const { raw, terms: asked } of questionTokens(question, text.languages(library))) {
		const isName = !libraryNames.has(raw.toLowerCase()) && NAME.test(raw);
		asked.forEach((term, at) => {
			if (seen.has(term)) return;
			seen.add(term);
			const number = text.vocabulary.find(term);
			const frequency = number === undefined ? 0 : text.documentFrequency(number, library);
			if (frequency === 0) unknownWeight += inverseDocumentFrequency(size, 0);
			if (!isName || at > 0) return;
			const weight = number === undefined ? undefined : weights.get(number);
			identifierWeight += weight ?? inverseDocumentFrequency(size, frequency);
			if (number !== undefined) identifiers.add(number);
		});
	}
	const knownWeight = own.reduce((sum, { idf }) => sum + idf, 0);
	return {
		library,
		own,
		terms,
		weight: knownWeight || 1,
		countedWeight: own.reduce((sum, { count, idf }) => sum + count * idf, 0),
		identifiers,
		identifierWeight,
		known: knownWeight / (knownWeight + unknownWeight || 1),
		namedLibraries: namedLibraries(question, store)
	};
}

/** What a question opens with, which mostly is its subject: its first sentence, with the next ones until it has enough known terms. */
export function readOpening(question: string, store: PassageStore, library: number): string {
	let opening = '';
	for (const sentence of question.split(SENTENCE_END)) {
		opening += `${sentence} `;
		if (queryTerms(opening, store.text, library).length >= LEAST_OPENING_TERMS) break;
	}
	return opening.trim();
}

function namedLibraries(question: string, store: PassageStore): Set<number> {
	const words = new Set(question.toLowerCase().match(/[\p{L}\p{N}@/_-]+/gu));
	const named = new Set<number>();
	store.libraryNames.forEach((name, number) => {
		if (words.has(name.toLowerCase())) named.add(number);
	});
	return named;
}
