import type { SearchEngine } from '#lib/server/rag/engine.ts';
import { findPassages } from '#lib/server/rag/find.ts';
import { judgeEvidence } from '#lib/server/rag/gate.ts';
import {
	documentName,
	meanMetrics,
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
	/** Whether the evidence gate would have kept it from the model. */
	refused: boolean;
}

/** Means over a number of questions. */
export interface Quality extends RelevanceMetrics {
	questions: number;
}

export interface ScopeReport {
	overall: Quality;
	/** By the library that a question is about. */
	libraries: Record<string, Quality>;
	/** Questions that the documentation answers and the gate refuses all the same. */
	refused_wrongly: number;
}

export interface EvaluationReport {
	/** Absent when no question names a library. */
	within_library?: ScopeReport;
	over_all_libraries: ScopeReport;
	/** Absent without off-topic questions. */
	off_topic?: { questions: number; refused_rightly: number; answered_wrongly: string[] };
	/** By step, and `retrieval` for all of it, over every search made here. */
	times: Record<string, Times>;
	results: QuestionResult[];
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
): Promise<EvaluationReport> {
	const times = new Map<string, number[]>();
	const results: QuestionResult[] = [];
	const refusals: { question: string; refused: boolean }[] = [];
	const total = questions.length + questions.filter(hasLibrary).length + offTopic.length;
	let done = 0;
	const ask = async (question: string, library: string | null) => {
		const found = await search(engine, question, library, times, signal);
		onProgress(++done, total);
		return found;
	};
	for (const each of questions) {
		for (const scope of hasLibrary(each) ? (['library', 'all'] as const) : (['all'] as const)) {
			const library = scope === 'library' ? (each.library ?? null) : null;
			const { passages, refused } = await ask(each.question, library);
			results.push({
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
		refusals.push({ question, refused: (await ask(question, null)).refused });
	}
	const within = results.filter((result) => result.scope === 'library');
	return {
		...(within.length > 0 && { within_library: report(within) }),
		over_all_libraries: report(results.filter((result) => result.scope === 'all')),
		...(refusals.length > 0 && {
			off_topic: {
				questions: refusals.length,
				refused_rightly: refusals.filter(({ refused }) => refused).length,
				answered_wrongly: refusals.filter(({ refused }) => !refused).map(({ question }) => question)
			}
		}),
		times: Object.fromEntries([...times].map(([step, values]) => [step, summariseTimes(values)])),
		results
	};
}

const hasLibrary = (question: EvalQuestion) => question.library !== undefined;

/** A question that names no library is answered by a document of that name in any. */
function measure(passages: readonly Place[], { library, relevant }: EvalQuestion): RelevanceMetrics {
	if (library === undefined) {
		return measureRanking([...new Set(passages.map((passage) => passage.document))], relevant);
	}
	return measureRanking(
		rankDocuments(passages),
		relevant.map((document) => documentName({ library, document }))
	);
}

function report(results: readonly QuestionResult[]): ScopeReport {
	const libraries = Object.groupBy(results, (result) => result.library ?? 'none');
	return {
		overall: quality(results),
		libraries: Object.fromEntries(
			Object.entries(libraries).map(([name, group]) => [name, quality(group ?? [])])
		),
		refused_wrongly: results.filter((result) => result.refused).length
	};
}

function quality(results: readonly QuestionResult[]): Quality {
	return { questions: results.length, ...meanMetrics(results) };
}

interface Place {
	library: string;
	document: string;
}

interface Found {
	/** Best first. */
	passages: Place[];
	refused: boolean;
}

async function search(
	engine: SearchEngine,
	question: string,
	library: string | null,
	times: Map<string, number[]>,
	signal: AbortSignal
): Promise<Found> {
	const trace = new TraceRecorder({ question, library, limit: 20 }, 'eval', '');
	const knowledge = engine.knowledge();
	const passages = await findPassages(engine, knowledge, { question, library }, trace, signal);
	const { steps } = trace.pending();
	for (const step of steps) collect(times, step.name, step.duration_ms);
	collect(times, 'retrieval', unionLength(steps));
	return {
		passages: passages.map(({ chunk }) => chunk),
		refused: !judgeEvidence(passages, knowledge).answerable
	};
}

function collect(times: Map<string, number[]>, name: string, duration: number): void {
	const values = times.get(name) ?? [];
	times.set(name, values);
	values.push(duration);
}
