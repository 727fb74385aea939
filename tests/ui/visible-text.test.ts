import { describe, expect, test } from 'vitest';
import { renderMarkdown } from '#lib/ui/markdown/render.ts';
import { showHidden } from '#lib/ui/markdown/visible-text.ts';
import fc from 'fast-check';
import { textOf } from './markdown-html.ts';

describe('Hidden characters', () => {
	test.each([
		['a turned direction of writing', 'a\u202eb', 'a‹U+202E›b'],
		['an escape sequence', '\u001b[31m', '‹U+001B›[31m'],
		['a sequence of one byte', '\u009b31m', '‹U+009B›31m'],
		['a null', 'a\u0000', 'a‹U+0000›'],
		['zero width', 'a\u200bb\u2060\ufeff', 'a‹U+200B›b‹U+2060›‹U+FEFF›'],
		['a soft hyphen', 'a\u00adb', 'a‹U+00AD›b'],
		['a line separator', 'a\u2028b', 'a‹U+2028›b'],
		['tags', '\u{e0041}', '‹U+E0041›'],
		['a joiner between Latin letters', 'a\u200db\u200cc', 'a‹U+200D›b‹U+200C›c'],
		['a selector behind a letter', 'a\ufe0f', 'a‹U+FE0F›'],
		['a row of selectors', '😀\ufe0f\ufe0e\u{e0100}', '😀\ufe0f‹U+FE0E›‹U+E0100›']
	])('%s is written out', (_name, text, shown) => {
		expect(showHidden(text)).toBe(shown);
	});

	test.each([
		['tabs and line ends', 'a\tb\r\nc\n'],
		['joiners of Persian', 'می\u200cخواهم'],
		['joiners of Hindi', 'क्\u200dष'],
		['families of emoji', '👩\u200d👩🏽\u200d👧 ❤\ufe0f 👩🏽\u200d🚀 🏳\ufe0f\u200d🌈'],
		['keys', '1\ufe0f\u20e3'],
		['no-break and ideographic spaces', 'a\u00a0b\u3000c']
	])('%s stay as they are', (_name, text) => {
		expect(showHidden(text)).toBe(text);
	});

	test('are written out in prose, in code, in colours and in the names of sources', () => {
		const code = '\u202eif admin\u2066';
		const shown = '‹U+202E›if admin‹U+2066›';
		expect(textOf(renderMarkdown(`a ${code} \`${code}\``))).toBe(`a ${shown} ${shown}`);
		expect(textOf(renderMarkdown('```js\n' + code + '\n```'))).toBe(`${shown}\n`);
		expect(renderMarkdown('[1]', { titles: [code] })).toContain(`aria-label="Source 1: ${shown}"`);
	});

	test('none is left in any text, and nothing else is changed', () => {
		fc.assert(
			fc.property(fc.string({ unit: 'binary' }), (text) => {
				const shown = showHidden(text);
				expect(showHidden(shown)).toBe(shown);
				expect(shown).not.toMatch(/(?![\t\n\r])\p{Cc}|[\u200b\u202a-\u202e\u2066-\u2069]/u);
				expect(
					shown.replaceAll(/‹U\+([\dA-F]+)›/g, (_, code: string) => String.fromCodePoint(parseInt(code, 16)))
				).toBe(text);
			})
		);
	});
});
