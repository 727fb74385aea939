import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Chunk } from '#lib/contract/chunk.ts';
import { randomNumbers } from '#lib/server/evaluation/random-numbers.ts';
import { WordVectors } from '#lib/server/model/word-vectors.ts';
import { addGradient, learnWordVectors } from '../../scripts/training/words/contrastive.ts';
import { makePair } from '../../scripts/training/words/pairs.ts';
import { analyze } from '#lib/server/search/analyze.ts';
import { readPassages } from '../../scripts/training/words/passages.ts';
import { packWords, wordsFile } from '../../scripts/training/words/words-file.ts';

/** A name of letters only, other for other numbers. */
const letters = (number: number) => [...`${number}`].map((digit) => 'abcdefghij'[Number(digit)]).join('');

const topics = [
	['Feeding cats', 'kitten purr whisker paw'],
	['Fixing cars', 'engine wheel brake motor'],
	['Baking bread', 'flour oven yeast dough'],
	...Array.from({ length: 27 }, (_, at) => {
		const name = `${letters(at)}ok`;
		return [`Zu${name}`, `wo${name} va${name} xu${name} yo${name}`] as const;
	})
] as const;

const PASSAGES = 300;

/** Pages of all topics in two libraries; headings and texts of a topic share no word. */
function chunks(): Chunk[] {
	return Array.from({ length: PASSAGES }, (_, at) => {
		const [heading, words] = topics[at % topics.length]!;
		const library = (at / topics.length) % 2 < 1 ? 'one' : 'two';
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

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('the training of word vectors', () => {
	it('learns the terms that several libraries use, and no name of one passage', () => {
		const { terms, passages } = readPassages(chunks());
		expect(terms).toEqual(expect.arrayContaining(['cat', 'kitten', 'oven', 'handbook']));
		expect(terms.filter((term) => term.startsWith('quux'))).toEqual([]);
		expect(passages).toHaveLength(PASSAGES);
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
		const cosine = (a: Float32Array, b: Float32Array) =>
			a.reduce((sum, value, at) => sum + value * b[at]!, 0) / (Math.hypot(...a) * Math.hypot(...b));
		/** How much nearer headings are to the words of their own topic than to those of the others. */
		const nearness = (rounds: number) => {
			const vectors = learnWordVectors(learnt, { dimensions: 8, rounds, seed: 1 });
			const vector = (term: string) => {
				const number = learnt.terms.indexOf(term);
				return vectors.subarray(number * 8, number * 8 + 8);
			};
			const likeness = topics.map(([heading]) => {
				const named = vector(analyze(heading).at(-1)!);
				return topics.map(([, words]) => mean(analyze(words).map((word) => cosine(named, vector(word)))));
			});
			const own = likeness.map((row, at) => row[at]!);
			const other = likeness.flatMap((row, at) => row.filter((_, to) => to !== at));
			return mean(own) - mean(other);
		};
		expect(nearness(0)).toBeLessThan(0.1);
		expect(nearness(200)).toBeGreaterThan(0.3);
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
