import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DocumentFormat } from '#lib/server/ingest/parse-document.ts';
import { cleanMarkdown } from '#lib/server/ingest/clean-markdown.ts';
import { parseRestructuredText } from '#lib/server/ingest/parse-restructured-text.ts';
import { normalizeMarkdown, sanitizeSource, stripInvisible } from '#lib/server/ingest/sanitize-text.ts';
import { passagesOf, textOf } from './passages.ts';

const invisible = /[\p{Cc}\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/u;

describe('sanitizing', () => {
	it('strips what has no ink and keeps tabs and newlines', () => {
		expect(stripInvisible('a\u0000b\u200bc\u202ed\u{e0041}\te\r\nf\u00adg\u001b[31mh\u001b[0m')).toBe(
			'abcd\te\nfgh'
		);
	});

	it('strips what terminals obey, with what it says to them', () => {
		const link = '\u001b]8;;https://a.example\u0007b\u001b]8;;\u001b\\';
		expect(stripInvisible(`${link} \u009b31mc\u001b[0m \u009d0;d\u009c \u001bP1$r\u001b\\e`)).toBe('b c  e');
		expect(stripInvisible('a\u001b]0;never ended\nb')).toBe('a]0;never ended\nb');
	});

	it('repairs lone surrogates', () => {
		expect(stripInvisible('a\ud800b').isWellFormed()).toBe(true);
	});

	it('removes data URIs and long runs of base64, but not the code that makes them', () => {
		const payload = 'iVBORw0KGgo'.repeat(40);
		expect(sanitizeSource(`a data:image/png;base64,${payload} b ${payload} c`)).toBe('a  b … c');
		expect(sanitizeSource('f"data:image/png;base64,{image}"')).toBe('f"data:image/png;base64,{image}"');
		const lines = `${'QUJD'.repeat(19)}\n`.repeat(6);
		expect(sanitizeSource(`before\n${lines}after`)).toBe('before\n…\nafter');
	});

	it('is linear in the length of the text', () => {
		const hostile = [
			'data:image/png;base64,',
			'data:a/b;c=d;',
			'A'.repeat(239) + ' ',
			'<!--',
			'`',
			'{%',
			'[',
			'\u001b[',
			'\u001b]',
			'\u009da'
		];
		for (const piece of hostile)
			expect(sanitizeSource(piece.repeat(2_000_000 / piece.length)).length).toBeGreaterThan(0);
	});

	it('survives hostile repetition in our own parsers', () => {
		const hostile = [
			'<!--',
			'{%',
			'`',
			'a.',
			'|',
			'[',
			'- ',
			'1. ',
			'.. note:: ',
			':a:`',
			'a_ ',
			'+-',
			'    x\n  ',
			'\\'
		];
		for (const piece of hostile) {
			const text = piece.repeat(100_000 / piece.length);
			expect(() => [cleanMarkdown(text), parseRestructuredText(text)], piece).not.toThrow();
		}
	});

	it('composes text and leaves its meaning alone', () => {
		expect(normalizeMarkdown('cafe\u0301 ＡＢＣ, 2⁸ bytes, 1½ and `e\u0301`')).toBe(
			'café ＡＢＣ, 2⁸ bytes, 1½ and `é`'
		);
		const [passage] = passagesOf('# Areas in m²\n\n## Up to 10⁹ ①\n\nx₁');
		expect([passage!.title, ...passage!.heading_path, passage!.text].join(' | ')).toBe(
			'Areas in m² | Areas in m² | Up to 10⁹ ① | x₁'
		);
	});

	it.each([
		['Persian', 'نیم\u200cفاصله'],
		['Sinhala', 'ක්\u200dෂ'],
		['Bengali', 'র\u200d্য'],
		['emoji', '👩\u200d🚀 👩🏽\u200d🔬 ❤\ufe0f 🏴\u200d☠\ufe0f 5\ufe0f\u20e3']
	])('keeps the joiners and selectors that are part of how it is written: %s', (_, text) => {
		expect(stripInvisible(text)).toBe(text);
		expect(textOf(passagesOf(`Read ${text} now.`))).toContain(text);
	});

	it.each([
		'a\u200cb',
		'a\u200d',
		'\u200dف',
		'ف\u200c ق',
		'😀\u200d.',
		'a\ufe0f',
		'😀\ufe0f\ufe0f\ufe0f',
		'5\ufe0f6'
	])('strips joiners and selectors that join nothing: %j', (text) => {
		const shown = text.replace(/[\u200c\u200d]|(?<!😀)\ufe0f/gu, '');
		expect(stripInvisible(text)).toBe(shown);
	});

	it('removes what character references bring back', () => {
		expect(textOf(passagesOf('a&#8203;b&#x202E;c &shy;d'))).toBe('abc d');
		expect(textOf(passagesOf('<p>a&#8203;b&#x202E;c</p>', 'html'))).toBe('abc');
	});

	it.each<[DocumentFormat, string]>([
		['markdown', '# Book\n\n## &#8203;\n\na\n\n## &#x202e;'],
		['restructured_text', 'Book\n====\n\n```\n```\n```\n\na']
	])('takes a heading with nothing to read for none: %s', (format, source) => {
		expect(passagesOf(source, format).map(({ heading_path, text }) => [...heading_path, text])).toEqual([
			['Book', 'a']
		]);
	});

	it('leaves nothing invisible in any passage, title or heading, whatever the source', () => {
		const piece = fc.oneof(
			fc.string({ unit: 'binary' }),
			fc.constantFrom(
				'# ',
				'\n\n',
				'```\n',
				'&#8203;',
				'&#x202e;',
				'\u200b',
				'\u0007',
				'\ufeff',
				'| a |\n| - |\n',
				'.. function:: ',
				'====\n',
				'<p>',
				'`',
				'\u001b[1m'
			)
		);
		const formats: DocumentFormat[] = ['markdown', 'restructured_text', 'html', 'text'];
		fc.assert(
			fc.property(fc.array(piece, { maxLength: 30 }), fc.constantFrom(...formats), (pieces, format) => {
				for (const { text, title, heading_path } of passagesOf(pieces.join(''), format)) {
					expect(text.replaceAll(/[\t\n]/g, '')).not.toMatch(invisible);
					expect(title + heading_path.join('')).not.toMatch(invisible);
					expect(text.trim()).not.toBe('');
				}
			}),
			{ numRuns: 300 }
		);
	});
});
