import type { Embedder } from '#lib/server/model/embedder.ts';
import type { Generator } from '#lib/server/model/generator.ts';
import type { PriceList } from '#lib/server/model/prices.ts';
import type { Reranker } from '#lib/server/model/reranker.ts';
import type { SearchIndex } from '#lib/server/search/passage-index.ts';
import type { Turn } from '#lib/server/store/trace-store.ts';

/** One generation of the index with the embedder that its vectors came from; a run uses the same one throughout. */
export interface Knowledge {
	index: SearchIndex;
	/** Null when the index has no vectors. */
	embedder: Embedder | null;
}

/** What retrieval works with. */
export interface SearchEngine {
	/** The newest published index. */
	knowledge(): Knowledge;
	reranker: Reranker;
}

/** What an answer is made with. */
export interface AnswerEngine extends SearchEngine {
	generator: Generator;
	prices: PriceList;
	/** Tokens of documentation that a question is answered from, at most. */
	sourceTokens: number;
	/** Tokens of prompt and answer together that the model takes. */
	contextTokens: number;
	/** Earlier turns of a conversation, oldest first. */
	turns(conversationId: string, limit: number): Turn[];
}
