import { describe, expect, test } from 'vitest';
import { loadLanguage } from '#lib/ui/markdown/code-languages.ts';
import { GrowingMarkdown } from '#lib/ui/markdown/growing-markdown.ts';
import { renderMarkdown } from '#lib/ui/markdown/render.ts';
import fc from 'fast-check';
import { forbiddenIn, textOf } from './markdown-html.ts';
import { markdownText } from './markdown-text.ts';

const context = { titles: ['First', 'Second', 'Third'], hosts: ['a.example'] };
const CARET = '<span class="caret" aria-hidden="true"></span>';

const ANSWER = `# Routes

Declare a route with **a decorator** and a *function*:
- one with \`GET\` [1]
- another with [a body](https://a.example/body) [2, 3].

    indented

1. first

   still first
2. second

\`\`\`python
@app.get("/")

def read(): # [1]
    return "x"
\`\`\`

| a | b |
|---|---|
| 1 | 2 [1] |

> A quote
over two lines.

Under
---

That is all [3].`;

/** The blocks after each character. */
function* grow(text: string, markdown = new GrowingMarkdown(context)) {
	for (let end = 1; end <= text.length; end++)
		yield { end, blocks: markdown.render(text.slice(0, end), true) };
}

/** Without what separates blocks, which means nothing in HTML. */
const joined = (blocks: { html: string }[]) => blocks.map(({ html }) => html).join('\n');

/** Whatever white space it has, and whatever empty lines end its code. */
const spaced = (html: string) => html.replaceAll(/\s+/g, ' ').replaceAll(' </', '</').trim();

/** What is shown while only the given has arrived. */
const shown = (text: string) => joined(new GrowingMarkdown(context).render(text, true)).replace(CARET, '');

