/** A question is searched by so many of its terms, those that weigh most: a pasted log must not hold up everybody else. */
const MOST_QUERY_TERMS = 64;

/** A term of a question that the index knows. */
export interface QueryTerm {
	/** Number in the vocabulary. */
	term: number;
	/** How often it was asked. */
	count: number;
	/** Inverse document frequency; of a related word, the share that counts. */
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

/** The terms that can give most, in the order of the question. */
export function heaviest(terms: QueryTerm[]): QueryTerm[] {
	if (terms.length <= MOST_QUERY_TERMS) return terms;
	const kept = new Set(
		terms.toSorted((a, b) => b.count * b.idf - a.count * a.idf).slice(0, MOST_QUERY_TERMS)
	);
	return terms.filter((term) => kept.has(term));
}
