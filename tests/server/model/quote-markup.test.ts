import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tidyMarkup } from '#lib/server/model/quote-markup.ts';
import { readCitations } from '#lib/server/rag/citations.ts';

const tidy = (prose: string, definitions: Record<string, string> = {}) =>
	tidyMarkup(prose, new Map(Object.entries(definitions)));

describe('prose that is quoted', () => {
	it.each([
		['text', 'A cat_name, *really* <b>bold</b>, `cats [3]` & more.'],
		['links to the web', 'See [cats](https://example.org/a_(b) "Cats") and <https://example.org>.'],
		['addresses of mail', '[Write](mailto:cats@example.org) to us.'],
		['code with backticks in it', 'Use ``a ` [3] ` b`` or `[3]\\`.'],
		['what is escaped', 'Not a link: \\[3] and \\[a](b.md).'],
		['brackets', 'An array[i] of [cats], a task [ ] and [x].'],
		['an unfinished link', 'Some [cats](https://exa']
	])('keeps %s', (_name, prose) => {
		expect(tidy(prose)).toBe(prose);
	});

	it.each([
		['a link within the documentation', 'A [`cat` page](../cat.md#top "Cat"){.link}.', 'A `cat` page.'],
		['a link within its page', 'See [below](#below).', 'See below.'],
		['a link without an address', 'See [this]().', 'See this.'],
		['a link over two lines', 'See [the\ncat](<my cat.md>).', 'See the\ncat.'],
		['an image', 'A ![a [big] cat](cat.png) here.', 'A  here.'],
		['an image of HTML', 'A <img src="cat.png"> here.', 'A  here.'],
		['a badge', '[![build](b.svg)](https://example.org) Cats', ' Cats'],
		['an image in a link', '[![cat](c.png) Cat](https://example.org)', '[ Cat](https://example.org)'],
		[
			'a number in brackets',
			'Seen [3], rows[4], [1, 2] and [5-7].',
			'Seen \\[3], rows\\[4], \\[1, 2] and \\[5-7].'
		],
		['numbers in a row', 'Seen [3][4].', 'Seen \\[3]\\[4].'],
		['a number in brackets in a dead link', 'Seen [[3]](#cite).', 'Seen \\[3].'],
		['a number in brackets that a dead link leaves', 'Seen [[3](#cite)].', 'Seen \\[3].'],
		['a dead link behind brackets', 'Seen [x][cats](cats.md).', 'Seen [x]cats.'],
		['a number beside code', '`a[1]` [2] `b`', '`a[1]` \\[2] `b`'],
		['a number behind a backtick alone', 'One ` and [3].', 'One ` and \\[3].'],
		['the definition of a footnote', '[^1]: Cats.', '\\[^1]: Cats.']
	])('changes %s', (_name, prose, changed) => {
		expect(tidy(prose)).toBe(changed);
	});

	it('has the addresses of references, whose definitions are not quoted', () => {
		const definitions = { cat: 'https://example.org/cat', dog: 'dog.md', '3': 'https://example.org/3' };
		expect(tidy('[A cat][Cat], [cat][], [cat], [a dog][dog], ![x][cat] [3] [4]', definitions)).toBe(
			'[A cat](https://example.org/cat), [cat](https://example.org/cat), [cat](https://example.org/cat), a dog,  ' +
				'[3](https://example.org/3) \\[4]'
		);
	});

	it('cites nothing, whatever it holds', async () => {
		const piece = fc.constantFrom(
			'[3]',
			'[',
			']',
			'(',
			')',
			'`',
			'``',
			'\\',
			'!',
			'[4, 5]',
			'a',
			' ',
			'b\nc',
			'(b.md)',
			' [d](https://e.org) '
		);
		await fc.assert(
			fc.asyncProperty(fc.array(piece, { maxLength: 20 }), async (pieces) => {
				const { valid, invalid } = await readCitations(tidy(pieces.join('')), 9);
				expect([...valid, ...invalid]).toEqual([]);
			}),
			{ numRuns: 2000 }
		);
	});

	it('is the same when it is tidied again', () => {
		const piece = fc.constantFrom(
			'[3]',
			'[4, 5]',
			'a ',
			'`[6]`',
			'b\nc',
			'[b](b.md)',
			'![c](c.png)',
			'[d](https://e.org)'
		);
		fc.assert(
			fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
				const once = tidy(pieces.join(''));
				expect(tidy(once)).toBe(once);
			})
		);
	});
});
