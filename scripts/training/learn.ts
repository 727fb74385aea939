import { standardise } from '#lib/server/model/feature-reranker.ts';
import type { Target, TrainingExample } from './example.ts';

/** Weight by name of the evidence, for standardised values. */
export type Weights = ReadonlyMap<string, number>;

export interface LearnSettings {
	/** Strength of the pull towards the prior. */
	l2: number;
	/** What the weights are pulled to, and where they start; 0 where it says nothing. */
	prior: Weights;
	/** Evidence whose weight may have one sign only: 1 speaks for a passage, -1 against it. */
	signs: ReadonlyMap<string, 1 | -1>;
	/** Steps over all examples. */
	steps: number;
}

/** An example with its standardised evidence, ready to learn from. */
export interface PreparedExample {
	example: TrainingExample;
	/** A row of `names.length` values for each candidate. */
	rows: Float64Array;
	names: readonly string[];
}

/** Standardises the evidence of the given names among the candidates of each question, as the reranker does. */
export function prepare(example: TrainingExample, names: readonly string[]): PreparedExample {
	const count = example.documentOf.length;
	const rows = new Float64Array(count * names.length);
	names.forEach((name, column) => {
		const values = standardise(example.evidence.get(name) ?? new Float64Array(count));
		values?.forEach((value, candidate) => (rows[candidate * names.length + column] = value));
	});
	return { example, rows, names };
}

/** Score of each candidate: the weighted sum of its row. */
export function scoreCandidates({ rows, names }: PreparedExample, weights: Float64Array): Float64Array {
	const width = names.length;
	const scores = new Float64Array(rows.length / width);
	for (let candidate = 0; candidate < scores.length; candidate += 1) {
		let score = 0;
		for (let column = 0; column < width; column += 1)
			score += weights[column]! * rows[candidate * width + column]!;
		scores[candidate] = score;
	}
	return scores;
}

const RATE = 0.02;
const MOMENTUM = 0.9;
const SPREAD = 0.999;

/**
 * Learns weights with a softmax over the candidates of a question: of each target, the probability that one of its holders comes first should
 * be high. Mean cross entropy plus `l2` / 2 times the squared distance from the prior; weights keep their signs. Deterministic. Sources: Cao
 * et al., "Learning to Rank: From Pairwise Approach to Listwise Approach", ICML 2007 (ListNet, top one), with the probabilities of the holders
 * of a target added; Kingma, Ba, "Adam", ICLR 2015, with a projection onto the signs after each step.
 */
export function learn(
	examples: readonly PreparedExample[],
	{ l2, prior, signs, steps }: LearnSettings
): Float64Array {
	const names = examples[0]?.names ?? [];
	const learnable = examples.filter(({ example }) => example.targets.length > 0);
	const start = Float64Array.from(names, (name) => prior.get(name) ?? 0);
	const weights = Float64Array.from(start);
	const mean = new Float64Array(names.length);
	const square = new Float64Array(names.length);
	for (let step = 1; step <= steps; step += 1) {
		const gradient = new Float64Array(names.length);
		for (const example of learnable) addGradient(example, weights, gradient);
		names.forEach((name, at) => {
			const slope = gradient[at]! / (learnable.length || 1) + l2 * (weights[at]! - start[at]!);
			mean[at] = MOMENTUM * mean[at]! + (1 - MOMENTUM) * slope;
			square[at] = SPREAD * square[at]! + (1 - SPREAD) * slope * slope;
			const move =
				mean[at]! / (1 - MOMENTUM ** step) / (Math.sqrt(square[at]! / (1 - SPREAD ** step)) + 1e-8);
			const moved = weights[at]! - RATE * move;
			const sign = signs.get(name);
			weights[at] = sign === undefined ? moved : sign * Math.max(0, sign * moved);
		});
	}
	return weights;
}

function addGradient(prepared: PreparedExample, weights: Float64Array, gradient: Float64Array): void {
	const scores = scoreCandidates(prepared, weights);
	const highest = Math.max(...scores);
	const likelihoods = scores.map((score) => Math.exp(score - highest));
	const total = likelihoods.reduce((sum, each) => sum + each, 0);
	const { targets } = prepared.example;
	// d/ds of −weight · ln(Σ of the holders / Σ of all): the share of all, less the share of the holders.
	const errors = likelihoods.map((each) => (each / total) * weightOf(targets));
	for (const { holders, weight } of targets) {
		const held = holders.reduce((sum, candidate) => sum + likelihoods[candidate]!, 0);
		for (const candidate of holders) errors[candidate]! -= (weight * likelihoods[candidate]!) / held;
	}
	const width = prepared.names.length;
	errors.forEach((error, candidate) => {
		for (let column = 0; column < width; column += 1) {
			gradient[column]! += error * prepared.rows[candidate * width + column]!;
		}
	});
}

function weightOf(targets: readonly Target[]): number {
	return targets.reduce((sum, { weight }) => sum + weight, 0);
}
