import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { citationMarks, isCitation } from '#lib/contract/citation.ts';

const numbersIn = (prose: string) => citationMarks(prose).map(({ numbers }) => numbers);

describe('citations in prose', () => {
	it.each([
		['a number', 'Roses need water [1].', [[1]]],
		['several in one pair of brackets', 'Water them [1, 2; 4].', [[1, 2, 4]]],
		[
			'a range',
			'Water them [2-4], or [5–6].',
			[
				[2, 3, 4],
				[5, 6]
			]
		],
		['several in a row', 'Water them [2][1] [3].', [[2, 1, 3]]],
		['directly behind a word', 'Water them[1], and cut roses[2].', [[1], [2]]],
		['directly behind a name in capitals', 'It is in FastAPI[3] and Node.js[4].', [[3], [4]]],
		['a footnote', 'Water them.[^2]', [[2]]],
		['a word for it', 'Water them [Source 1], [sources 2, 3].', [[1], [2, 3]]],
		['brackets of another typography', '水をやる【1】。もう【2†L3-L9】。', [[1], [2]]],
		['full width', '浇水［１］，剪枝［２，３］。', [[1], [2, 3]]]
	])('are read: %s', (_form, prose, numbers) => {
		expect(numbersIn(prose)).toEqual(numbers);
	});

	it.each([
		['an index of a variable', 'Then x[1] and row_names[2] and get()[3] follow.'],
		['an interval from zero', 'A share in [0, 1].'],
		['a year', 'It came in [2024].'],
		['an escaped number', 'A quoted \\[1].'],
		['a range that falls, or is endless', 'From [4-2] or [1-999].'],
		['words', 'See [the 2nd page] or [ ] or [x].'],
		['a checked box', '- [x] done'],
		['a bracket that is not closed', 'See [1, 2']
	])('are not: %s', (_what, prose) => {
		expect(numbersIn(prose)).toEqual([]);
	});

	it('stand where the marks say, in order, and never overlap', () => {
		const parts = fc.constantFrom(
			'[',
			']',
			'【',
			'】',
			'†',
			'^',
			'1',
			'12',
			'０',
			' ',
			',',
			'-',
			'word',
			'_',
			'\\',
			'［',
			'］',
			'Source '
		);
		fc.assert(
			fc.property(fc.array(parts, { maxLength: 30 }), (pieces) => {
				const prose = pieces.join('');
				let last = 0;
				for (const { start, end, numbers } of citationMarks(prose)) {
					expect(start).toBeGreaterThanOrEqual(last);
					expect(prose.slice(start, end)).toMatch(/^[[［【].*[\]］】]$/s);
					expect(numbers.length).toBeGreaterThan(0);
					expect(numbers.every((number) => number > 0)).toBe(true);
					last = end;
				}
			})
		);
	});

	it('are a whole text, or not', () => {
		expect(['[1]', '[^1]', '[1, 2]'].map(isCitation)).toEqual([true, true, true]);
		expect(['a [1]', '[1].', '[a]', ''].map(isCitation)).toEqual([false, false, false, false]);
	});
});
