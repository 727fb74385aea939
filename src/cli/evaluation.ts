import type { Step } from '#lib/contract/trace.ts';
import type { SearchEngine } from '#lib/server/rag/engine.ts';
import { findPassages } from '#lib/server/rag/find.ts';
import { judgeEvidence } from '#lib/server/rag/gate.ts';
import {
	documentName,
	measureRanking,
	rankDocuments,
	type RelevanceMetrics
} from '#lib/server/search/relevance-metrics.ts';
import { unionLength } from '#lib/server/trace/interval.ts';
import { TraceRecorder } from '#lib/server/trace/recorder.ts';
import type { EvalQuestion } from './eval-questions.ts';
import { summariseTimes, type Times } from './times.ts';

/** Where a question is asked: within its own library, or over all of them. */
export type Scope = 'library' | 'all';

/** What came of one question in one scope. */
export interface QuestionResult extends RelevanceMetrics {
	id: string | null;
	question: string;
	library: string | null;
	scope: Scope;
	/** Rank of the first document that answers it, from 1; null when none was found. */
	first_relevant_rank: number | null;
	/** Whether the evidence gate would have kept it from the model. */
	refused: boolean;
}

/** What came of every question. */
export interface Evaluation {
	results: QuestionResult[];
	/** Questions that the documentation does not answer. */
	off_topic: { question: string; refused: boolean }[];
	/** By step, and `retrieval` for all of it, over every search made here. */
	times: Record<string, Times>;
	/** In how many searches a step failed and was gone on without, such as for an endpoint that is down. */
	skipped: Record<string, number>;
}

export interface EvaluationInput {
	questions: readonly EvalQuestion[];
	offTopic: readonly EvalQuestion[];
	onProgress(done: number, total: number): void;
	signal: AbortSignal;
}

/**
 * Asks every question of the search alone, without generation, and judges the order of the documents and the evidence gate.
 * @throws AppError `retrieval_failed`, or `cancelled`.
 */
export async function evaluate(
	engine: SearchEngine,
	{ questions, offTopic, onProgress, signal }: EvaluationInput
): Promise<Evaluation> {
	const steps: Step[] = [];
	const evaluation: Evaluation = { results: [], off_topic: [], times: {}, skipped: {} };
	const total = questions.length + questions.filter(hasLibrary).length + offTopic.length;
	let done = 0;
	const durations: number[] = [];
	const ask = async (question: string, library: string | null) => {
		const found = await search(engine, question, library, signal);
		steps.push(...found.steps);
		durations.push(unionLength(found.steps));
		onProgress(++done, total);
		return found;
	};
	for (const each of questions) {
		for (const scope of hasLibrary(each) ? (['library', 'all'] as const) : (['all'] as const)) {
			const library = scope === 'library' ? (each.library ?? null) : null;
			const { passages, refused } = await ask(each.question, library);
			evaluation.results.push({
				id: each.id ?? null,
				question: each.question,
				library: each.library ?? null,
				scope,
				refused,
				...measure(passages, each)
			});
		}
	}
	for (const { question } of offTopic) {
		evaluation.off_topic.push({ question, refused: (await ask(question, null)).refused });
	}
	for (const [name, group] of Map.groupBy(steps, (step) => step.name)) {
		evaluation.times[name] = summariseTimes(group.map((step) => step.duration_ms));
		const skipped = group.filter((step) => step.status === 'skipped').length;
		if (skipped > 0) evaluation.skipped[name] = skipped;
	}
	evaluation.times.retrieval = summariseTimes(durations);
	return evaluation;
}

const hasLibrary = (question: EvalQuestion) => question.library !== undefined;

/** A question that names no library is answered by a document of that name in any. */
function measure(
	passages: readonly Place[],
	{ library, relevant }: EvalQuestion
): RelevanceMetrics & Pick<QuestionResult, 'first_relevant_rank'> {
	const ranking =
		library === undefined
			? [...new Set(passages.map((passage) => passage.document))]
			: rankDocuments(passages);
	const wanted =
		library === undefined ? relevant : relevant.map((document) => documentName({ library, document }));
	const rank = ranking.findIndex((document) => wanted.includes(document)) + 1;
	return { first_relevant_rank: rank || null, ...measureRanking(ranking, wanted) };
}

interface Place {
	library: string;
	document: string;
}

interface Found {
	/** Best first. */
	passages: Place[];
	refused: boolean;
	steps: Step[];
}

async function search(
	engine: SearchEngine,
	question: string,
	library: string | null,
	signal: AbortSignal
): Promise<Found> {
	const trace = new TraceRecorder({ question, library, limit: 20 }, 'eval', '');
	const knowledge = engine.knowledge();
	const passages = await findPassages(engine, knowledge, { question, library }, trace, signal);
	return {
		passages: passages.map(({ chunk }) => chunk),
		refused: !(await judgeEvidence(question, passages, knowledge)).answerable,
		steps: trace.pending().steps
	};
}
