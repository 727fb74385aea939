import { measureRanking, meanMetrics, type RelevanceMetrics } from '#lib/server/search/relevance-metrics.ts';
import type { TrainingExample } from './example.ts';
import { learn, prepare, scoreCandidates, type LearnSettings } from './learn.ts';

/** Means by scope. */
export type ScopeMetrics = Record<TrainingExample['scope'], RelevanceMetrics>;

/** Weights for the questions of each library, learnt on those of all others. */
export function learnLeftOut(
	examples: readonly TrainingExample[],
	names: readonly string[],
	settings: LearnSettings
): Map<string, Float64Array> {
	const prepared = examples.map((example) => prepare(example, names));
	return new Map(
		[...new Set(examples.map((example) => example.library))].map((library) => {
			const others = prepared.filter(({ example }) => example.library !== library);
			return [library, learn(others, settings)];
		})
	);
}

/** Measures the questions of each library with weights from all others. */
export function crossValidate(
	examples: readonly TrainingExample[],
	names: readonly string[],
	settings: LearnSettings
): ScopeMetrics {
	const weights = learnLeftOut(examples, names, settings);
	return byScope(
		new Map(
			examples.map((example) => {
				const prepared = prepare(example, names);
				const own = weights.get(example.library) ?? new Float64Array(names.length);
				return [example, measureScores(example, scoreCandidates(prepared, own))];
			})
		)
	);
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
