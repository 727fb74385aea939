import { beforeEach, describe, expect, test, vi } from 'vitest';
import { GrowingMarkdown } from '#lib/ui/markdown/growing-markdown.ts';
import {
	DEEPEST,
	DEEPEST_IN_CODE,
	LONGEST_CODE,
	LONGEST_PIECE,
	withoutDeepMarks
} from '#lib/ui/markdown/pieces.ts';
import { markdownParser } from '#lib/ui/markdown/plain-markdown.ts';
import { renderMarkdown } from '#lib/ui/markdown/render.ts';
import { DEEPEST_ELEMENT } from '#lib/ui/markdown/safe-html.ts';
import fc from 'fast-check';
import type { Nodes } from 'hast';
import rehypeParse from 'rehype-parse';
import { unified } from 'unified';
import { forbiddenIn, textOf } from './markdown-html.ts';
import { markdownText } from './markdown-text.ts';

vi.mock('#lib/ui/markdown/render.ts', async (importOriginal) => {
	const original = await importOriginal<{ renderMarkdown: typeof renderMarkdown }>();
	return { ...original, renderMarkdown: vi.fn(original.renderMarkdown) };
});
const rendered = vi.mocked(renderMarkdown);
const parsed = vi.spyOn(markdownParser, 'parse');
beforeEach(() => {
	rendered.mockClear();
	parsed.mockClear();
});

/** How many characters were read since the last look, and how many at most at one go. */
function work(): { total: number; longest: number } {
	const lengths = [...rendered.mock.calls, ...parsed.mock.calls].map(([text]) => String(text).length);
	rendered.mockClear();
	parsed.mockClear();
	return { total: lengths.reduce((sum, each) => sum + each, 0), longest: Math.max(0, ...lengths) };
}

const SIZE = 30_000;
const repeated = (text: string) => text.repeat(Math.ceil(SIZE / text.length)).slice(0, SIZE);
const stairs = Array.from({ length: 170 }, (_, depth) => `${'  '.repeat(depth)}- a\n`).join('');
const HOSTILE: [name: string, text: string][] = [
	...[
		'- ',
		'> ',
		'1. ',
		'> - ',
		'>',
		'[',
		'![',
		'*a ',
		'**a _b ',
		'`',
		'<',
		'(',
		'| ',
		'a]',
		'[a](',
		'[^a]'
	].map((mark): [string, string] => [mark, repeated(mark)]),
	['steps of a list', stairs],
	['steps of a quote', repeated(`${'> '.repeat(DEEPEST)}a\n`)],
	['a deep list, then lazy lines', '- '.repeat(50) + repeated('a\n')],
	['deep indentation', repeated(`${' '.repeat(400)}a\n`)],
	['one line', repeated('a ')],
	['one word', repeated('a')],
	['one paragraph', repeated('word word\n')],
	['one list', repeated('- item *one* [1]\n')],
	['one table', '| a | b |\n|---|---|\n' + repeated('| 1 | 2 |\n')],
	['a table of many columns', `${repeated('|a')}\n${repeated('|-')}`],
	['one block of code', '```js\n' + repeated('const a = "b"; // c\n')],
	['code within an item', '- a\n\n' + repeated('      code\n')],
	['fences that are not closed', repeated('```js\na\n~~~\n')],
	['definitions', repeated('[a]: b\n')],
	['blank lines', repeated('\n')],
	// The parser lets the heading begin with the definition.
	['a definition, a heading, blank lines', `[1]: x\na\n===\n${repeated('\n')}`],
	['definitions and headings', repeated('[1]: x\na\n===\n')],
	['spaces', repeated(' ')],
	['many paragraphs', repeated('a\n\n')]
];

/** Elements within one another. */
function depthOf(node: Nodes): number {
	return 'children' in node ? 1 + Math.max(0, ...node.children.map(depthOf)) : 0;
}
const html = unified().use(rehypeParse, { fragment: true });
/** What our own marks (coloured code, citations, frames, the caret) may put around or into what the text has. */
const OUR_OWN = 6;

describe('Work is bounded', () => {
	test.each(HOSTILE)('30 kB at once, %s: read in pieces, each once or a few times', (_name, text) => {
		const blocks = new GrowingMarkdown({ titles: ['One'] }).render(text, false);
		const { total, longest } = work();
		expect(longest).toBeLessThanOrEqual(LONGEST_CODE);
		expect(total).toBeLessThanOrEqual(4 * text.length + 4 * LONGEST_CODE);
		for (const block of blocks) {
			expect(depthOf(html.parse(block.html))).toBeLessThanOrEqual(DEEPEST_ELEMENT + OUR_OWN);
			expect(forbiddenIn(block.html)).toEqual([]);
		}
	});

	test.each(HOSTILE)(
		'30 kB that grow, %s: each step reads the open block, whatever came before',
		(_name, text) => {
			const markdown = new GrowingMarkdown({ titles: ['One'] });
			markdown.render(text, true);
			work();
			for (let end = text.length; end < text.length + 12; end += 1) {
				markdown.render(text + ' and\nmore\n\n'.slice(0, end - text.length), true);
				const { total, longest } = work();
				expect(longest).toBeLessThanOrEqual(LONGEST_CODE);
				expect(total).toBeLessThanOrEqual(3 * LONGEST_CODE);
			}
		}
	);

	test.each(HOSTILE)('30 kB at once, %s: a frame at a time comes to the same', (_name, text) => {
		const atOnce = new GrowingMarkdown({ titles: ['One'] }).render(text, false);
		const markdown = new GrowingMarkdown({ titles: ['One'] });
		let frames = 0;
		let blocks;
		do {
			work();
			blocks = markdown.render(text, false, () => true);
			frames += 1;
			expect(work().total).toBeLessThanOrEqual(4 * LONGEST_CODE);
		} while (markdown.behind);
		expect(frames).toBeLessThanOrEqual(2 + (2 * text.length) / LONGEST_PIECE);
		expect(blocks.map(({ key, html, continued }) => [key, html, continued])).toEqual(
			atOnce.map(({ key, html, continued }) => [key, html, continued])
		);
	});

	test('a step in the middle of a long answer reads its last block only', () => {
		const before = 'A paragraph of a few words.\n\n'.repeat(500);
		const markdown = new GrowingMarkdown();
		markdown.render(`${before}The last one`, true);
		work();
		markdown.render(`${before}The last one grows`, true);
		expect(work()).toEqual({ total: 'The last one grows'.length, longest: 'The last one grows'.length });
	});
});

