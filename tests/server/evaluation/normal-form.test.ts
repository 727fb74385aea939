import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alphabetOf, normalForm, NormalPassages } from '#lib/server/evaluation/normal-form.ts';
import { passage } from '../../fixtures/passages.ts';

describe('the normal form', () => {
	it('is NFKC, lower case, ASCII letters and digits', () => {
		expect(normalForm('Use `FastAPI(title="Ａpp")`\n\n- x² ﬁrst', 'ascii')).toBe('usefastapititleappx2first');
		expect(normalForm('Größe: ΔX = 日本', 'ascii')).toBe('grex');
	});

	it('keeps letters and digits of any script for what has none of ASCII', () => {
		expect(alphabetOf('Δ → 日本語、')).toBe('any');
		expect(alphabetOf('useEffect是什么')).toBe('ascii');
		expect(normalForm('Δ → 日本語、１０', 'any')).toBe('δ日本語10');
	});

	it('is its own normal form', () => {
		fc.assert(
			fc.property(fc.string({ unit: 'grapheme' }), (text) => {
				const once = normalForm(text, 'ascii');
				expect(once).toMatch(/^[a-z0-9]*$/);
				expect(normalForm(once, 'ascii')).toBe(once);
			})
		);
	});
});

describe('joined passages', () => {
	const place = (position: number, text: string, heading_path: string[]) => ({
		position,
		chunk: passage({ title: 'Page', text, heading_path })
	});
	const first = place(4, 'Cut in', ['A', 'B']);
	const second = place(5, ' the middle.', ['A', 'B']);
	const third = place(6, 'Later', ['A', 'C']);

	it('are in page order, with only the headings between neighbours', () => {
		expect(new NormalPassages().join([third, second, first], 'ascii')).toBe('pageabcutinthemiddleclater');
	});

	it('begin with title and headings again after a gap', () => {
		expect(new NormalPassages().join([third, first], 'ascii')).toBe('pageabcutinpageaclater');
	});

	it('hold a text that was cut anywhere, when all of its pieces are there', () => {
		const texts = fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 8 });
		fc.assert(
			fc.property(texts, (pieces) => {
				const passages = pieces.map((text, at) => place(at, text, ['H']));
				const joined = new NormalPassages().join(passages.toReversed(), 'ascii');
				// Piece by piece, because a cut can part a letter from its accent.
				expect(joined).toBe(`pageh${pieces.map((piece) => normalForm(piece, 'ascii')).join('')}`);
			})
		);
	});
});
