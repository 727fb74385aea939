import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Bm25Index } from '#lib/server/search/bm25-index.ts';
import { Bm25Search } from '#lib/server/search/bm25-search.ts';
import { ALL_LIBRARIES } from '#lib/server/search/library-ranges.ts';
import { queryTerms } from '#lib/server/search/query-terms.ts';

/** Some are in nearly every passage, most in a few: what frequent words are avoided by. */
const words = Array.from({ length: 40 }, (_, rank) => `word${rank}`);
const word = fc.integer({ min: 0, max: 999 }).map((drawn) => words[Math.floor(40 * (drawn / 1000) ** 3)]!);
const text = (maxLength: number) =>
	fc.array(word, { minLength: 1, maxLength }).map((drawn) => drawn.join(' '));
const passages = fc.array(
	fc.record({ library: fc.integer({ min: 0, max: 2 }), title: text(2), body: text(20) }),
	{ minLength: 1, maxLength: 120 }
);
const byNumber = (a: number, b: number) => a < b;

/** All scores by adding up every entry of every term, passage by passage. */
function plainScores(index: Bm25Index, question: string, library: number) {
	const query = queryTerms(question, index, library);
	const scores = new Map<number, number>();
	for (const { term, count, idf } of query) {
		for (const { segment, start, end } of index.slices(term, library)) {
			for (let entry = start; entry < end; entry += 1) {
				const number = segment.postings.numbers[entry]!;
				const gain = count * idf * (index.settings.k1 + 1) * segment.impacts[entry]!;
				scores.set(number, (scores.get(number) ?? 0) + gain);
			}
		}
	}
	return { query, scores };
}

it('finds the same by avoiding entries as by scoring them all', () => {
	fc.assert(
		fc.property(
			passages,
			fc.array(fc.nat({ max: 119 }), { maxLength: 10 }),
			fc.array(text(12), { minLength: 1, maxLength: 4 }),
			fc.constantFrom(ALL_LIBRARIES, 0, 1, 2),
			fc.integer({ min: 1, max: 12 }),
			fc.integer({ min: 1, max: 40 }),
			(given, removed, questions, library, limit, sealEvery) => {
				const index = new Bm25Index();
				given.forEach(({ library, title, body }, number) => {
					index.add(library, [title, '', body, '']);
					if (number % sealEvery === 0) index.seal();
				});
				for (const number of removed) index.remove(number);
				const search = new Bm25Search(index, 0);
				for (const question of questions) {
					const { query, scores } = plainScores(index, question, library);
					const found = search.best(query, library, limit, byNumber);
					const expected = [...scores.values()].sort((a, b) => b - a).slice(0, limit);
					expect(found.numbers.length).toBe(expected.length);
					found.numbers.forEach((number, at) => {
						expect(found.scores[at]).toBeCloseTo(scores.get(number)!, 10);
						expect(found.scores[at]).toBeCloseTo(expected[at]!, 10);
					});
					expect(new Set(found.numbers).size).toBe(found.numbers.length);
				}
			}
		),
		{ numRuns: 200 }
	);
});

it('puts equal scores in the order that was asked for, however many there are', () => {
	const index = new Bm25Index();
	for (let number = 0; number < 50; number += 1) index.add(0, ['', '', 'rare frequent', '']);
	for (let number = 0; number < 500; number += 1) index.add(0, ['', '', 'frequent', '']);
	const search = new Bm25Search(index, 0);
	const query = queryTerms('rare frequent', index, ALL_LIBRARIES);
	const lowest = search.best(query, ALL_LIBRARIES, 3, byNumber);
	expect([...lowest.numbers]).toEqual([0, 1, 2]);
	const highest = new Bm25Search(index, 0).best(query, ALL_LIBRARIES, 3, (a, b) => a > b);
	expect([...highest.numbers]).toEqual([49, 48, 47]);
});

it('answers again, after other questions and after a change, from what is there then', () => {
	const index = new Bm25Index();
	index.add(0, ['', '', 'walrus', '']);
	const search = new Bm25Search(index);
	const ask = (question: string, limit = 5) => [
		...search.best(queryTerms(question, index, ALL_LIBRARIES), ALL_LIBRARIES, limit, byNumber).numbers
	];
	expect(ask('walrus')).toEqual([0]);
	index.add(0, ['', '', 'walrus and seal', '']);
	expect(ask('walrus')).toEqual([0, 1]);
	expect(ask('seal')).toEqual([1]);
	expect(ask('walrus', 1)).toEqual([0]);
	expect(ask('walrus')).toEqual([0, 1]);
	index.remove(0);
	expect(ask('walrus')).toEqual([1]);
	expect(ask('seal')).toEqual([1]);
});
