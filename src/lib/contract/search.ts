import { z } from 'zod';
import { libraryFilterSchema, questionSchema } from './ask.ts';
import { sourceSchema } from './chunk.ts';
import { rankedSchema, stepSchema } from './trace.ts';

/** Body of `POST /search`: retrieval without generation. */
export const searchInputSchema = z.object({
	question: questionSchema,
	library: libraryFilterSchema,
	limit: z.number().int().min(1).max(50).default(10)
});
export type SearchInput = z.input<typeof searchInputSchema>;
export type SearchRequest = z.output<typeof searchInputSchema>;

export const searchResultSchema = sourceSchema.extend({
	scores: z.object({
		semantic: rankedSchema.nullable(),
		bm25: rankedSchema.nullable(),
		/** By the parts of the question together; null where it has none. */
		parts: rankedSchema.nullable(),
		/** Among the passages of the best pages. */
		pages: rankedSchema.nullable(),
		fusion: rankedSchema.nullable(),
		rerank: rankedSchema.nullable()
	})
});
export type SearchResult = z.infer<typeof searchResultSchema>;

export const searchResponseSchema = z.object({
	/** In the reranker's order. */
	results: z.array(searchResultSchema),
	steps: z.array(stepSchema),
	total_duration_ms: z.number().nonnegative()
});
export type SearchResponse = z.infer<typeof searchResponseSchema>;
