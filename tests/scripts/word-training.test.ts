import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Chunk } from '#lib/contract/chunk.ts';
import { randomNumbers } from '#lib/server/evaluation/random-numbers.ts';
import { WordVectors } from '#lib/server/model/word-vectors.ts';
import { addGradient, learnWordVectors } from '../../scripts/training/words/contrastive.ts';
import { makePair } from '../../scripts/training/words/pairs.ts';
import { readPassages } from '../../scripts/training/words/passages.ts';
import { packWords, wordsFile } from '../../scripts/training/words/words-file.ts';

const topics = [
	['Feeding cats', 'kitten purr whisker paw'],
	['Fixing cars', 'engine wheel brake motor'],
	['Baking bread', 'flour oven yeast dough']
] as const;

/** A name of letters only, other for other numbers. */
const letters = (number: number) => [...`${number}`].map((digit) => 'abcdefghij'[Number(digit)]).join('');

/** Pages of three topics in two libraries; headings and texts of a topic share no word. */
function chunks(): Chunk[] {
	return Array.from({ length: 120 }, (_, at) => {
		const [heading, words] = topics[at % topics.length]!;
		const library = at % 2 === 0 ? 'one' : 'two';
		return {
			chunk_id: `${at}`,
			library,
			document: `${at >> 2}.md`,
			title: 'Handbook',
			heading_path: [heading],
			anchor: null,
			url: null,
			text: `${words} ${words} quux${letters(at)}.`
		};
	});
}

describe('the training of word vectors', () => {
	it('learns the terms that several libraries use, and no name of one passage', () => {
		const { terms, passages } = readPassages(chunks());
		expect(terms).toEqual(expect.arrayContaining(['cat', 'kitten', 'oven', 'handbook']));
		expect(terms.filter((term) => term.startsWith('quux'))).toEqual([]);
		expect(passages).toHaveLength(120);
		expect(passages[0]!.headings[0]!.map((number) => terms[number])).toEqual(['feed', 'cat']);
	});

	it('never asks with words that it leaves where they are found', () => {
		const { passages } = readPassages(chunks());
		const passage = { ...passages[0]!, firstSentence: 3 };
		const random = randomNumbers(1);
		for (let turn = 0; turn < 200; turn += 1) {
			const pair = makePair(passage, random);
			if (!pair) continue;
			const given = pair.heading.length + pair.body.length + pair.code.length;
			const whole = [passage.title, ...passage.headings, passage.body, passage.code].flat().length;
			expect(given).toBeLessThan(whole);
		}
	});

	it('brings headings and texts together that share no word', () => {
		const learnt = readPassages(chunks());
		const vectors = learnWordVectors(learnt, { dimensions: 8, rounds: 60, seed: 1 });
		const vector = (term: string) => {
			const number = learnt.terms.indexOf(term);
			return vectors.subarray(number * 8, number * 8 + 8);
		};
		const cosine = (a: Float32Array, b: Float32Array) =>
			a.reduce((sum, value, at) => sum + value * b[at]!, 0) / (Math.hypot(...a) * Math.hypot(...b));
		expect(cosine(vector('cat'), vector('kitten'))).toBeGreaterThan(
			cosine(vector('cat'), vector('oven')) + 0.3
		);
		expect(cosine(vector('bread'), vector('oven'))).toBeGreaterThan(
			cosine(vector('bread'), vector('brake')) + 0.3
		);
	});

	it('descends along the slope of its loss', () => {
		const pairs = [
			{ question: [0, 1], heading: [2], body: [3, 3], code: [4] },
			{ question: [5], heading: [], body: [1, 6], code: [] },
			{ question: [4, 2], heading: [6], body: [0], code: [5] }
		];
		const dimensions = 4;
		const random = randomNumbers(3);
		const vectors = Float32Array.from({ length: 7 * dimensions }, () => random() - 0.5);
		const gradient = new Float32Array(vectors.length);
		const lossAt = (values: Float32Array) =>
			addGradient(pairs, { vectors: values, gradient: new Float32Array(values.length), dimensions });
		const before = addGradient(pairs, { vectors, gradient, dimensions });
		const lower = vectors.map((value, at) => value - 0.01 * gradient[at]!);
		const higher = vectors.map((value, at) => value + 0.01 * gradient[at]!);
		expect(lossAt(lower)).toBeLessThan(before);
		expect(lossAt(higher)).toBeGreaterThan(before);
	});

	it('packs vectors so that they are read as they were, but for the rounding', () => {
		fc.assert(
			fc.property(
				fc.array(fc.array(fc.float({ min: -9, max: 9, noNaN: true }), { minLength: 8, maxLength: 8 }), {
					minLength: 1,
					maxLength: 20
				}),
				(rows) => {
					const terms = rows.map((_, at) => `term${at}`);
					const read = new WordVectors(packWords(terms, Float32Array.from(rows.flat())));
					rows.forEach((row, at) => {
						const sum = new Float32Array(8);
						read.add(sum, terms[at]!, 2);
						const step = Math.max(...row.map(Math.abs)) / 7;
						row.forEach((value, place) =>
							expect(Math.abs(sum[place]! / 2 - value)).toBeLessThanOrEqual(step * 0.51 + 1e-6)
						);
					});
				}
			)
		);
	});

	it('writes source that holds them', async () => {
		const packed = packWords(['a', 'b'], Float32Array.from([1, 0, -1, 0.5]));
		const source = wordsFile(packed).replace('export const WORD_VECTORS =', 'return');
		expect(new Function(source)()).toEqual(packed);
	});
});
