import { describe, expect, it } from 'vitest';
import { splitBlocks } from '#lib/server/model/quote-block.ts';

function blocksOf(markdown: string): [string, string][] {
	return splitBlocks(markdown).blocks.map(({ kind, text }) => [kind, text]);
}

function parentsOf(markdown: string): (number | null)[] {
	return splitBlocks(markdown).blocks.map(({ parent }) => parent);
}

describe('blocks of a passage', () => {
	it('are paragraphs, headings, items, code, and tables by their rows, each as it stands', () => {
		const markdown =
			'# Title\n\nOne\ntwo.\n\n- a\n  more\n- b\n\n```js\nx\n\ny\n```\n\n| a |\n|---|\n| 1 |\n\n---\nlast';
		expect(blocksOf(markdown)).toEqual([
			['heading', '# Title'],
			['paragraph', 'One\ntwo.'],
			['item', '- a\n  more'],
			['item', '- b'],
			['code', '```js\nx\n\ny\n```'],
			['table', '| a |\n|---|'],
			['row', '| 1 |'],
			['paragraph', 'last']
		]);
	});

	it('know the item or the table that they belong to', () => {
		expect(parentsOf('1. a\n   - b\n\n     c\n2. d')).toEqual([null, 0, 1, null]);
		expect(parentsOf('- a\n\n  | x | y |\n  |---|---|\n  | 1 | 2 |')).toEqual([null, 0, 1]);
		expect(parentsOf('- - a\n  - b')).toEqual([null, 0]);
	});

	it.each([
		['cut off', '```js\nx = 1', '```js\nx = 1\n```'],
		['cut off before a blank line', '~~~\nx\n\n', '~~~\nx\n~~~'],
		['in a list', '- a\n  ```js\n  if (x)\n\n    y\n  ```', '  ```js\n  if (x)\n\n    y\n  ```'],
		['the beginning of an item', '- ```js\n  x', '- ```js\n  x\n  ```'],
		['left by the end of its item', '- a\n  ```js\n  x\nb', '  ```js\n  x\n  ```'],
		['in a quote', '> a\n> ```js\n> x = 1\n> ```\n> more', '> ```js\n> x = 1\n> ```'],
		['left by the end of its quote', '> ```js\n> x\nb', '> ```js\n> x\n> ```'],
		['with tildes around backticks', '~~~md\n```\nx\n```\n~~~', '~~~md\n```\nx\n```\n~~~'],
		['with more backticks around fewer', '````md\n```\n````', '````md\n```\n````'],
		['indented', 'a\n\n    x = 1\n\n    y\n\nb', '    x = 1\n\n    y'],
		['indented with a tab', 'a\n\n\tx = 1\n\nb', '\tx = 1']
	])('hold code that is %s', (_name, markdown, code) => {
		expect(blocksOf(markdown).filter(([kind]) => kind === 'code')).toEqual([['code', code]]);
	});

	it.each([
		['inline code that begins a line', '```inline``` and more'],
		['a year that begins a line', 'It was made in\n1986. That is long ago.'],
		['a line that only continues an item', '- a\nb'],
		['a line that only continues a quote', '> a\nb'],
		['an indented line below a line of text', 'a\n      b'],
		['an underlined heading', 'Title\n---'],
		['a pipe without a table', 'a | b\n---']
	])('do not end at %s', (_name, markdown) => {
		expect(blocksOf(markdown).map(([, text]) => text)).toEqual([markdown]);
	});

	it('are not the definitions of references', () => {
		const { blocks, definitions } = splitBlocks(
			'See [the  Page].\n\n[The page]: ../page.md "Page"\n[2]: <https://example.org>'
		);
		expect(blocks.map(({ text }) => text)).toEqual(['See [the  Page].']);
		expect([...definitions]).toEqual([
			['the page', '../page.md'],
			['2', 'https://example.org']
		]);
	});

	it('are found however deep they are nested', () => {
		const deep = `${'> '.repeat(1000)}a\n${'- '.repeat(3)}${'+ '.repeat(1000)}b`;
		expect(
			blocksOf(deep)
				.map(([, text]) => text)
				.join('\n')
		).toBe(deep);
	});
});
