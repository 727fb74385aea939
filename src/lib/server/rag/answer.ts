import type { AskRequest } from '#lib/contract/ask.ts';
import type { Source } from '#lib/contract/chunk.ts';
import { NO_USAGE, type PromptMessage } from '#lib/contract/trace.ts';
import type { TraceRecorder } from '#lib/server/trace/recorder.ts';
import type { AnswerPipeline } from './answer-part.ts';
import { readCitations } from './citations.ts';
import { answerTokens, fitPrompt } from './context-window.ts';
import { costOf } from './cost.ts';
import type { AnswerEngine, Knowledge } from './engine.ts';
import { describeLosers, findPassages } from './find.ts';
import { judgeEvidence } from './gate.ts';
import { generate } from './generate.ts';
import { refusalText } from './refusal.ts';
import { rewriteQuestion, type TypedQuestion } from './rewrite.ts';
import { chooseSources } from './select.ts';
import { numberSources } from './sources.ts';
import { judgeSupport } from './support.ts';

export type { AnswerOutcome, AnswerPart, AnswerPipeline, Tell } from './answer-part.ts';

/** Earlier turns that a follow-up is understood with. */
const TURNS = 3;

/** Makes the pipeline that answers with this engine; a run sees one generation of the index from beginning to end. */
export function createAnswerPipeline(engine: AnswerEngine): AnswerPipeline {
	return async (request, trace, tell, signal) => {
		const knowledge = engine.knowledge();
		try {
			return await answer(engine, knowledge, request, trace, tell, signal);
		} finally {
			// Of calls that failed, and of a run that was stopped after one, the tokens are billed too, as far as they are known.
			const { model, usage } = trace.record;
			if (engine.generator.builtIn || usage !== NO_USAGE) {
				trace.record.costUsd = costOf(engine, trace, model ?? undefined);
			}
			await describeLosers(knowledge, trace);
		}
	};
}

/** The way from question to answer, in order: the table of contents of the product. */
async function answer(
	engine: AnswerEngine,
	knowledge: Knowledge,
	...[request, trace, tell, signal]: Parameters<AnswerPipeline>
): ReturnType<AnswerPipeline> {
	engine.generator.prepare?.();
	const turns = request.conversation_id ? engine.turns(request.conversation_id, TURNS) : [];

	const language = await knowledge.index.unheldLanguage(request.question);
	const typed = { question: request.question, turns, language };
	const question = await rewriteQuestion(typed, engine, trace, signal);
	const prepared = await prepare(engine, knowledge, request, { ...typed, question }, trace, signal);
	if ('refusal' in prepared) {
		trace.record.refusedBy = 'gate';
		trace.answer = prepared.refusal;
		tell({ type: 'sources', data: [] });
		tell({ type: 'token', data: trace.answer });
		return { status: 'refused', finishReason: 'refused' };
	}
	const { sources, messages, noAnswer } = prepared;
	tell({ type: 'sources', data: sources });

	const { temperature } = request;
	const evidence = trace.record.evidence ?? undefined;
	const maxTokens = answerTokens(engine.contextTokens);
	const writing = { question, messages, sources, evidence, temperature, maxTokens, noAnswer };
	try {
		const { finishReason, isRefusal } = await generate(engine.generator, writing, trace, tell, signal);
		if (!isRefusal) return { status: 'success', finishReason };
		trace.record.refusedBy = 'model';
		return { status: 'refused', finishReason: 'refused' };
	} finally {
		await cite(trace, sources);
	}
}

/** What the model is asked with, or what a reader gets in place of an answer. */
type Prepared =
	| {
			sources: Source[];
			messages: PromptMessage[];
			/** Where the model may say that the passages do not answer: what a reader gets when it says no more. */
			noAnswer: string | undefined;
	  }
	| { refusal: string };

/**
 * Finds passages, judges them and writes the prompt. A function of its own, so that nothing holds the passages while the answer is being
 * written.
 */
async function prepare(
	engine: AnswerEngine,
	knowledge: Knowledge,
	request: AskRequest,
	{ question, turns, language }: TypedQuestion,
	trace: TraceRecorder,
	signal: AbortSignal
): Promise<Prepared> {
	const library = request.library ?? null;
	const typed = request.question;
	const passages = await findPassages(engine, knowledge, { question, typed, library }, trace, signal);
	const isWanted = request.answer_anyway === true && passages.length > 0;
	const evidence = await trace.step('evidence_gate', async (step) => {
		const { decision, details } = await judgeEvidence({
			question,
			language,
			library,
			passages,
			knowledge
		});
		Object.assign(step.details, details, { decision, answerable: decision !== 'refused' });
		if (request.answer_anyway) step.details.answer_anyway = true;
		return decision === 'refused' && isWanted ? 'thin' : decision;
	});
	const refusal = refusalText(typed, passages);
	if (evidence === 'refused') {
		trace.ledger.settle('evidence_gate');
		trace.record.costUsd = costOf(engine, trace);
		return { refusal };
	}
	trace.record.evidence = evidence;
	const doubt = isWanted ? 'answer_anyway' : evidence === 'thin' ? 'thin' : 'none';
	const selection = await chooseSources(passages, knowledge, trace, {
		tokens: engine.sourceTokens,
		limit: request.limit
	});
	return trace.step('prompt_building', ({ details }) => {
		const { sources, messages, cut } = fitPrompt(request.question, numberSources(selection.runs), turns, {
			contextTokens: engine.contextTokens,
			doubt,
			details
		});
		trace.ledger.enterContext(sources.flatMap((source) => source.chunk_ids));
		trace.ledger.dropAt('prompt_building', cut);
		// Sources were chosen from all that the reranker gave back; the rest it left out.
		trace.ledger.settle('reranking');
		trace.record.sources = sources;
		if (!engine.generator.builtIn) trace.record.prompt = messages;
		return { sources, messages, noAnswer: doubt === 'thin' ? refusal : undefined };
	});
}

/** Takes the answer's citations into the trace, of which only numbers that were given count, and how its sentences are borne out. */
async function cite(trace: TraceRecorder, sources: readonly Source[]): Promise<void> {
	const { valid } = await readCitations(trace.answer, sources.length);
	trace.record.citations = valid;
	if (trace.record.refusedBy === null) trace.record.support = await judgeSupport(trace.answer, sources);
	trace.ledger.cite(
		sources.filter((source) => valid.includes(source.n)).flatMap((source) => source.chunk_ids)
	);
}
