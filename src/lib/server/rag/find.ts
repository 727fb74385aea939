import { Breather } from '#lib/server/breather.ts';
import type { TraceRecorder } from '#lib/server/trace/recorder.ts';
import type { Knowledge, SearchEngine } from './engine.ts';
import { fuseByReciprocalRank, RRF_K } from './fuse.ts';
import { rerank, RERANK_LIMIT, type RankedPassage } from './rerank.ts';
import { retrieve, type RetrievalRequest } from './retrieve.ts';

/**
 * Finds passages for a question: recall by both searches, fusion, reranking. All that was seen is in the trace's
 * ledger, the losers by their ids (see `describeLosers`); the result is in the reranker's order. Answers that stream get a turn between
 * recall and reranking when much has been searched in this turn already; no step counts that as its own time.
 * @throws AppError `retrieval_failed`, or `cancelled`.
 */
export async function findPassages(
	engine: SearchEngine,
	knowledge: Knowledge,
	request: RetrievalRequest,
	trace: TraceRecorder,
	signal: AbortSignal
): Promise<RankedPassage[]> {
	const breather = new Breather(signal);
	const { text, semantic, vectors } = await retrieve(knowledge, request, trace, signal);
	await breather.breathe();
	const fused = await trace.step('fusion_rrf', ({ details }) => {
		const hits = fuseByReciprocalRank([text, semantic]);
		details.n_candidates = hits.length;
		details.k = RRF_K;
		trace.ledger.rank('fusion', hits);
		return hits;
	});
	const ranked = await rerank(engine, knowledge, request.question, vectors, fused, trace, signal);
	const beyondWindow = fused.slice(RERANK_LIMIT).map((hit) => hit.chunk_id);
	trace.ledger.describe(ranked.map((passage) => passage.chunk));
	trace.ledger.dropAt('fusion_rrf', beyondWindow);
	return ranked;
}

/** Adds to the ledger what the candidates that were not reranked are; nobody waits for that, so it is done after the answer. */
export async function describeLosers({ index }: Knowledge, { ledger }: TraceRecorder): Promise<void> {
	await new Breather().breathe();
	const losers = await index.get(ledger.undescribed());
	ledger.describe(losers.map(({ chunk }) => chunk));
}
