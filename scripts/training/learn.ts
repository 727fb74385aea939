import { standardise } from '#lib/server/model/feature-reranker.ts';
import type { TrainingExample } from './example.ts';

/** Weight by name of the evidence, for standardised values. */
export type Weights = ReadonlyMap<string, number>;

export interface LearnSettings {
	/** Strength of the pull towards the prior. */
	l2: number;
	/** What the weights are pulled to, and where they start; 0 where it says nothing. */
	prior: Weights;
	/** Steps over all examples. */
	steps: number;
}

/** An example with its standardised evidence, ready to learn from. */
export interface PreparedExample {
	example: TrainingExample;
	/** A row of `names.length` values for each candidate. */
	rows: Float64Array;
	names: readonly string[];
	/** What each document should get of the probability; 0 for those that do not answer. */
	targets: Float64Array;
	isLearnable: boolean;
}

/** Standardises the evidence of the given names among the candidates of each question, as the reranker does. */
export function prepare(example: TrainingExample, names: readonly string[]): PreparedExample {
	const count = example.documentOf.length;
	const rows = new Float64Array(count * names.length);
	names.forEach((name, column) => {
		const values = standardise(example.evidence.get(name) ?? new Float64Array(count));
		values?.forEach((value, candidate) => (rows[candidate * names.length + column] = value));
	});
	const relevant = new Set(example.relevant);
	const found = example.documents.filter((name) => relevant.has(name)).length;
	const targets = Float64Array.from(example.documents, (name) => (relevant.has(name) ? 1 / found : 0));
	return { example, rows, names, targets, isLearnable: found > 0 };
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

const RATE = 0.05;
const MOMENTUM = 0.9;
const SPREAD = 0.999;

/**
 * Learns weights with a softmax over the documents of a question: the score of a document is that of its best passage, and its
 * probability should be that of a document that answers. Mean cross entropy plus `l2` / 2 times the squared distance from the prior; no
 * weight becomes negative. Deterministic. Sources: Cao et al., "Learning to Rank: From Pairwise Approach to Listwise Approach", ICML
 * 2007 (ListNet, top one); Kingma, Ba, "Adam", ICLR 2015.
 */
export function learn(
	examples: readonly PreparedExample[],
	{ l2, prior, steps }: LearnSettings
): Float64Array {
	const names = examples[0]?.names ?? [];
	const learnable = examples.filter((example) => example.isLearnable);
	const start = Float64Array.from(names, (name) => prior.get(name) ?? 0);
	const weights = Float64Array.from(start);
	const mean = new Float64Array(names.length);
	const square = new Float64Array(names.length);
	for (let step = 1; step <= steps; step += 1) {
		const gradient = new Float64Array(names.length);
		for (const example of learnable) addGradient(example, weights, gradient);
		for (let at = 0; at < names.length; at += 1) {
			const slope = gradient[at]! / learnable.length + l2 * (weights[at]! - start[at]!);
			mean[at] = MOMENTUM * mean[at]! + (1 - MOMENTUM) * slope;
			square[at] = SPREAD * square[at]! + (1 - SPREAD) * slope * slope;
			const move =
				mean[at]! / (1 - MOMENTUM ** step) / (Math.sqrt(square[at]! / (1 - SPREAD ** step)) + 1e-8);
			weights[at] = Math.max(0, weights[at]! - RATE * move);
		}
	}
	return weights;
}

function addGradient(prepared: PreparedExample, weights: Float64Array, gradient: Float64Array): void {
	const { example, rows, targets, names } = prepared;
	const scores = scoreCandidates(prepared, weights);
	const best = bestOfDocuments(example, scores);
	let highest = -Infinity;
	for (const candidate of best) highest = Math.max(highest, scores[candidate]!);
	let total = 0;
	for (const candidate of best) total += Math.exp(scores[candidate]! - highest);
	best.forEach((candidate, document) => {
		const error = Math.exp(scores[candidate]! - highest) / total - targets[document]!;
		for (let column = 0; column < names.length; column += 1) {
			gradient[column]! += error * rows[candidate * names.length + column]!;
		}
	});
}

/** The best candidate of each document. */
function bestOfDocuments({ documentOf, documents }: TrainingExample, scores: Float64Array): Uint32Array {
	const best = new Uint32Array(documents.length);
	const highest = new Float64Array(documents.length).fill(-Infinity);
	documentOf.forEach((document, candidate) => {
		if (scores[candidate]! <= highest[document]!) return;
		highest[document] = scores[candidate]!;
		best[document] = candidate;
	});
	return best;
}
