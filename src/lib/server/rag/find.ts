import { Breather } from '#lib/server/breather.ts';
import type { Asked, Hit } from '#lib/server/search/passage-index.ts';
import type { TraceRecorder } from '#lib/server/trace/recorder.ts';
import type { Knowledge, SearchEngine } from './engine.ts';
import { fuseByReciprocalRank, RRF_K } from './fuse.ts';
import { rerank, RERANK_LIMIT, type RankedPassage } from './rerank.ts';
import { retrieve, type Recall, type RetrievalRequest } from './retrieve.ts';

/** How much a rank in each list counts in the fusion; 1 for the whole question by its words. */
const FUSION_WEIGHTS = { bm25: 1, semantic: 1, parts: 1, pages: 0.7 } as const;

/**
 * Finds passages for a question: recall by both searches and by its parts, the passages of the best pages, fusion, reranking. All that was
 * seen is in the trace's ledger, the losers by their ids (see `describeLosers`); the result is in the reranker's order. Answers that stream
 * get a turn between recall and reranking when much has been searched in this turn already; no step counts that as its own time.
 * @throws AppError `retrieval_failed`, or `cancelled`.
 */
export async function findPassages(
	engine: SearchEngine,
	knowledge: Knowledge,
	request: RetrievalRequest,
	trace: TraceRecorder,
	signal: AbortSignal
): Promise<RankedPassage[]> {
	const fused = await findCandidates(knowledge, request, trace, signal);
	const ranked = await rerank(engine, knowledge, fused, trace, signal);
	const beyondWindow = fused.hits.slice(RERANK_LIMIT).map((hit) => hit.chunk_id);
	trace.ledger.describe(ranked.map((passage) => passage.chunk));
	trace.ledger.dropAt('fusion_rrf', beyondWindow);
	return ranked;
}

/** What was recalled in the order of the fusion, and the question as evidence is read for it. */
export interface Candidates {
	hits: Hit[];
	asked: Asked;
}

/**
 * Recall and fusion.
 * @throws AppError `retrieval_failed`, or `cancelled`.
 */
export async function findCandidates(
	knowledge: Knowledge,
	request: RetrievalRequest,
	trace: TraceRecorder,
	signal: AbortSignal
): Promise<Candidates> {
	const breather = new Breather(signal);
	const { text, semantic, parts, vectors } = await retrieve(knowledge, request, trace, signal);
	await breather.breathe();
	const asked: Asked = {
		question: wholeQuestion(request),
		library: request.library,
		parts: parts.texts,
		vectors
	};
	const pages = await expandPages(knowledge, asked, { text, semantic, parts }, trace);
	const hits = await trace.step('fusion_rrf', ({ details }) => {
		const hits = fuseByReciprocalRank([
			{ hits: text, weight: FUSION_WEIGHTS.bm25 },
			{ hits: semantic, weight: FUSION_WEIGHTS.semantic },
			{ hits: parts.hits, weight: FUSION_WEIGHTS.parts },
			{ hits: pages, weight: FUSION_WEIGHTS.pages }
		]);
		Object.assign(details, { n_candidates: hits.length, k: RRF_K, weights: { ...FUSION_WEIGHTS } });
		trace.ledger.rank('fusion', hits);
		return hits;
	});
	return { hits, asked };
}

/** What evidence is read for: a rewriting with the words of the follow-up itself, unless it repeats them. */
function wholeQuestion({ question, typed }: RetrievalRequest): string {
	return typed === undefined || question.includes(typed) ? question : `${question}\n${typed}`;
}

/** The passages of the best pages: what answers often stands beside what has the words of the question. */
function expandPages(
	{ index }: Knowledge,
	asked: Asked,
	{ text, semantic, parts }: Pick<Recall, 'text' | 'semantic' | 'parts'>,
	trace: TraceRecorder
): Promise<Hit[]> {
	return trace.step('retrieval_pages', async ({ details }) => {
		const recalled = new Set<string>();
		for (const hits of [text, semantic, parts.hits]) for (const hit of hits) recalled.add(hit.chunk_id);
		const hits = await index.searchPages(asked, [...recalled]);
		details.n_results = hits.length;
		trace.ledger.rank('pages', hits);
		return hits;
	});
}

/** Adds to the ledger what the candidates that were not reranked are; nobody waits for that, so it is done after the answer. */
export async function describeLosers({ index }: Knowledge, { ledger }: TraceRecorder): Promise<void> {
	await new Breather().breathe();
	const losers = await index.get(ledger.undescribed());
	ledger.describe(losers.map(({ chunk }) => chunk));
}
