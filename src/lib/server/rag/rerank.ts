import { toAppError } from '#lib/server/error.ts';
import type { PlacedChunk } from '#lib/server/search/passage-index.ts';
import type { RerankCandidate, Reranked } from '#lib/server/model/reranker.ts';
import type { TraceRecorder } from '#lib/server/trace/recorder.ts';
import type { Knowledge, SearchEngine } from './engine.ts';
import { endpointDetails } from './endpoint-details.ts';
import type { Candidates } from './find.ts';

/** A passage with its place after reranking. */
export interface RankedPassage extends PlacedChunk {
	chunk_id: string;
	/** Of the reranker; higher is better. */
	score: number;
	/** Raw evidence from the index, by feature name. */
	evidence: Readonly<Record<string, number>>;
}

/** How many fused candidates are reranked. */
export const RERANK_LIMIT = 180;

/**
 * Orders the best fused candidates by the reranker; the rest is dropped. When a rerank endpoint fails the fused order
 * stays and the step says so.
 */
export async function rerank(
	engine: SearchEngine,
	knowledge: Knowledge,
	{ hits, asked }: Candidates,
	trace: TraceRecorder,
	signal: AbortSignal
): Promise<RankedPassage[]> {
	if (hits.length === 0) return [];
	const step = trace.openStep('reranking', { model: engine.reranker.model, n_input: 0 });
	if (engine.reranker.weights) step.details.weights = { ...engine.reranker.weights };
	try {
		const window = hits.slice(0, RERANK_LIMIT);
		const ids = window.map((hit) => hit.chunk_id);
		const placed = await knowledge.index.get(ids);
		const evidence = await knowledge.index.features(asked, ids);
		const byId = new Map<string, RerankCandidate & PlacedChunk>();
		for (const { chunk, position } of placed) {
			byId.set(chunk.chunk_id, { chunk, position, features: evidence.get(chunk.chunk_id) ?? {} });
		}
		const candidates = [...byId.values()];
		step.details.n_input = candidates.length;
		let order: Reranked[];
		let status: 'success' | 'skipped' = 'success';
		try {
			order = await engine.reranker.rerank(asked.question, candidates, signal);
			trace.ledger.rank('rerank', order);
		} catch (thrown) {
			const error = toAppError(thrown);
			if (error.code === 'cancelled' || error.code === 'internal') throw thrown;
			Object.assign(step.details, { error: error.code }, endpointDetails(error));
			status = 'skipped';
			order = window;
		}
		const ranked: RankedPassage[] = [];
		for (const { chunk_id, score } of order) {
			const found = byId.get(chunk_id);
			if (!found) continue;
			const { chunk, position, features } = found;
			ranked.push({ chunk_id, score, chunk, position, evidence: features });
		}
		step.details.n_output = ranked.length;
		step.end(status);
		return ranked;
	} catch (thrown) {
		step.end(signal.aborted ? 'cancelled' : 'error');
		throw thrown;
	}
}
