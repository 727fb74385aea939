import { AppError, throwIfCancelled, toAppError } from '#lib/server/error.ts';
import { requireDimensions } from '#lib/server/model/embedding-vector.ts';
import type { QuestionVectors } from '#lib/server/model/question-vectors.ts';
import type { Hit } from '#lib/server/search/passage-index.ts';
import { questionParts } from '#lib/server/search/question-parts.ts';
import type { TraceRecorder } from '#lib/server/trace/recorder.ts';
import type { Knowledge } from './engine.ts';
import { endpointDetails } from './endpoint-details.ts';
import { fuseByReciprocalRank, type FusedList } from './fuse.ts';

export interface RetrievalRequest {
	question: string;
	library: string | null;
	/** A follow-up as it was typed, where `question` is a rewriting of it: it is searched too, so that a bad rewriting loses nothing. */
	typed?: string | undefined;
}

export interface Recall {
	text: Hit[];
	semantic: Hit[];
	/** The parts of the question that were searched apart, and what they found together. */
	parts: { texts: string[]; hits: Hit[] };
	/** The question's vectors by library; null when there are none. */
	vectors: QuestionVectors | null;
}

/** How many chunks each search returns. */
export const RECALL_LIMIT = 150;
/** How many chunks the search for a part of the question returns. */
const PART_LIMIT = 40;

/**
 * Recall: full-text and semantic search and full-text search for the parts of a long question, each a step of its own. An embeddings endpoint is asked while the text search
 * runs; in-process embedding shares our one thread, so there the two go one after the other and each shows its own time.
 * A failing embedder is not fatal: the run goes on with full text alone and the step says so.
 */
export async function retrieve(
	{ index, embedder }: Knowledge,
	{ question, library, typed }: RetrievalRequest,
	trace: TraceRecorder,
	signal: AbortSignal
): Promise<Recall> {
	throwIfCancelled(signal);
	const options = { library, limit: RECALL_LIMIT };
	const searchText = () =>
		trace.step('retrieval_bm25', async ({ details }) => {
			const hits = await index.searchText(question, options);
			details.n_results = hits.length;
			trace.ledger.rank('bm25', hits);
			return hits;
		});
	const searchParts = async (): Promise<Recall['parts']> => {
		const parts: { kind: string; text: string }[] = [
			...(typed && typed !== question ? [{ kind: 'typed', text: typed }] : []),
			...questionParts(question)
		];
		if (parts.length === 0) return { texts: [], hits: [] };
		return trace.step('retrieval_parts', async ({ details }) => {
			const lists: FusedList[] = [];
			for (const { text } of parts) {
				lists.push({ hits: await index.searchText(text, { library, limit: PART_LIMIT }), weight: 1 });
			}
			const hits = fuseByReciprocalRank(lists);
			details.n_results = hits.length;
			// Words out of their place cannot be redacted: an address that was taken apart is no longer known as one.
			details.parts = parts.map(({ kind, text }, at) => ({
				kind,
				...((kind === 'typed' || question.includes(text)) && kind !== 'identifiers' && { text }),
				n_results: lists[at]!.hits.length
			}));
			trace.ledger.rank('parts', hits);
			return { texts: parts.map((part) => part.text), hits };
		});
	};
	const embed = async () => {
		if (!embedder) return null;
		const step = trace.openStep('query_embedding', { model: embedder.model });
		try {
			const vectors = await embedder.embedQuestion({ text: question, library }, signal);
			requireDimensions(vectors.dimensions, index.dimensions ?? 0);
			step.details.dimensions = vectors.dimensions;
			step.end();
			return vectors;
		} catch (thrown) {
			const error = toAppError(thrown);
			Object.assign(step.details, { error: error.code }, endpointDetails(error));
			step.end(error.code === 'cancelled' ? 'cancelled' : 'skipped');
			if (error.code === 'cancelled') throw error;
			return null;
		}
	};
	const searchVector = (vectors: QuestionVectors | null) => {
		if (!vectors) return [];
		return trace.step('retrieval_semantic', async ({ details }) => {
			const hits = await index.searchVector(vectors, options);
			details.n_results = hits.length;
			trace.ledger.rank('semantic', hits);
			return hits;
		});
	};
	try {
		if (embedder?.inProcess === false) {
			const [{ text, parts }, { vectors, semantic }] = await Promise.all([
				searchText().then(async (text) => ({ text, parts: await searchParts() })),
				embed().then(async (vectors) => ({ vectors, semantic: await searchVector(vectors) }))
			]);
			return { text, semantic, parts, vectors };
		}
		const text = await searchText();
		const parts = await searchParts();
		const vectors = await embed();
		return { text, semantic: await searchVector(vectors), parts, vectors };
	} catch (thrown) {
		if (thrown instanceof AppError) throw thrown;
		throw new AppError(
			'retrieval_failed',
			'The index could not be searched. Try again; if it stays, ingest again.',
			{
				cause: thrown
			}
		);
	}
}
