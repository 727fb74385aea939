import { randomNumbers } from '#lib/server/evaluation/random-numbers.ts';
import { CODE_SHARE } from '#lib/server/model/word-embedder.ts';
import { makePair, type Pair } from './pairs.ts';
import { dotAll, normalizeRows, timesAll, type Rows } from './rows.ts';
import type { LearntPassage, LearntPassages } from './passages.ts';

export interface WordLearning {
	dimensions: number;
	/** How often each passage is seen. */
	rounds: number;
	seed: number;
	onStep?: (step: { step: number; steps: number; loss: number }) => void;
}

/** Passages of one library that follow one another in a batch, so that a passage is told from those beside it, and how many such runs. */
const RUN = 128;
const RUNS = 8;
/** Sharpness of the softmax over cosines. */
const SCALE = 18;
const RATE = 0.01;
const WARM_UP_STEPS = 50;
const LEAST_RATE = 0.05;
/** Adam: decay of the means of gradients and of their squares. */
const DECAY = 0.9;
const SQUARE_DECAY = 0.999;
const FIELDS = ['heading', 'body', 'code'] as const;
const FIELD_SHARES = [1, 1, CODE_SHARE] as const;

/**
 * Learns a vector for each term, so that what asks for a passage is nearer to it than to the other passages of the batch, as the embedder sums
 * words. Source: the contrastive loss of van den Oord et al., "Representation Learning with Contrastive Predictive Coding", 2018, in both
 * directions; the optimiser is that of Kingma and Ba, "Adam", ICLR 2015. The same for the same input.
 * @returns one row a term, `dimensions` long
 */
export function learnWordVectors({ shares, passages }: LearntPassages, learning: WordLearning): Float32Array {
	const { dimensions, rounds, seed, onStep } = learning;
	const random = randomNumbers(seed);
	const vectors = startVectors(shares, dimensions, random);
	const optimiser = new Adam(vectors);
	const stepsOfRound = Math.max(1, batchesOf(passages, random).length);
	const steps = stepsOfRound * rounds;
	let meanLoss = Number.NaN;
	for (let step = 1, round = 0; round < rounds; round += 1) {
		for (const batch of batchesOf(passages, random)) {
			const pairs = batch.flatMap((passage) => makePair(passage, random) ?? []);
			const gradient = new Float32Array(vectors.length);
			const loss = addGradient(pairs, { vectors, gradient, dimensions });
			const rate = RATE * Math.min(1, step / WARM_UP_STEPS) * Math.max(LEAST_RATE, 1 - step / steps);
			optimiser.step(gradient, rate);
			meanLoss = Number.isNaN(meanLoss) ? loss : 0.98 * meanLoss + 0.02 * loss;
			onStep?.({ step, steps, loss: meanLoss });
			step += 1;
		}
	}
	return vectors;
}

/** Random directions; a rare term starts with a longer vector, because it says more. */
function startVectors(shares: Float64Array, dimensions: number, random: () => number): Float32Array {
	const vectors = new Float32Array(shares.length * dimensions);
	for (let term = 0; term < shares.length; term += 1) {
		const length = 0.3 * Math.min(8, Math.max(0.3, -Math.log(shares[term]!)));
		for (let at = 0; at < dimensions; at += 1) {
			// A sum of uniform numbers is close enough to a normal one.
			const value = random() + random() + random() + random() - 2;
			vectors[term * dimensions + at] = (value * Math.sqrt(3) * length) / Math.sqrt(dimensions);
		}
	}
	return vectors;
}

/** Runs of passages of one library, page by page in a new order, several libraries in a batch. */
function batchesOf(passages: readonly LearntPassage[], random: () => number): LearntPassage[][] {
	const runs: LearntPassage[][] = [];
	for (const own of Map.groupBy(passages, ({ library }) => library).values()) {
		const pages = [...Map.groupBy(own, ({ document }) => document).values()];
		const inOrder = shuffled(pages, random).flat();
		for (let at = 0; at < inOrder.length; at += RUN) runs.push(inOrder.slice(at, at + RUN));
	}
	const order = shuffled(runs, random);
	const batches: LearntPassage[][] = [];
	for (let at = 0; at < order.length; at += RUNS) batches.push(order.slice(at, at + RUNS).flat());
	return batches;
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
	const keyed = items.map((item) => ({ item, key: random() }));
	return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}

interface Learnt {
	vectors: Float32Array;
	gradient: Float32Array;
	dimensions: number;
}

