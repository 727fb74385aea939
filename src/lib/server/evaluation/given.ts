import { askInputSchema } from '#lib/contract/ask.ts';
import { AppError, toAppError } from '#lib/server/error.ts';
import { fitPrompt } from '#lib/server/rag/context-window.ts';
import type { Knowledge } from '#lib/server/rag/engine.ts';
import { fuseByReciprocalRank } from '#lib/server/rag/fuse.ts';
import type { RankedPassage } from '#lib/server/rag/rerank.ts';
import { RECALL_LIMIT, type RetrievalRequest } from '#lib/server/rag/retrieve.ts';
import { chooseSources, passageTokens, selectSources } from '#lib/server/rag/select.ts';
import { numberSources } from '#lib/server/rag/sources.ts';
import type { Hit, PlacedChunk } from '#lib/server/search/passage-index.ts';
import type { TraceRecorder } from '#lib/server/trace/recorder.ts';

/** How sources are chosen: as answers do, or passages in the plain order of BM25 or of reciprocal rank fusion, while there is room. */
export const METHODS = ['citelight', 'bm25', 'rrf'] as const;
export type Method = (typeof METHODS)[number];

/** Budgets beside the configured one, in tokens. */
const BUDGETS = ['800', '1500', '3000', '6000'] as const;
/** `default` is what answers give with the current settings. */
export const SIZES = ['default', ...BUDGETS] as const;
export type Size = (typeof SIZES)[number];

export type BySize<T> = Record<Size, Record<Method, T>>;

/** What a model is given for a question. */
export interface Given {
	/** The passages of each source; the best source first. */
	runs: PlacedChunk[][];
	/** Of all sources together, as SOURCE_TOKENS counts them. */
	tokens: number;
}

/** Settings that decide what is given. */
export interface GivenLimits {
	sourceTokens: number;
	contextTokens: number;
}

export interface GivenRequest extends RetrievalRequest {
	/** In the reranker's order. */
	passages: readonly RankedPassage[];
	limits: GivenLimits;
}

/** What a search is made with. */
export interface SearchContext {
	knowledge: Knowledge;
	trace: TraceRecorder;
	signal: AbortSignal;
}

/**
 * What the model is given for a question, at every size and by every method.
 * @throws AppError `cancelled`.
 */
export async function giveSources(request: GivenRequest, context: SearchContext): Promise<BySize<Given>> {
	const { sourceTokens } = request.limits;
	const { passages } = request;
	const { index } = context.knowledge;
	const limit = askInputSchema.shape.limit.parse(undefined);
	const chosen = await chooseSources(passages, context.knowledge, context.trace, {
		tokens: sourceTokens,
		limit
	});
	const [bm25, rrf] = await plainOrders(request, context);
	const atSize = async (size: Size) => {
		const tokens = size === 'default' ? sourceTokens : Number(size);
		const { runs } =
			tokens === sourceTokens ? chosen : await selectSources(passages, index, { tokens, limit });
		const methods: Record<Method, Given> = {
			citelight: given(size === 'default' ? fitting(runs, request) : runs),
			bm25: whileItLasts(bm25, tokens),
			rrf: whileItLasts(rrf, tokens)
		};
		return [size, methods] as const;
	};
	return Object.fromEntries(await Promise.all(SIZES.map(atSize))) as BySize<Given>;
}

/** What the context window has room for. */
function fitting(runs: PlacedChunk[][], { question, limits }: GivenRequest): PlacedChunk[][] {
	try {
		const { sources } = fitPrompt(question, numberSources(runs), [], {
			contextTokens: limits.contextTokens,
			doubt: 'none',
			details: {}
		});
		return runs.slice(0, sources.length);
	} catch (thrown) {
		if (thrown instanceof AppError && thrown.code === 'payload_too_large') return [];
		throw thrown;
	}
}

function given(runs: PlacedChunk[][]): Given {
	return { runs, tokens: numberSources(runs).reduce((sum, source) => sum + passageTokens(source), 0) };
}

/** The question as it was typed, by BM25 alone and fused with the semantic search: what retrieval is measured against. */
async function plainOrders(
	{ question, library }: RetrievalRequest,
	{ knowledge: { index, embedder }, signal }: SearchContext
): Promise<[bm25: SizedPassage[], rrf: SizedPassage[]]> {
	const options = { library, limit: RECALL_LIMIT };
	const text = await index.searchText(question, options);
	const semantic = async (): Promise<Hit[]> => {
		if (!embedder) return [];
		try {
			return await index.searchVector(
				await embedder.embedQuestion({ text: question, library }, signal),
				options
			);
		} catch (thrown) {
			const error = toAppError(thrown);
			if (error.code === 'cancelled' || error.code === 'internal') throw thrown;
			return [];
		}
	};
	const fused = fuseByReciprocalRank([text, await semantic()].map((hits) => ({ hits, weight: 1 })));
	const sized = async (hits: readonly Hit[]) =>
		(await index.get(hits.map(({ chunk_id }) => chunk_id))).map((passage) => ({
			passage,
			tokens: passageTokens(passage.chunk)
		}));
	return [await sized(text), await sized(fused)];
}

interface SizedPassage {
	passage: PlacedChunk;
	tokens: number;
}

/** Passages in order, each a source, while there is room; as in the selection, one that no longer fits is passed over. */
function whileItLasts(passages: readonly SizedPassage[], budget: number): Given {
	const runs: PlacedChunk[][] = [];
	let left = budget;
	for (const { passage, tokens } of passages) {
		if (tokens > left && runs.length > 0) continue;
		runs.push([passage]);
		left -= tokens;
	}
	return { runs, tokens: budget - left };
}

/** The same for every size and method. */
export function mapBySize<T, U>(values: BySize<T>, change: (value: T) => U): BySize<U> {
	return bySize((size, method) => change(values[size][method]));
}

export function bySize<T>(valueOf: (size: Size, method: Method) => T): BySize<T> {
	const entries = SIZES.map((size) => [
		size,
		Object.fromEntries(METHODS.map((method) => [method, valueOf(size, method)]))
	]);
	return Object.fromEntries(entries) as BySize<T>;
}
