import type { Bm25Index } from './bm25-index.ts';
import { inverseDocumentFrequency } from './bm25-settings.ts';
import { relatedTerms } from './related-words.ts';
import { PART_MARK } from './text/forms.ts';

/** A question is searched by so many of its terms, those that weigh most: a pasted log must not hold up everybody else. */
const MOST_QUERY_TERMS = 64;

/** How much a word that is only related to one of the question counts. */
const RELATED_WEIGHT = 0.3;

/** How much a part of a word counts, which other words may have too. */
const PART_WEIGHT = 0.5;

/** A term of a question that the index knows. */
export interface QueryTerm {
	/** Number in the vocabulary. */
	term: number;
	/** How often it was asked. */
	count: number;
	/** Inverse document frequency; of a related word or a part of one, the share that counts. */
	idf: number;
	/** Not asked for, but stands for something that was. */
	isRelated: boolean;
}

/** Whether two questions are scored alike. */
export function isSameQuery(one: readonly QueryTerm[], other: readonly QueryTerm[]): boolean {
	return (
		one.length === other.length &&
		one.every(({ term, count, idf }, at) => {
			const same = other[at]!;
			return term === same.term && count === same.count && idf === same.idf;
		})
	);
}

/**
 * The distinct known terms of a question with their weights, in its order; of a very long one, the heaviest.
 * @param library counts passages of this library only; ALL_LIBRARIES counts all
 */
export function queryTerms(question: string, index: Bm25Index, library: number): QueryTerm[] {
	const counts = new Map<number, number>();
	const count = (term: number) => counts.set(term, (counts.get(term) ?? 0) + 1);
	index.vocabulary.readQuestion(question, index.languages(library), count);
	const terms: QueryTerm[] = [];
	const size = index.librarySize(library);
	for (const [term, count] of counts) {
		const frequency = index.documentFrequency(term, library);
		if (frequency === 0) continue;
		const idf = weightOf(index.vocabulary.term(term)) * inverseDocumentFrequency(size, frequency);
		terms.push({ term, count, idf, isRelated: false });
	}
	return heaviest(terms);
}

/** Share of its inverse document frequency that a term counts by. */
export function weightOf(term: string): number {
	return term.endsWith(PART_MARK) ? PART_WEIGHT : 1;
}

/**
 * Known terms that are not in a question but related to its words, with the share of their weight that counts.
 * @param library counts passages of this library only; ALL_LIBRARIES counts all
 */
export function relatedQueryTerms(question: string, index: Bm25Index, library: number): QueryTerm[] {
	return relatedTerms(question).flatMap((word) => {
		const term = index.vocabulary.find(word);
		const frequency = term === undefined ? 0 : index.documentFrequency(term, library);
		if (term === undefined || frequency === 0) return [];
		const idf = RELATED_WEIGHT * inverseDocumentFrequency(index.librarySize(library), frequency);
		return [{ term, count: 1, idf, isRelated: true }];
	});
}

/** The terms that can give most, in the order of the question. */
function heaviest(terms: QueryTerm[]): QueryTerm[] {
	if (terms.length <= MOST_QUERY_TERMS) return terms;
	const kept = new Set(
		terms.toSorted((a, b) => b.count * b.idf - a.count * a.idf).slice(0, MOST_QUERY_TERMS)
	);
	return terms.filter((term) => kept.has(term));
}
