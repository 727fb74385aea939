import type { EvalQuestion } from '#lib/server/evaluation/question.ts';
import type { Chunk } from '#lib/contract/chunk.ts';
import type { Knowledge } from '#lib/server/rag/engine.ts';
import { fuseByReciprocalRank } from '#lib/server/rag/fuse.ts';
import { RERANK_LIMIT } from '#lib/server/rag/rerank.ts';
import { retrieve } from '#lib/server/rag/retrieve.ts';
import type { Hit } from '#lib/server/search/passage-index.ts';
import { documentName } from '#lib/server/search/relevance-metrics.ts';
import { TraceRecorder } from '#lib/server/trace/recorder.ts';
import type { TrainingExample } from './example.ts';

/**
 * Candidates with their evidence as an answer would see them: recall by both searches, fusion, the first RERANK_LIMIT. Questions that
 * name their library give two examples, within it and over all.
 * @throws AppError `retrieval_failed`, or `cancelled`.
 */
export async function collectExamples(
	knowledge: Knowledge,
	questions: readonly EvalQuestion[],
	signal: AbortSignal
): Promise<TrainingExample[]> {
	const examples: TrainingExample[] = [];
	for (const { question, library, relevant } of questions) {
		if (library === undefined || relevant.length === 0) continue;
		for (const scope of ['library', 'all'] as const) {
			const searched = scope === 'library' ? library : null;
			const candidates = await collectCandidates(knowledge, question, searched, signal);
			const names = relevant.map((document) => documentName({ library, document }));
			examples.push({ question, library, scope, relevant: names, ...candidates });
		}
	}
	return examples;
}

type Candidates = Pick<TrainingExample, 'evidence' | 'documentOf' | 'documents' | 'orders'>;

async function collectCandidates(
	knowledge: Knowledge,
	question: string,
	library: string | null,
	signal: AbortSignal
): Promise<Candidates> {
	const trace = new TraceRecorder({ question, library, limit: 20 }, 'eval', '');
	const { text, semantic, vectors } = await retrieve(knowledge, { question, library }, trace, signal);
	const fused = fuseByReciprocalRank([text, semantic]).slice(0, RERANK_LIMIT);
	const ids = fused.map((hit) => hit.chunk_id);
	const chunks = (await knowledge.index.get(ids)).map(({ chunk }) => chunk);
	const features = await knowledge.index.features(question, vectors, ids);
	const places = new Map(ids.map((id, place) => [id, place]));
	const order = (hits: readonly Hit[]) =>
		Uint32Array.from(hits.map((hit) => places.get(hit.chunk_id)).filter((place) => place !== undefined));
	return {
		...groupByDocument(chunks),
		evidence: toColumns(ids.map((id) => features.get(id) ?? {})),
		orders: { bm25: order(text), semantic: order(semantic), fusion: order(fused) }
	};
}

/** Values by name, one for each candidate; 0 where a candidate has none of it. */
export function toColumns(rows: readonly Readonly<Record<string, number>>[]): Map<string, Float64Array> {
	const names = new Set(rows.flatMap((row) => Object.keys(row)));
	return new Map([...names].map((name) => [name, Float64Array.from(rows, (row) => row[name] ?? 0)]));
}

/** Documents in order of appearance, and the number of each candidate's. */
export function groupByDocument(
	chunks: readonly Pick<Chunk, 'library' | 'document'>[]
): Pick<TrainingExample, 'documentOf' | 'documents'> {
	const numbers = new Map<string, number>();
	const documentOf = Uint32Array.from(chunks, (chunk) => {
		const name = documentName(chunk);
		const number = numbers.get(name) ?? numbers.size;
		numbers.set(name, number);
		return number;
	});
	return { documentOf, documents: [...numbers.keys()] };
}
