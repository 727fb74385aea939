import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCitations } from '#lib/server/rag/citations.ts';

describe('citations', () => {
	it.each([
		['plain', 'Use a decorator [1].', [1]],
		['several in a row', 'Both work [2][1].', [1, 2]],
		['a list in one pair of brackets', 'Both work [1, 3].', [1, 3]],
		['the same one twice', 'Yes [1]. Really [1].', [1]],
		['in bold or in a table', '**Yes [1]**\n\n| a |\n|---|\n| b [3] |', [1, 3]],
		['with a definition further down', 'Yes [2].\n\n[2]: https://example.com', [2]],
		['at the very start', '[2] says so.', [2]],
		['none', 'No idea.', []]
	])('reads %s', (_, answer, expected) => {
		expect(readCitations(answer, 3).valid).toEqual(expected);
	});

	it('counts only numbers that were given', () => {
		expect(readCitations('Made up [4] and [0], given [3].', 3)).toEqual({ valid: [3], invalid: [0, 4] });
	});

	it.each([
		['an index into a variable', 'Read rows[1] there.'],
		['fenced code', '```python\nx = [1]\n```'],
		['a fence that is still open', 'See\n```\n[1]'],
		['inline code', 'The list `[1]` is short.'],
		['a fence inside a longer fence', '````md\n```\nx\n```\n[1]\n````'],
		['a number that a quoted passage has', 'See \\[1\\] there.'],
		['the text of a link', 'See [1](https://example.com).']
	])('does not take %s for a citation', (_, answer) => {
		expect(readCitations(answer, 3)).toEqual({ valid: [], invalid: [] });
	});

	it('never reports a number outside the sources as valid', () => {
		fc.assert(
			fc.property(fc.array(fc.nat(30)), fc.nat(20), (numbers, count) => {
				const answer = numbers.map((n) => `Text [${n}].`).join(' ');
				const { valid, invalid } = readCitations(answer, count);
				expect(valid.every((n) => n >= 1 && n <= count)).toBe(true);
				expect([...valid, ...invalid].toSorted((a, b) => a - b)).toEqual(
					[...new Set(numbers)].toSorted((a, b) => a - b)
				);
			})
		);
	});
});
