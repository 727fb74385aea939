import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { questionParts } from '#lib/server/search/question-parts.ts';

const kinds = (question: string) => questionParts(question).map(({ kind, text }) => [kind, text]);

describe('the parts of a question', () => {
	it('has none for a question of one sentence', () => {
		expect(questionParts('How do seals sleep under water?')).toEqual([]);
	});

	it('takes the sentences of a long question apart, in their order', () => {
		expect(kinds('The walrus pool overflows at night. How do I drain the basin?')).toEqual([
			['sentence', 'The walrus pool overflows at night.'],
			['sentence', 'How do I drain the basin?']
		]);
	});

	it('takes the line of an error out of a pasted traceback, and leaves out where it happened', () => {
		const pasted = [
			'My harbour script stops after the update:',
			'Traceback (most recent call last):',
			'  File "harbour.py", line 7, in moor',
			"KeyError: 'anchor_depth missing from chart'"
		].join('\n');
		const parts = questionParts(pasted);
		expect(parts[0]).toEqual({ kind: 'error', text: "KeyError: 'anchor_depth missing from chart'" });
		expect(parts.some(({ text }) => text.includes('File "harbour.py"'))).toBe(false);
	});

	it.each([
		['Uncaught TypeError: tide.rise is not a function'],
		['ERROR: quay wall not found'],
		['npm ERR! missing script: moor'],
		['harbour.errors.MooringError: rope too short']
	])('knows %s as an error', (line) => {
		expect(questionParts(`We moor two boats here.\n${line}`)[0]).toEqual({ kind: 'error', text: line });
	});

	it('takes fenced code and the names out of code apart', () => {
		const question =
			'Why does this fail with two boats?\n```py\nmoor_boat(rope_length=3)\nraise_anchor()\n```';
		const parts = kinds(question);
		expect(parts).toContainEqual(['identifiers', 'moor_boat rope_length raise_anchor']);
		expect(parts).toContainEqual(['code', 'moor_boat(rope_length=3)\nraise_anchor()']);
	});

	it.each([
		['What is the difference between a quay and a jetty?', ['a quay', 'a jetty']],
		['pontoon vs jetty for small boats', ['pontoon', 'jetty']]
	])('takes the sides of “%s” apart', (question, sides) => {
		const found = questionParts(question).filter(({ kind }) => kind === 'side');
		expect(found).toHaveLength(2);
		sides.forEach((side, at) => expect(found[at]!.text).toContain(side));
	});

	it('has at most eight parts, none twice, each from the question, whatever is asked', () => {
		const piece = fc.constantFrom(
			'How do I moor a boat?',
			'ValueError: rope too short',
			'```\nraise_anchor()\n```',
			'boat_length and rope_length differ.',
			'quay vs jetty',
			'港口在哪里？',
			'\n',
			' '
		);
		const question = fc.oneof(
			fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(' ')),
			fc.string({ unit: 'binary', maxLength: 300 })
		);
		fc.assert(
			fc.property(question, (text) => {
				const parts = questionParts(text);
				expect(parts.length).toBeLessThanOrEqual(8);
				for (const { kind, text: part } of parts) {
					expect(part.trim()).not.toBe('');
					if (kind !== 'identifiers') expect(text).toContain(part);
				}
			})
		);
	});
});
