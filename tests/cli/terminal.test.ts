import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { printable, shorten, writeTable } from '../../src/cli/terminal.ts';

afterEach(() => {
	vi.restoreAllMocks();
});

const anyText = fc.string({ unit: 'binary' });
const dangerous = fc.constantFrom(
	'\u001b[2J',
	'\u009b31m',
	'\u0007',
	'\r',
	'\u202e',
	'\u2066',
	'\u200f',
	'\u0000'
);

test('no text moves the cursor, rings or reorders what is read', () => {
	fc.assert(
		fc.property(fc.array(fc.oneof(anyText, dangerous)), (pieces) => {
			expect(printable(pieces.join(''))).not.toMatch(/[^\P{Cc}\n\t]|\p{Bidi_Control}/u);
		})
	);
});

test('text without them stays as it is, piece by piece', () => {
	const text = 'Käse, 门, 🚪, a\tb\nc';
	expect(printable(text)).toBe(text);
	expect([...text].map(printable).join('')).toBe(text);
});

test('shorten keeps one line of at most the length', () => {
	fc.assert(
		fc.property(anyText, fc.integer({ min: 1, max: 80 }), (text, length) => {
			const short = shorten(text, length);
			expect(short.length).toBeLessThanOrEqual(length);
			expect(short).not.toContain('\n');
		})
	);
	expect(shorten('one two three', 8)).toBe('one two…');
});

test('a table aligns figures to the right and words to the left', () => {
	let written = '';
	vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
		written += String(chunk);
		return true;
	});
	writeTable(
		['name', 'count', 'time'],
		[
			['a', '5', '–'],
			['longer', '1,200', '2.5 ms']
		]
	);
	expect(written).toBe('name    count    time\na           5       –\nlonger  1,200  2.5 ms\n');
});
