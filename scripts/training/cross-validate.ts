import { measureRanking, meanMetrics, type RelevanceMetrics } from '#lib/server/search/relevance-metrics.ts';
import type { TrainingExample } from './example.ts';
import { learn, prepare, scoreCandidates, type LearnSettings, type PreparedExample } from './learn.ts';
import { shuffle } from './random.ts';

export interface CrossValidation {
	folds: number;
	/** One division into folds for each. */
	seeds: readonly number[];
}

/** Means of one division, by scope. */
export type ScopeMetrics = Record<TrainingExample['scope'], RelevanceMetrics>;

/**
 * Measures on questions that were not learnt from: the questions are divided into folds, each is judged by weights from the others.
 * @returns figures by seed
 */
export function crossValidate(
	examples: readonly TrainingExample[],
	names: readonly string[],
	settings: LearnSettings,
	{ folds, seeds }: CrossValidation,
	additional: readonly PreparedExample[] = []
): ScopeMetrics[] {
	const prepared = examples.map((example) => prepare(example, names));
	const questions = [...new Set(examples.map((example) => example.question))];
	return seeds.map((seed) => {
		const shuffled = shuffle(questions, seed);
		const metrics = new Map<TrainingExample, RelevanceMetrics>();
		for (let fold = 0; fold < folds; fold += 1) {
			const held = new Set(shuffled.filter((_, at) => at % folds === fold));
			const weights = learn(
				[...prepared.filter(({ example }) => !held.has(example.question)), ...additional],
				settings
			);
			for (const each of prepared) {
				if (held.has(each.example.question))
					metrics.set(each.example, measureScores(each.example, scoreCandidates(each, weights)));
			}
		}
		return byScope(metrics);
	});
}

/** Measures all questions with one set of weights. */
export function measureWeights(
	examples: readonly TrainingExample[],
	names: readonly string[],
	weights: Float64Array
): ScopeMetrics {
	return byScope(
		new Map(
			examples.map((example) => [
				example,
				measureScores(example, scoreCandidates(prepare(example, names), weights))
			])
		)
	);
}

/** Measures the documents in the order of a list of candidates. */
export function measureOrder(example: TrainingExample, order: Iterable<number>): RelevanceMetrics {
	const ranking = new Set<string>();
	for (const candidate of order) ranking.add(example.documents[example.documentOf[candidate]!]!);
	return measureRanking([...ranking], example.relevant);
}

function measureScores(example: TrainingExample, scores: Float64Array): RelevanceMetrics {
	const order = Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b);
	return measureOrder(example, order);
}

export function byScope(metrics: ReadonlyMap<TrainingExample, RelevanceMetrics>): ScopeMetrics {
	const of = (scope: TrainingExample['scope']) =>
		meanMetrics([...metrics].filter(([example]) => example.scope === scope).map(([, each]) => each));
	return { library: of('library'), all: of('all') };
}