describe('A block that is too long for one', () => {
	const blocksOf = (text: string) => new GrowingMarkdown().render(text, false);
	const textOfAll = (text: string) =>
		blocksOf(text)
			.map((block) => textOf(block.html))
			.join('');

	test('code goes on as code of the same language, without a line lost', () => {
		const code = 'let a = "b";\n\n'.repeat(2000);
		const blocks = blocksOf(`\`\`\`js\n${code}\`\`\`\n\nThe end.`);
		expect(blocks.length).toBe(Math.ceil(code.length / (LONGEST_CODE - 20)) + 1);
		expect(blocks.slice(0, -1).every((block) => block.html.includes('class="language-js"'))).toBe(true);
		expect(blocks.map(({ continued }) => continued)).toEqual(
			blocks.map((_, index) => index > 0 && index < blocks.length - 1)
		);
		expect(textOfAll(`\`\`\`js\n${code}\`\`\`\n\nThe end.`)).toBe(`${code}The end.`);
	});

	test('a table goes on under the same head', () => {
		const rows = Array.from({ length: 600 }, (_, index) => `| ${index} | x |\n`).join('');
		const blocks = blocksOf(`\n\n| n | b |\n|--:|---|\n${rows}`);
		expect(blocks.length).toBeGreaterThan(1);
		for (const block of blocks) expect(block.html).toMatch(/<th align="right">n<\/th>/);
		expect(blocks.flatMap((block) => block.html.match(/<td align="right">/g)).length).toBe(600);
	});

	test('a list goes on with its next item and number', () => {
		const items = Array.from({ length: 500 }, (_, index) => `${index + 1}. item\n   more\n`).join('');
		const blocks = blocksOf(items);
		expect(blocks.length).toBeGreaterThan(1);
		const starts = blocks.map((block) => Number(/^<ol start="(\d+)">/.exec(block.html)?.[1] ?? 1));
		const counts = blocks.map((block) => block.html.match(/<li>/g)!.length);
		expect(starts).toEqual(
			counts.map((_, index) => 1 + counts.slice(0, index).reduce((sum, n) => sum + n, 0))
		);
		expect(counts.reduce((sum, n) => sum + n, 0)).toBe(500);
	});

	test('words are kept whole characters, and none is lost', () => {
		const text = '😀'.repeat(LONGEST_PIECE);
		expect(textOfAll(text)).toBe(text);
	});
});

describe('Marks of lists and quotes', () => {
	const FENCE = '`'.repeat(3);
	const deep = `${'> '.repeat(DEEPEST + 5)}a`;

	test('beyond a depth are left out, the words stay', () => {
		expect(withoutDeepMarks(`b\n${deep}\nc`)).toBe(`b\n${'> '.repeat(DEEPEST).trimEnd()} a\nc`);
		expect(textOf(renderMarkdown(withoutDeepMarks(deep))).trim()).toBe('a');
	});

	test.each([
		`${FENCE}\n${deep}\n${FENCE}`,
		'-'.repeat(40),
		`1.2.3.4.5.6.7.8.9.10.11.12.13`,
		'*'.repeat(30) + 'a'
	])('what only looks like them stays: %s', (text) => {
		expect(withoutDeepMarks(text)).toBe(text);
	});

	test.each([`- ${FENCE}\n  x\n  ${FENCE}\n\n`, `> ${FENCE}\n\n`, `${FENCE}\n`])(
		'have an end behind %j too, where they may be no code',
		(before) => {
			const shown = withoutDeepMarks(`${before}${'- '.repeat(1000)}a`);
			expect(shown.match(/- /g)!.length).toBeLessThanOrEqual(DEEPEST_IN_CODE + 1);
		}
	);
});

test('any long text, grown in any steps, ends as the same as at once', () => {
	const long = fc
		.array(markdownText, { minLength: 20, maxLength: 60 })
		.map((parts) => parts.join('\n').repeat(3));
	fc.assert(
		fc.property(long, fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1 }), (text, steps) => {
			const markdown = new GrowingMarkdown();
			for (let end = 0, step = 0; end < text.length; step++) {
				end += steps[step % steps.length]!;
				markdown.render(text.slice(0, end), true);
			}
			expect(markdown.render(text, false).map((block) => block.html)).toEqual(
				new GrowingMarkdown().render(text, false).map((block) => block.html)
			);
		}),
		{
			numRuns: 25,
			examples: [
				['words\n* 1.\nwords', [14]],
				['[1]: x\nwords\n===\n\nwords', [1]]
			]
		}
	);
});
