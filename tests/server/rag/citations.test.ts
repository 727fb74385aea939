import fc from 'fast-check';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { visit } from 'unist-util-visit';
import { describe, expect, it } from 'vitest';
import { readCitations } from '#lib/server/rag/citations.ts';
import { markdownBlocks } from '#lib/server/rag/markdown-blocks.ts';

describe('citations', () => {
	it.each([
		['plain', 'Use a decorator [1].', [1]],
		['several in a row', 'Both work [2][1].', [1, 2]],
		['a list in one pair of brackets', 'Both work [1, 3].', [1, 3]],
		['the same one twice', 'Yes [1]. Really [1].', [1]],
		['in bold or in a table', '**Yes [1]**\n\n| a |\n|---|\n| b [3] |', [1, 3]],
		['with a definition further down', 'Yes [2].\n\n[2]: https://example.com', [2]],
		['at the very start', '[2] says so.', [2]],
		['directly behind a word, or as a range', '**Yes**[3] and so[1-2].', [1, 2, 3]],
		['as footnotes, with or without their text', 'Yes.[^2] So.[^3]\n\n[^2]: The page, as in [1].', [2, 3]],
		['none', 'No idea.', []]
	])('reads %s', async (_, answer, expected) => {
		expect((await readCitations(answer, 3)).valid).toEqual(expected);
	});

	it('counts only numbers that were given', async () => {
		expect(await readCitations('Made up [4], given [3].', 3)).toEqual({
			valid: [3],
			invalid: [4]
		});
	});

	it.each([
		['an index into a variable', 'Read row_names[1] or x[2] there.'],
		['fenced code', '```python\nx = [1]\n```'],
		['a fence that is still open', 'See\n```\n[1]'],
		['inline code', 'The list `[1]` is short.'],
		['a fence inside a longer fence', '````md\n```\nx\n```\n[1]\n````'],
		['a number that a quoted passage has', 'See \\[1\\] there.'],
		['the text of a link', 'See [1](https://example.com).']
	])('does not take %s for a citation', async (_, answer) => {
		expect(await readCitations(answer, 3)).toEqual({ valid: [], invalid: [] });
	});

	it('does not take an interval for a citation', async () => {
		expect(await readCitations('A share in [0, 1].', 3)).toEqual({ valid: [], invalid: [] });
	});

	it('never reports a number outside the sources as valid', async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 30 })), fc.nat(20), async (numbers, count) => {
				const answer = numbers.map((n) => `Text [${n}].`).join(' ');
				const { valid, invalid } = await readCitations(answer, count);
				expect(valid.every((n) => n >= 1 && n <= count)).toBe(true);
				expect([...valid, ...invalid].toSorted((a, b) => a - b)).toEqual(
					[...new Set(numbers)].toSorted((a, b) => a - b)
				);
			})
		);
	});

	const fragment = fc.constantFrom(
		'Text [1].',
		'- item [2]',
		'  more of it [3]',
		'    deep [4]',
		'```',
		'~~~js',
		'````',
		'`code [5]`',
		'> quoted [6]',
		'| a | [7] |',
		'|---|---|',
		'# Heading [8]',
		'1. one [9]',
		'***',
		'- ```js',
		'1. ~~~',
		'-\t```',
		'  x = [1]',
		'  ```',
		'   ~~~'
	);

	it('reads the same in slices as in one stretch', async () => {
		const parts = fc.array(fc.tuple(fragment, fc.constantFrom('\n', '\n\n')), { maxLength: 30 });
		await fc.assert(
			fc.asyncProperty(parts, async (lines) => {
				const answer = lines.map(([text, end]) => text + end).join('');
				expect((await readCitations(answer, 9)).valid).toEqual(citedInOneStretch(answer));
			}),
			{ numRuns: 500 }
		);
	});

	it.each(['- ', '> ', '1. ', '* + - ', '> - '])(
		'reads an answer nested in thousands of %j',
		async (mark) => {
			expect((await readCitations(`${mark.repeat(20_000)}deep [1]\n\nPlain [2].`, 3)).valid).toContain(2);
		}
	);

	it.each(['', '```\n', '- ```\n  x\n  ```\n\n', '> ```\n\n'])(
		'leaves out the marks that a line has too many of, behind %j',
		(before) => {
			const blocks = [...markdownBlocks(`${before}${'- '.repeat(1000)}deep [1]`)];
			expect(blocks.join('\n').match(/- /g)!.length).toBeLessThan(20);
		}
	);

	it.each([
		'- ```js\n  x\n  ```',
		'1. ~~~\n   x\n   ~~~',
		'-\t```\n\tx\n\t```',
		'10. a\n\n    ```\n    x\n    ```'
	])('reads on behind code in a list item: %j', async (item) => {
		const prose = 'Some words of an answer.\n\n'.repeat(400);
		expect((await readCitations(`${item}\n\n${prose}Last [2].`, 3)).valid).toEqual([2]);
	});

	it('does not lose a fence of a list item where it cuts', async () => {
		for (const [mark, margin] of [
			['- ', '  '],
			['10. ', '    ']
		] as const) {
			const code = `${mark}\`\`\`\n${`${margin}x = [1]\n\n`.repeat(1500)}`;
			expect(await readCitations(code, 3)).toEqual({ valid: [], invalid: [] });
			expect((await readCitations(`${code}${margin}\`\`\`\n\nProse [2].`, 3)).valid).toEqual([2]);
			// The item ends, and its code with it.
			expect((await readCitations(`${code}Prose [2].`, 3)).valid).toEqual([2]);
		}
	});

	it('reads a long answer in pieces of a bounded length', () => {
		const answer = `${'word '.repeat(5000)}\n\n${'- a\n'.repeat(5000)}\n\`\`\`\n${'x = [1]\n'.repeat(5000)}`;
		const blocks = [...markdownBlocks(answer)];
		expect(Math.max(...blocks.map((block) => block.length))).toBeLessThan(9000);
		expect(blocks.join('').replaceAll(/\s|```/g, '')).toBe(answer.replaceAll(/\s|```/g, ''));
	});

	it('does not lose a fence where it cuts', async () => {
		const code = `\`\`\`\n${'x = [1]\n\n'.repeat(2000)}`;
		expect(await readCitations(code, 3)).toEqual({ valid: [], invalid: [] });
		expect((await readCitations(`${code}\`\`\`\n\nProse [2].`, 3)).valid).toEqual([2]);
	});
});

/** The numbers in the prose of a text, by parsing it as a whole. */
function citedInOneStretch(answer: string): number[] {
	const cited = new Set<number>();
	visit(unified().use(remarkParse).use(remarkGfm).parse(answer), 'text', ({ value }) => {
		for (const [, digits] of value.matchAll(/\[(\d)\]/g)) cited.add(Number(digits));
	});
	return [...cited].toSorted((a, b) => a - b);
}