/** Adds the gradient of the loss of these pairs; returns the loss of finding passages. */
export function addGradient(pairs: readonly Pair[], { vectors, gradient, dimensions }: Learnt): number {
	const count = pairs.length;
	const questionBags = pairs.map(({ question }) => bag(question));
	const questions = sumBags(questionBags, vectors, dimensions);
	const questionLengths = normalizeRows(questions);
	const fields = FIELDS.map((field) => {
		const bags = pairs.map((pair) => bag(pair[field]));
		const rows = sumBags(bags, vectors, dimensions);
		return { bags, rows, lengths: normalizeRows(rows) };
	});
	const passages: Rows = { count, width: dimensions, values: new Float32Array(count * dimensions) };
	fields.forEach(({ rows }, field) => {
		for (let at = 0; at < rows.values.length; at += 1)
			passages.values[at]! += FIELD_SHARES[field]! * rows.values[at]!;
	});
	const passageLengths = normalizeRows(passages);

	const scores = dotAll(questions, passages);
	const { slopes, loss } = softmaxSlopes(scores, count);
	const questionSlopes = timesAll(slopes, passages, false);
	const passageSlopes = timesAll(slopes, questions, true);
	project(questionSlopes, questions, questionLengths);
	spread(questionBags, questionSlopes, gradient);
	project(passageSlopes, passages, passageLengths);
	fields.forEach(({ bags, rows, lengths }, field) => {
		const own: Rows = { ...passageSlopes, values: passageSlopes.values.slice() };
		for (let at = 0; at < own.values.length; at += 1) own.values[at]! *= FIELD_SHARES[field]!;
		project(own, rows, lengths);
		spread(bags, own, gradient);
	});
	return loss;
}

/** Terms with the weight that their number gives them, as in the embedder. */
type Bag = readonly (readonly [term: number, weight: number])[];

function bag(terms: readonly number[]): Bag {
	const counts = new Map<number, number>();
	for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
	return Array.from(counts, ([term, count]) => [term, 1 + Math.log(count)] as const);
}

function sumBags(bags: readonly Bag[], vectors: Float32Array, width: number): Rows {
	const values = new Float32Array(bags.length * width);
	for (const [row, own] of bags.entries()) {
		for (const [term, weight] of own) {
			for (let at = 0; at < width; at += 1) values[row * width + at]! += weight * vectors[term * width + at]!;
		}
	}
	return { count: bags.length, width, values };
}

/** Gives each term of the bags its share of the slope of their row. */
function spread(bags: readonly Bag[], { width, values }: Rows, gradient: Float32Array): void {
	for (const [row, own] of bags.entries()) {
		for (const [term, weight] of own) {
			for (let at = 0; at < width; at += 1)
				gradient[term * width + at]! += weight * values[row * width + at]!;
		}
	}
}

/** Turns slopes by unit rows into slopes by the rows before they were brought to unit length. */
function project(slopes: Rows, units: Rows, lengths: Float32Array): void {
	const { count, width, values } = slopes;
	for (let row = 0; row < count; row += 1) {
		let along = 0;
		for (let at = row * width; at < (row + 1) * width; at += 1) along += values[at]! * units.values[at]!;
		const factor = lengths[row]! > 0 ? 1 / lengths[row]! : 0;
		for (let at = row * width; at < (row + 1) * width; at += 1)
			values[at] = (values[at]! - along * units.values[at]!) * factor;
	}
}

/** Slopes of the mean loss by score: softmax over the passages of a question and over the questions of a passage. */
function softmaxSlopes(scores: Float32Array, count: number): { slopes: Float32Array; loss: number } {
	const slopes = new Float32Array(scores.length);
	let loss = 0;
	const half = SCALE / (2 * count);
	for (const [step, stride] of [
		[1, count],
		[count, 1]
	] as const) {
		for (let line = 0; line < count; line += 1) {
			const start = line * stride;
			let most = -Infinity;
			for (let at = 0; at < count; at += 1) most = Math.max(most, scores[start + at * step]!);
			let sum = 0;
			for (let at = 0; at < count; at += 1) sum += Math.exp(SCALE * (scores[start + at * step]! - most));
			for (let at = 0; at < count; at += 1) {
				const place = start + at * step;
				slopes[place]! += (half * Math.exp(SCALE * (scores[place]! - most))) / sum;
			}
			slopes[start + line * step]! -= half;
			if (step === 1) loss += (Math.log(sum) - SCALE * (scores[start + line]! - most)) / count;
		}
	}
	return { slopes, loss };
}

class Adam {
	readonly #values: Float32Array;
	readonly #means: Float32Array;
	readonly #squares: Float32Array;
	#steps = 0;

	constructor(values: Float32Array) {
		this.#values = values;
		this.#means = new Float32Array(values.length);
		this.#squares = new Float32Array(values.length);
	}

	step(gradient: Float32Array, rate: number): void {
		this.#steps += 1;
		const means = 1 - DECAY ** this.#steps;
		const squares = 1 - SQUARE_DECAY ** this.#steps;
		for (let at = 0; at < gradient.length; at += 1) {
			const slope = gradient[at]!;
			const mean = (this.#means[at] = DECAY * this.#means[at]! + (1 - DECAY) * slope);
			const square = (this.#squares[at] =
				SQUARE_DECAY * this.#squares[at]! + (1 - SQUARE_DECAY) * slope * slope);
			this.#values[at]! -= (rate * (mean / means)) / (Math.sqrt(square / squares) + 1e-6);
		}
	}
}
