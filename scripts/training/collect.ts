import type { Chunk } from '#lib/contract/chunk.ts';
import { normalSnippet, type NormalSnippet } from '#lib/server/evaluation/facts.ts';
import { NormalPassages } from '#lib/server/evaluation/normal-form.ts';
import type { EvalQuestion, Fact } from '#lib/server/evaluation/question.ts';
import type { Knowledge } from '#lib/server/rag/engine.ts';
import { findCandidates } from '#lib/server/rag/find.ts';
import { RERANK_LIMIT } from '#lib/server/rag/rerank.ts';
import type { PlacedChunk } from '#lib/server/search/passage-index.ts';
import { documentName } from '#lib/server/search/relevance-metrics.ts';
import { TraceRecorder } from '#lib/server/trace/recorder.ts';
import type { Target, TrainingExample } from './example.ts';

/** What all facts of a kind count together, beside the essential ones. */
const OTHER_FACTS = 0.3;
/** What the pages that answer count: the weaker label. */
const PAGES = 1;

/**
 * Candidates with their evidence as an answer would see them: recall, fusion, the first RERANK_LIMIT. Questions that name their library give
 * two examples, within it and over all.
 * @throws AppError `retrieval_failed`, or `cancelled`.
 */
export async function collectExamples(
	knowledge: Knowledge,
	questions: readonly EvalQuestion[],
	signal: AbortSignal
): Promise<TrainingExample[]> {
	const examples: TrainingExample[] = [];
	const normal = new NormalPassages();
	for (const asked of questions) {
		const { question, library, relevant } = asked;
		if (library === undefined || relevant.length === 0) continue;
		for (const scope of ['library', 'all'] as const) {
			const searched = scope === 'library' ? library : null;
			const { placed, evidence } = await collectCandidates(knowledge, question, searched, signal);
			const names = relevant.map((document) => documentName({ library, document }));
			examples.push({
				question,
				library,
				scope,
				relevant: names,
				evidence,
				...groupByDocument(placed.map(({ chunk }) => chunk)),
				targets: targetsOf(placed, { ...asked, library }, normal)
			});
		}
	}
	return examples;
}

async function collectCandidates(
	knowledge: Knowledge,
	question: string,
	library: string | null,
	signal: AbortSignal
): Promise<{ placed: PlacedChunk[]; evidence: Map<string, Float64Array> }> {
	const trace = new TraceRecorder({ question, library, limit: 20 }, 'eval', '');
	const { hits, asked } = await findCandidates(knowledge, { question, library }, trace, signal);
	const ids = hits.slice(0, RERANK_LIMIT).map((hit) => hit.chunk_id);
	const placed = await knowledge.index.get(ids);
	const features = await knowledge.index.features(asked, ids);
	return { placed, evidence: toColumns(ids.map((id) => features.get(id) ?? {})) };
}

/** Each fact with the candidates that state it by themselves, and the pages that answer with theirs. */
function targetsOf(
	placed: readonly PlacedChunk[],
	{ facts, relevant, library }: EvalQuestion & { library: string },
	normal: NormalPassages
): Target[] {
	const holds = (passage: PlacedChunk, { document, text, alphabet }: NormalSnippet) =>
		passage.chunk.library === library &&
		passage.chunk.document === document &&
		normal.join([passage], alphabet).includes(text);
	const target = (isHolder: (passage: PlacedChunk) => boolean, weight: number): Target[] => {
		const holders = Uint32Array.from(placed.flatMap((passage, at) => (isHolder(passage) ? [at] : [])));
		return holders.length > 0 ? [{ holders, weight }] : [];
	};
	const ofFacts = (some: readonly Fact[], weight: number) =>
		some.flatMap(({ snippets }) => {
			const wanted = snippets.map(normalSnippet);
			return target((passage) => wanted.some((snippet) => holds(passage, snippet)), weight / some.length);
		});
	return [
		...ofFacts(
			facts.filter((fact) => fact.essential),
			1
		),
		...ofFacts(
			facts.filter((fact) => !fact.essential),
			OTHER_FACTS
		),
		...target(({ chunk }) => chunk.library === library && relevant.includes(chunk.document), PAGES)
	];
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
