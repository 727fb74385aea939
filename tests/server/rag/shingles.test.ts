import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isMostlyIn, shinglesOf } from '#lib/server/rag/shingles.ts';
import { isSaidBy } from '../../fixtures/recompute-ledger.ts';

/** Few words, so that texts share many runs, of several scripts and of none. */
const word = fc.constantFrom('router', 'Router', 'app_2', 'é', 'страница', 'पृष्ठ', '頁', '🚀', '--', '*', '');
const text = fc
	.array(fc.tuple(word, fc.constantFrom(' ', '\n', ', ', '.')), { maxLength: 30 })
	.map((drawn) => drawn.flat().join(''));

it('finds a text in another exactly where four fifths of its runs of words are', () => {
	fc.assert(
		fc.property(text, text, fc.boolean(), (one, rest, isLonger) => {
			const other = isLonger ? `${one} ${rest}` : rest;
			expect(isMostlyIn(shinglesOf(one), shinglesOf(other))).toBe(isSaidBy(one, other));
		}),
		{ numRuns: 2000 }
	);
});

it('knows a text without words as a whole', () => {
	const rule = shinglesOf(' | --- | ');
	expect(isMostlyIn(rule, shinglesOf('| --- |'))).toBe(true);
	expect(isMostlyIn(rule, shinglesOf('| === |'))).toBe(false);
	expect(isMostlyIn(rule, shinglesOf('a table | --- |'))).toBe(false);
});
