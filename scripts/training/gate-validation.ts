import type { PlacedExample } from './gate-examples.ts';
import { learnLogistic, type LogisticModel } from './logistic.ts';
import { shuffle } from './random.ts';

/** Which way each piece of evidence speaks. */
export const SIGNS = {
	word_rarity: -1,
	technology_rarity: -1,
	document_coverage: 1,
	heading_match: 1,
	semantic: 1
} as const;

export interface GateSettings {
	l2: number;
	/** Share of the real answerable questions, those learnt from, that may be refused: sets the bias. */
	refusable: number;
}

/** Learns weights, then moves the bias to where only so many answerable questions are refused. */
export function learnGate(
	examples: readonly PlacedExample[],
	{ l2, refusable }: GateSettings
): LogisticModel {
	const model = learnLogistic(weighted(examples), SIGNS, l2);
	const scores = examples
		.filter(({ isAnswerable, set, indexed }) => isAnswerable && set === 'real' && indexed === 'all')
		.map((example) => score(example, model))
		.sort((a, b) => a - b);
	return { ...model, bias: model.bias - quantile(scores, refusable) };
}

/** The value that a share of ascending values lies below, between two of them in proportion. */
function quantile(ascending: readonly number[], share: number): number {
	const place = share * (ascending.length - 1);
	const [below = 0, above = below] = ascending.slice(Math.floor(place), Math.floor(place) + 2);
	return below + (place % 1) * (above - below);
}

export function score({ evidence }: PlacedExample, { bias, weights }: LogisticModel): number {
	return Object.entries(weights).reduce((sum, [name, weight]) => sum + weight * evidence[name]!, bias);
}

/** Answerable and unanswerable weigh the same, whatever is indexed; the whole index counts twice. */
function weighted(examples: readonly PlacedExample[]): PlacedExample[] {
	const key = ({ indexed, isAnswerable }: PlacedExample) => `${indexed} ${isAnswerable}`;
	const counts = new Map<string, number>();
	for (const example of examples) counts.set(key(example), (counts.get(key(example)) ?? 0) + 1);
	return examples.map((example) => ({
		...example,
		weight: ((example.indexed === 'all' ? 2 : 0.5) * 300) / counts.get(key(example))!
	}));
}

/** Scores of examples by models that saw neither their question nor, if so wished, any real unanswerable one. */
export function crossValidateGate(
	examples: readonly PlacedExample[],
	settings: GateSettings,
	{ folds, seed, isLearnable }: { folds: number; seed: number; isLearnable(example: PlacedExample): boolean }
): Map<PlacedExample, number> {
	const shuffled = shuffle([...new Set(examples.map((example) => example.question))], seed);
	const scores = new Map<PlacedExample, number>();
	for (let fold = 0; fold < folds; fold += 1) {
		const held = new Set(shuffled.filter((_, at) => at % folds === fold));
		const known = examples.filter((example) => !held.has(example.question) && isLearnable(example));
		const model = learnGate(known, settings);
		for (const example of examples) {
			if (held.has(example.question)) scores.set(example, score(example, model));
		}
	}
	return scores;
}
