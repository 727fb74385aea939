import type { Source } from '#lib/contract/chunk.ts';
import type { Step } from '#lib/contract/trace.ts';
import type { SearchEngine } from '#lib/server/rag/engine.ts';
import { findPassages } from '#lib/server/rag/find.ts';
import { judgeEvidence, type GateVerdict } from '#lib/server/rag/gate.ts';
import type { RankedPassage } from '#lib/server/rag/rerank.ts';
import type { RetrievalRequest } from '#lib/server/rag/retrieve.ts';
import { numberSources } from '#lib/server/rag/sources.ts';
import {
	documentName,
	measureRanking,
	rankDocuments,
	type RelevanceMetrics
} from '#lib/server/search/relevance-metrics.ts';
import { unionLength } from '#lib/server/trace/interval.ts';
import { TraceRecorder } from '#lib/server/trace/recorder.ts';
import { essentialFacts } from './facts.ts';
import { giveSources, mapBySize, type BySize, type Given, type GivenLimits } from './given.ts';
import { measureGiven, missedFacts, rankOfFact, type Wanted } from './measure-given.ts';
import type { GivenMeasures } from './metrics.ts';
import { NormalPassages } from './normal-form.ts';
import type { EvalQuestion } from './question.ts';
import { summariseTimes, type Times } from './times.ts';

/** Where a question is asked: within its own library, or over all of them. */
export type Scope = 'library' | 'all';

/** What came of one question in one scope: how documents were ordered, and what the model is given at default settings. */
export interface QuestionResult extends RelevanceMetrics, GivenMeasures {
	id: string | null;
	question: string;
	library: string | null;
	scope: Scope;
	/** Rank of the first document that answers it, from 1; null when none was found. */
	first_relevant_rank: number | null;
	/** Whether the evidence gate would have kept it from the model; what would be given is measured all the same. */
	refused: boolean;
	/** Whether it called the evidence thin. */
	thin: boolean;
	/** Essential facts that the sources at default settings do not state. */
	missed: MissedFact[];
	/** The sources at default settings, in their order. */
	sources: GivenSource[];
	/** What is given at every size, by every method. */
	given: BySize<GivenMeasures>;
}

export interface MissedFact {
	fact: string;
	/** Rank, in the reranker's order, of the first passage that states it by itself, from 1; null when none does. */
	rank: number | null;
}

export type GivenSource = Pick<Source, 'library' | 'document' | 'title' | 'heading_path' | 'chunk_ids'>;

/** What came of every question. */
export interface Evaluation {
	results: QuestionResult[];
	/** Questions that the documentation does not answer. */
	off_topic: { question: string; refused: boolean; thin: boolean }[];
	/** By step, and `retrieval` for all of it, over every search made here. */
	times: Record<string, Times>;
	/** In how many searches a step failed and was gone on without, such as for an endpoint that is down. */
	skipped: Record<string, number>;
}

export interface EvaluationInput {
	questions: readonly EvalQuestion[];
	offTopic: readonly EvalQuestion[];
	limits: GivenLimits;
	onProgress(done: number, total: number): void;
	signal: AbortSignal;
}

/**
 * Asks every question of the search alone, without generation, and judges the order of the documents, the evidence gate and the sources
 * that the model would be given.
 * @throws AppError `retrieval_failed`, or `cancelled`.
 */
export async function evaluate(
	engine: SearchEngine,
	{ questions, offTopic, limits, onProgress, signal }: EvaluationInput
): Promise<Evaluation> {
	const steps: Step[] = [];
	const evaluation: Evaluation = { results: [], off_topic: [], times: {}, skipped: {} };
	const total = questions.length + questions.filter(hasLibrary).length + offTopic.length;
	let done = 0;
	const durations: number[] = [];
	const finish = ({ trace }: Search) => {
		const made = trace.pending().steps;
		steps.push(...made);
		durations.push(unionLength(made));
		onProgress(++done, total);
	};
	const normal = new NormalPassages();
	for (const each of questions) {
		const { id, question, library } = each;
		const wanted: Wanted = { ...each, facts: essentialFacts(each), normal };
		for (const scope of hasLibrary(each) ? (['library', 'all'] as const) : (['all'] as const)) {
			const searched = { question, library: scope === 'library' ? (library ?? null) : null };
			const found = await search(engine, searched, signal);
			const { passages, decision } = found;
			const given = await giveSources({ ...searched, passages, limits }, { ...found, signal });
			evaluation.results.push({
				id: id ?? null,
				question,
				library: library ?? null,
				scope,
				refused: decision === 'refused',
				thin: decision === 'thin',
				...measureOrder(passages, each),
				...measureSources(given, passages, wanted)
			});
			finish(found);
		}
	}
	for (const { question } of offTopic) {
		const found = await search(engine, { question, library: null }, signal);
		evaluation.off_topic.push({
			question,
			refused: found.decision === 'refused',
			thin: found.decision === 'thin'
		});
		finish(found);
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
function measureOrder(
	passages: readonly RankedPassage[],
	{ library, relevant }: EvalQuestion
): RelevanceMetrics & Pick<QuestionResult, 'first_relevant_rank'> {
	const chunks = passages.map(({ chunk }) => chunk);
	const ranking =
		library === undefined ? [...new Set(chunks.map((chunk) => chunk.document))] : rankDocuments(chunks);
	const wanted =
		library === undefined ? relevant : relevant.map((document) => documentName({ library, document }));
	const rank = ranking.findIndex((document) => wanted.includes(document)) + 1;
	return { first_relevant_rank: rank || null, ...measureRanking(ranking, wanted) };
}

function measureSources(
	given: BySize<Given>,
	passages: readonly RankedPassage[],
	wanted: Wanted
): GivenMeasures & Pick<QuestionResult, 'missed' | 'sources' | 'given'> {
	const { runs } = given.default.citelight;
	const measures = mapBySize(given, (each) => measureGiven(each, wanted));
	return {
		...measures.default.citelight,
		missed: missedFacts(runs.flat(), wanted).map((fact) => ({
			fact: fact.fact,
			rank: rankOfFact(passages, fact, wanted)
		})),
		sources: numberSources(runs).map(({ library, document, title, heading_path, chunk_ids }) => ({
			library,
			document,
			title,
			heading_path,
			chunk_ids
		})),
		given: measures
	};
}

interface Search {
	/** Best first. */
	passages: RankedPassage[];
	decision: GateVerdict['decision'];
	knowledge: ReturnType<SearchEngine['knowledge']>;
	trace: TraceRecorder;
}

async function search(
	engine: SearchEngine,
	{ question, library }: RetrievalRequest,
	signal: AbortSignal
): Promise<Search> {
	const trace = new TraceRecorder({ question, library, limit: 20 }, 'eval', '');
	const knowledge = engine.knowledge();
	const passages = await findPassages(engine, knowledge, { question, library }, trace, signal);
	const language = await knowledge.index.unheldLanguage(question);
	const { decision } = await trace.step('evidence_gate', () =>
		judgeEvidence({ question, language, library: library ?? null, passages, knowledge })
	);
	return { passages, decision, knowledge, trace };
}
