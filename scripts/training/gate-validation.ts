import type { PlacedExample } from './gate-examples.ts';
import { learnLogistic, type LogisticModel } from './logistic.ts';
import { shuffle } from './random.ts';

/** Which way each piece of evidence speaks. */
export const SIGNS = {
	word_rarity: -1,
	technology_rarity: -1,
	words_missing: -1,
	technology_missing: -1,
	proximity: 1,
	document_coverage: 1,
	heading_match: 1,
	semantic: 1,
	library_named: 1,
	library_agreement: 1
} as const;

export interface GateSettings {
	l2: number;
	/** Share of the real answerable questions, those learnt from, that may be refused: sets the bias. */
	refusable: number;
	/** Share of them that may be refused or have thin evidence. */
	doubtable: number;
}

/** Log-odds of an answer, and below which of them evidence is thin, by what was searched; below 0 a question is refused. */
export interface GateModel extends LogisticModel {
	thin: { all: number; library: number };
}

/** Learns weights, then sets bias and threshold to where only so many answerable questions are refused, and doubted. */
export function learnGate(
	examples: readonly PlacedExample[],
	{ l2, refusable, doubtable }: GateSettings
): GateModel {
	const model = learnLogistic(weighted(examples), SIGNS, l2);
	const real = examples.filter(
		({ isAnswerable, set, indexed }) => isAnswerable && set === 'real' && indexed === 'all'
	);
	const quantileOf = (some: readonly PlacedExample[], share: number) =>
		quantile(
			some.map((example) => score(example, model)).sort((a, b) => a - b),
			share
		);
	const refused = quantileOf(real, refusable);
	const thin = (isAll: boolean) =>
		quantileOf(
			real.filter(({ searched }) => (searched === null) === isAll),
			doubtable
		) - refused;
	return { ...model, bias: model.bias - refused, thin: { all: thin(true), library: thin(false) } };
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

/** What became of an example that the model had not seen. */
export type Verdict = 'refused' | 'thin' | 'good';

/**
 * Verdicts by models that saw neither the library of the question nor, of the unanswerable ones, the question: a library at a time is left
 * out, and with it as large a part of the unanswerable questions.
 */
export function crossValidateGate(
	examples: readonly PlacedExample[],
	settings: GateSettings,
	seed: number
): Map<PlacedExample, Verdict> {
	const libraries = [...new Set(examples.flatMap(({ library }) => library ?? []))].sort();
	const unanswerable = examples.filter(({ isAnswerable }) => !isAnswerable).map(({ question }) => question);
	const fold = new Map(
		shuffle([...new Set(unanswerable)], seed).map((question, at) => [question, at % libraries.length])
	);
	const verdicts = new Map<PlacedExample, Verdict>();
	for (const [at, leftOut] of libraries.entries()) {
		const isHeld = ({ library, question }: PlacedExample) =>
			library === null ? fold.get(question) === at : library === leftOut;
		const model = learnGate(
			examples.filter((example) => !isHeld(example)),
			settings
		);
		for (const example of examples.filter(isHeld)) {
			const odds = score(example, model);
			const thin = example.searched === null ? model.thin.all : model.thin.library;
			verdicts.set(example, odds < 0 ? 'refused' : odds < thin ? 'thin' : 'good');
		}
	}
	return verdicts;
}
