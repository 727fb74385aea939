import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NoAnswerReader } from '#lib/server/rag/no-answer.ts';

/** What is passed on of a text that comes in these pieces. */
function read(pieces: readonly string[]) {
	const reader = new NoAnswerReader();
	const passed = pieces.map((piece) => reader.read(piece));
	return { text: passed.join('') + reader.end(), passed, isFound: reader.isFound };
}

const MARKED = [
	'[[NO_ANSWER]] They cover arrays.',
	'[[NO_ANSWER]]They cover arrays.',
	'\n **[[NO_ANSWER]]**\n\nThey cover arrays.',
	'`[[NO_ANSWER]]`: They cover arrays.',
	'[[no\\_answer]]. They cover arrays.',
	'[NO ANSWER] They cover arrays.',
	'NO_ANSWER - They cover arrays.',
	'"[[NO-ANSWER]]" They cover arrays.'
];
const PLAIN = [
	'No answer is given for that in the docs [1].',
	'No answers here.',
	'**No answer** is given [1].',
	'[[NO_ANSWERS]] is a constant.',
	'Not always [1].',
	'[1] says so.',
	'The marker is [[NO_ANSWER]].',
	'**',
	''
];

describe('the marker of a model that has no answer', () => {
	it.each(MARKED)('is found, however it is written, and never passed on: %s', (text) => {
		expect(read([text])).toMatchObject({ text: 'They cover arrays.', isFound: true });
	});

	it('may be all that the model says', () => {
		expect(read(['[[NO_ANSWER]]'])).toMatchObject({ text: '', isFound: true });
	});

	it.each(PLAIN)('is not seen in other text, which is passed on as it is: %s', (text) => {
		expect(read([text])).toMatchObject({ text, isFound: false });
	});

	it('leaves the markup of what follows it', () => {
		expect(read(['[[NO_ANSWER]]\n\n- **Arrays** [1]']).text).toBe('- **Arrays** [1]');
	});

	it('is found wherever the pieces end, and no piece of it is passed on', () => {
		fc.assert(
			fc.property(
				fc.constantFrom(...MARKED, ...PLAIN),
				fc.array(fc.nat(60), { maxLength: 8 }),
				(text, given) => {
					const cuts = [0, ...given.map((cut) => cut % (text.length + 1)), text.length].sort((a, b) => a - b);
					const pieces = cuts.slice(1).map((cut, at) => text.slice(cuts[at], cut));
					const whole = read([text]);
					expect(read(pieces)).toMatchObject({ text: whole.text, isFound: whole.isFound });
				}
			)
		);
	});

	it('holds nothing back once the text cannot become it', () => {
		expect(read(['Use', ' `map`', ' [1].']).passed).toEqual(['Use', ' `map`', ' [1].']);
		expect(read(['N', 'ote', ' that']).passed).toEqual(['', 'Note', ' that']);
	});
});
