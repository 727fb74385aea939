import { describe, expect, test } from 'vitest';
import { answerAsMarkdown } from '#lib/ui/chat/copy-answer.ts';
import { exportLine, exportMarkdown } from '#lib/ui/markdown/export-markdown.ts';
import fc from 'fast-check';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { visit } from 'unist-util-visit';
import { MARKUP_ATTACKS, OWN_HOST } from '../fixtures/markup-attacks.ts';
import { markdownText } from './markdown-text.ts';

/** Markdown as others read it: with HTML, pictures and links. */
const reader = unified().use(remarkParse).use(remarkGfm);

/** What would load something, run something or lead elsewhere where the Markdown is shown. */
function harmIn(markdown: string): string[] {
	const found: string[] = [];
	visit(reader.parse(markdown), (node) => {
		if (['html', 'image', 'imageReference', 'definition'].includes(node.type)) found.push(node.type);
		if (node.type === 'link' && !/^mailto:/.test(node.url) && new URL(node.url).host !== OWN_HOST)
			found.push(node.url);
	});
	if (/(?![\t\n\r])\p{Cc}|[\u200b\u202a-\u202e\u2066-\u2069]/u.test(markdown)) found.push('hidden character');
	return found;
}

const source = (title: string) => ({
	n: 1,
	chunk_id: 'a',
	chunk_ids: ['a'],
	library: title,
	document: title,
	title,
	heading_path: [title],
	url: null,
	anchor: null,
	text: ''
});

describe('A copied answer', () => {
	test.each([
		['words and citations', '# A *b* **c** [1] and [1, 2][3].', '# A *b* **c** [1] and [1, 2][3].'],
		['citations before a colon', 'As [1]: a', 'As [1]: a'],
		['what would define a link', '[1]&colon; a\n\n- [2, 3]&colon; b', '\\[1]: a\n\n- \\[2, 3]: b'],
		['lists', '1. a\n2. b\n\n* c', '1. a\n2. b\n\n- c'],
		['code', '`[1] <b>`\n\n```js\nlet a; // \\[1]\n```', '`[1] <b>`\n\n```js\nlet a; // \\[1]\n```'],
		['links to sources', '[a](https://docs.example/b?c=d)', '[a](https://docs.example/b?c=d)'],
		['links elsewhere', '[a](https://b.example/?c)', 'a (`https://b.example/?c`)'],
		['bare addresses', 'https://b.example/c', '`https://b.example/c`'],
		['pictures', '![a](https://b.example/c.png)', 'a'],
		['HTML', '<img src=x>', '\\<img src=x>'],
		['addresses in HTML', '<img src=https://b.example/ >', '\\<img src=`https://b.example/` >'],
		['hidden characters', 'a\u202eb `\u001b[0m`', 'a‹U+202E›b `‹U+001B›[0m`']
	])('%s', (_name, markdown, exported) => {
		expect(exportMarkdown(markdown, ['docs.example'])).toBe(exported);
	});

	test.each(MARKUP_ATTACKS)('does no harm elsewhere: $name', ({ text }) => {
		expect(harmIn(exportMarkdown(text, [OWN_HOST]))).toEqual([]);
		expect(harmIn(exportLine(text))).toEqual([]);
		expect(
			harmIn(answerAsMarkdown({ answer: text, sources: [source(text)], citations: [], done: null }))
		).toEqual([]);
	});

	test('shows what is hidden in the name of a language, too', () => {
		expect(harmIn(exportMarkdown('~~~\u202ejs x\u202ey\ncode\n~~~', [OWN_HOST]))).toEqual([]);
	});

	test('does no harm elsewhere, whatever the text', () => {
		fc.assert(
			fc.property(markdownText, (text) => {
				expect(harmIn(exportMarkdown(text, [OWN_HOST]))).toEqual([]);
			}),
			{ numRuns: 200 }
		);
	});

	test('the check finds what would do harm', () => {
		expect(harmIn('<b> ![a](https://b.example) [a]\n\n[a]: https://docs.example').toSorted()).toEqual([
			'definition',
			'html',
			'image'
		]);
		expect(harmIn('www.b.example \u202e')).toEqual(['http://www.b.example', 'hidden character']);
	});
});
