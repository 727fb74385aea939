import { evaluate } from '#lib/server/evaluation/evaluate.ts';
import type { GivenLimits } from '#lib/server/evaluation/given.ts';
import type { EvalQuestion } from '#lib/server/evaluation/question.ts';
import { reportOn, type EvaluationReport } from '#lib/server/evaluation/report.ts';
import { FeatureReranker } from '#lib/server/model/feature-reranker.ts';
import type { SearchEngine } from '#lib/server/rag/engine.ts';
import { learnLeftOut } from './cross-validate.ts';
import type { TrainingExample } from './example.ts';
import type { LearnSettings } from './learn.ts';

export interface LeftOutInput {
	examples: readonly TrainingExample[];
	questions: readonly EvalQuestion[];
	names: readonly string[];
	settings: LearnSettings;
	limits: GivenLimits;
	signal: AbortSignal;
}

/**
 * The report of `citelight eval` with the questions of each library asked by weights that were learnt on the other libraries alone.
 * @throws AppError `retrieval_failed`, or `cancelled`.
 */
export async function evaluateLeftOut(
	engine: SearchEngine,
	{ examples, questions, names, settings, limits, signal }: LeftOutInput
): Promise<EvaluationReport> {
	const parts = [];
	for (const [library, values] of learnLeftOut(examples, names, settings)) {
		const weights = Object.fromEntries(names.map((name, at) => [name, round(values[at]!)]));
		const own = questions.filter((question) => question.library === library);
		const reranker = new FeatureReranker(weights);
		const asked = { questions: own, offTopic: [], limits, onProgress: () => {}, signal };
		parts.push(await evaluate({ ...engine, reranker }, asked));
	}
	const [first, ...others] = parts;
	const all = others.reduce(
		(sum, part) => ({ ...sum, results: [...sum.results, ...part.results] }),
		first ?? { results: [], off_topic: [], times: {}, skipped: {} }
	);
	return reportOn(all, {
		models: { embedder: engine.knowledge().embedder?.model ?? null, reranker: 'by library left out' },
		limits
	});
}

/** To two decimals, in which weights are served. */
function round(weight: number): number {
	return Math.round(weight * 100) / 100;
}