describe('A growing text', () => {
	test('ends as the same HTML as the whole text rendered at once', () => {
		const markdown = new GrowingMarkdown(context);
		for (const _ of grow(ANSWER, markdown));
		expect(joined(markdown.render(ANSWER, false))).toBe(renderMarkdown(ANSWER, context));
		expect(joined(new GrowingMarkdown(context).render(ANSWER, false))).toBe(renderMarkdown(ANSWER, context));
	});

	test('finished blocks are kept: the same objects, not made again', () => {
		let before: ReturnType<GrowingMarkdown['render']> = [];
		for (const { blocks } of grow(ANSWER)) {
			expect(blocks.length).toBeGreaterThanOrEqual(before.length - 1);
			for (const [index, block] of before.slice(0, -1).entries()) expect(blocks[index]).toBe(block);
			expect(blocks.map(({ key }) => key)).toEqual(blocks.map((_, index) => index));
			before = blocks;
		}
		expect(before.length).toBe(9);
	});

	test('the last block is not made again for the same text', () => {
		const markdown = new GrowingMarkdown(context);
		expect(markdown.render('a\n\nb', true)[1]).toBe(markdown.render('a\n\nb', true)[1]);
	});

	test('a paragraph is finished as soon as the next one has its first letter', () => {
		const markdown = new GrowingMarkdown();
		expect(markdown.render('one\n\n', true)).toHaveLength(1);
		expect(markdown.render('one\n\nt', true).map(({ html }) => html.trim())).toEqual([
			'<p>one</p>',
			`<p>t${CARET}</p>`
		]);
	});

	test('there is one caret while it grows, at the very end of the text, and none after', () => {
		for (const { blocks, end } of grow(ANSWER)) {
			const html = joined(blocks);
			if (ANSWER.slice(0, end).trim() === '#') continue;
			expect(html.split(CARET)).toHaveLength(2);
			expect(textOf(html.slice(html.indexOf(CARET))).trim()).toBe('');
		}
		expect(joined(new GrowingMarkdown().render(ANSWER, false))).not.toContain('caret');
	});

	test('code is code from its first line on, and is never read for marks', () => {
		expect(shown('```python\nx = [1')).toContain('<pre role="group" aria-label="Code, python"');
		expect(textOf(shown('```\na = rows[1'))).toBe('a = rows[1');
		expect(textOf(shown('```\na\n-'))).toBe('a\n-');
		expect(textOf(shown('- x\n  ```\n  **a'))).toContain('**a');
	});

	test('a text that does not continue the last one is rendered anew', () => {
		const markdown = new GrowingMarkdown();
		markdown.render(ANSWER, true);
		expect(joined(markdown.render('other', false))).toBe('<p>other</p>');
		expect(markdown.render('', false)).toEqual([]);
	});

	test.each([
		['bold', 'a **bold te', '<p>a <strong>bold te</strong></p>'],
		['an opening mark', 'a **', '<p>a </p>'],
		['inline code', 'call `f(*a', '<p>call <code>f(*a</code></p>'],
		['bold with code in it', '**a `b', '<p><strong>a <code>b</code></strong></p>'],
		['bold in an item', '- x\n- **b', '<ul>\n<li>x</li>\n<li><strong>b</strong></li>\n</ul>'],
		['the text of a link', 'see [the do', '<p>see the do</p>'],
		['the address of a link', 'see [docs](htt', '<p>see docs</p>'],
		['a longer address of a link', 'see [docs](https://a.exam', '<p>see docs</p>'],
		['a citation', 'so [1', '<p>so</p>'],
		['more of a citation', 'so [1, ', '<p>so</p>'],
		['the mark of an item', 'two:\n-', '<p>two:</p>'],
		['a fence', 'so:\n\n``', '<p>so:</p>'],
		['a product', '2 * 3 ** 4', '<p>2 * 3 ** 4</p>'],
		['what Markdown takes for bold', 'call __init', '<p>call <strong>init</strong></p>'],
		['escaped marks', 'a \\*\\*b', '<p>a **b</p>']
	])('half written, %s does not flash', (_name, text, html) => {
		expect(
			shown(text)
				.replaceAll(/\s+(?=<\/p>)/g, '')
				.trimEnd()
		).toBe(html.replace(/ (?=<\/p>)/, ''));
	});

	test('any text at any time: nothing thrown, nothing forbidden, and in the end the same as at once', () => {
		fc.assert(
			fc.property(markdownText, fc.array(fc.nat({ max: 9 }), { minLength: 1 }), (text, steps) => {
				const markdown = new GrowingMarkdown(context);
				let end = 0;
				for (let step = 0; end < text.length; step++) {
					end += 1 + steps[step % steps.length]!;
					for (const { html } of markdown.render(text.slice(0, end), true))
						expect(forbiddenIn(html)).toEqual([]);
				}
				const grown = spaced(joined(markdown.render(text, false)));
				// Definitions reach only their own block, and one may come to take in the words below it.
				if (/\]:/.test(text)) return;
				expect(grown).toBe(spaced(joined(new GrowingMarkdown(context).render(text, false))));
				// The parser reads an empty item by what stands before its block.
				if (!/(?:[-+*]|\d[.)])[ \t]*$/m.test(text)) expect(grown).toBe(spaced(renderMarkdown(text, context)));
			}),
			{ numRuns: 200 }
		);
	});
});

test('colours that come later are those that would have been there from the start', async () => {
	const text = '```rust\nlet a = 1;\n```\n\n```rust\nlet b = 2;\n```\n\nThe `end`.\n\n```rust\nlet c';
	const markdown = new GrowingMarkdown();
	const plain = markdown.render(text, true).map(({ html }) => html);
	expect(plain.join('')).not.toContain('hljs');
	await loadLanguage('rust');
	expect(markdown.render(text, true).map(({ html }) => html)).toEqual(plain);
	markdown.recolour('rust');
	const coloured = markdown.render(text, true).map(({ html }) => html);
	expect(coloured).toEqual(new GrowingMarkdown().render(text, true).map(({ html }) => html));
	expect(coloured.join('').match(/hljs-keyword/g)).toHaveLength(3);
	expect(coloured[2]).toBe(plain[2]);
});
