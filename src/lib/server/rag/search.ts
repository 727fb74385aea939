import type { SearchRequest, SearchResponse } from '#lib/contract/search.ts';
import type { Candidate } from '#lib/contract/trace.ts';
import { round } from '#lib/server/trace/interval.ts';
import { TraceRecorder } from '#lib/server/trace/recorder.ts';
import type { SearchEngine } from './engine.ts';
import { findPassages } from './find.ts';

/**
 * The same retrieval as an answer's, without generation and without a trace: passages in the reranker's order, with
 * their rank and score at every stage.
 * @throws AppError `retrieval_failed`, or `cancelled`.
 */
export async function searchPassages(
	engine: SearchEngine,
	request: SearchRequest,
	signal: AbortSignal
): Promise<SearchResponse> {
	const trace = new TraceRecorder({ question: request.question, limit: 1 }, 'ask', '');
	const library = request.library ?? null;
	const passages = await findPassages(
		engine,
		engine.knowledge(),
		{ question: request.question, library },
		trace,
		signal
	);
	const scores = new Map(trace.candidates().map((candidate) => [candidate.chunk_id, candidate]));
	const total = trace.elapsed();
	return {
		results: passages.slice(0, request.limit).map(({ chunk }, index) => {
			const stages: Partial<Candidate> = scores.get(chunk.chunk_id) ?? {};
			const {
				semantic = null,
				bm25 = null,
				parts = null,
				pages = null,
				fusion = null,
				rerank = null
			} = stages;
			return {
				n: index + 1,
				...chunk,
				chunk_ids: [chunk.chunk_id],
				scores: { semantic, bm25, parts, pages, fusion, rerank }
			};
		}),
		steps: trace.pending().steps,
		total_duration_ms: round(total)
	};
}
