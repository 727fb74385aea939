import { z } from 'zod';
import { sourceSchema } from './chunk.ts';
import { errorCodeSchema } from './error-code.ts';

/** `pending` until the run ends; then one of the others, for ever. */
export const traceStatusSchema = z.enum([
	'pending',
	'success',
	'refused',
	'cancelled',
	'error',
	'interrupted'
]);
export type TraceStatus = z.infer<typeof traceStatusSchema>;

/** The statuses that count as a finished answer in averages and percentiles. */
export const FINISHED_STATUSES = ['success', 'refused'] as const satisfies readonly TraceStatus[];

/** Which door a question came through. */
export const routeNameSchema = z.enum(['ask', 'ask_stream', 'trpc_ask', 'trpc_ask_once', 'cli', 'eval']);
export type RouteName = z.infer<typeof routeNameSchema>;

/** The steps a run may have, in their usual order. A step that did not run is absent, never 0 ms. */
export const stepNameSchema = z.enum([
	// Waiting for a turn, where there was any
	'queue',
	'query_rewriting',
	'query_embedding',
	'retrieval_semantic',
	'retrieval_bm25',
	'retrieval_parts',
	'retrieval_pages',
	'fusion_rrf',
	'reranking',
	'evidence_gate',
	'source_selection',
	'prompt_building',
	'llm_generation'
]);
export type StepName = z.infer<typeof stepNameSchema>;

export const stepSchema = z.object({
	name: stepNameSchema,
	/** From the acceptance of the run, in milliseconds. */
	start_ms: z.number().nonnegative(),
	duration_ms: z.number().nonnegative(),
	/** `skipped` means it was tried and went on without a result, such as an endpoint that is down. */
	status: z.enum(['success', 'error', 'cancelled', 'skipped']),
	details: z.record(z.string(), z.json())
});
export type Step = z.infer<typeof stepSchema>;

/** Tokens of the whole run. `missing`: nobody said, so the counts are null, never 0. */
export const usageSchema = z.object({
	prompt_tokens: z.number().int().nonnegative().nullable(),
	completion_tokens: z.number().int().nonnegative().nullable(),
	total_tokens: z.number().int().nonnegative().nullable(),
	source: z.enum(['reported', 'estimated', 'missing'])
});
export type Usage = z.infer<typeof usageSchema>;

export const NO_USAGE: Usage = {
	prompt_tokens: null,
	completion_tokens: null,
	total_tokens: null,
	source: 'missing'
};

/** Place and score of a chunk at one stage; rank counts from 1, higher scores are better. */
export const rankedSchema = z.object({ rank: z.number().int().positive(), score: z.number() });
export type Ranked = z.infer<typeof rankedSchema>;

/**
 * Why a candidate went no further: the stage it was dropped at, or, of those that were left when sources were chosen, what kept it out:
 * `redundant` (a better source says the same), `budget` (SOURCE_TOKENS was used up by better ones) or `limit` (of the request).
 */
export const droppedAtSchema = z.enum([
	'fusion_rrf',
	'reranking',
	'evidence_gate',
	'redundant',
	'limit',
	'budget',
	'prompt_building'
]);
export type DroppedAt = z.infer<typeof droppedAtSchema>;

/** One row of the ledger: a chunk that any stage saw, and what became of it. A stage that did not see it is null. */
export const candidateSchema = z.object({
	chunk_id: z.string(),
	library: z.string(),
	document: z.string(),
	heading_path: z.array(z.string()),
	semantic: rankedSchema.nullable(),
	bm25: rankedSchema.nullable(),
	/** Found by a part of the question; absent in traces from before parts were searched. */
	parts: rankedSchema.nullable().optional(),
	/** A passage of one of the best pages; absent in traces from before. */
	pages: rankedSchema.nullable().optional(),
	fusion: rankedSchema.nullable(),
	rerank: rankedSchema.nullable(),
	/** The values that the reranker's score was made of, by feature, where it tells them; a feature that is left out is 0. */
	features: z.record(z.string(), z.number()).optional(),
	in_context: z.boolean(),
	cited: z.boolean(),
	dropped_at: droppedAtSchema.nullable()
});
export type Candidate = z.infer<typeof candidateSchema>;

/**
 * How good the evidence for an answer was, as the gate judged it before a model was asked: `thin` means that the sources may not hold the
 * answer.
 */
export const evidenceSchema = z.enum(['good', 'thin']);
export type Evidence = z.infer<typeof evidenceSchema>;

/** Who refused: the gate, before a model was asked, or the model, which was told that the evidence is thin. */
export const refusedBySchema = z.enum(['gate', 'model']);
export type RefusedBy = z.infer<typeof refusedBySchema>;

/**
 * How far the words of a sentence stand in the sources that it cites, from word for word to not at all. A judgement of words: it says nothing
 * about meaning, such as a negation.
 */
export const supportLevelSchema = z.enum(['quoted', 'supported', 'weak', 'none']);
export type SupportLevel = z.infer<typeof supportLevelSchema>;

/** A sentence of the answer and how the sources bear it out. */
export const supportSpanSchema = z.object({
	/** Offset into the answer, in UTF-16 code units. */
	start: z.number().int().nonnegative(),
	/** Offset of the first code unit after it. */
	end: z.number().int().nonnegative(),
	level: supportLevelSchema,
	/** Numbers of the sources that it was compared with. */
	sources: z.array(z.number().int().positive())
});
export type SupportSpan = z.infer<typeof supportSpanSchema>;

export const promptMessageSchema = z.object({
	role: z.enum(['system', 'user', 'assistant']),
	content: z.string()
});
export type PromptMessage = z.infer<typeof promptMessageSchema>;

export const ratingSchema = z.enum(['up', 'down']);

/** What the list of traces shows of each. */
export const traceSummarySchema = z.object({
	trace_id: z.string(),
	/** When the run was accepted, ISO 8601 in UTC. */
	timestamp: z.string(),
	/** Empty when the settings keep no text; then answer, prompt and the texts of the sources are missing too. */
	question: z.string(),
	library_filter: z.string().nullable(),
	route: routeNameSchema,
	/** As the caller sent it; null for a question that started its own conversation. */
	conversation_id: z.string().nullable(),
	steps: z.array(stepSchema),
	/** Wall clock of the run in milliseconds; null while pending and when the process died in the middle. */
	total_duration_ms: z.number().nonnegative().nullable(),
	/** Total minus the union of the steps' intervals, in milliseconds. */
	unaccounted_ms: z.number().nullable(),
	/** From acceptance to the first token written, in milliseconds. */
	time_to_first_token_ms: z.number().nonnegative().nullable(),
	status: traceStatusSchema,
	error: z.object({ code: errorCodeSchema, message: z.string() }).nullable(),
	model: z.string().nullable(),
	answer: z.string().nullable(),
	sources: z.array(sourceSchema),
	citations: z.array(z.number().int().positive()),
	/** Null where the gate did not judge or refused, and in traces from before it judged. */
	evidence: evidenceSchema.nullable(),
	/** Null unless the status is `refused`. */
	refused_by: refusedBySchema.nullable(),
	usage: usageSchema,
	/** US dollars; null when no price is known. */
	cost_usd: z.number().nonnegative().nullable(),
	feedback: z.object({ rating: ratingSchema, comment: z.string().nullable() }).nullable()
});
export type TraceSummary = z.infer<typeof traceSummarySchema>;

/** In place of the name of a model, where answers are quotations because none is connected. */
export const QUOTING = 'extractive';

/** Whether the texts of a trace were kept: a question is never empty. */
export function isTextKept({ question }: Pick<TraceSummary, 'question'>): boolean {
	return question !== '';
}

/** Whether passages were found by their words alone, because the question could not be embedded. */
export function isKeywordOnly(steps: readonly Pick<Step, 'name' | 'status'>[]): boolean {
	return steps.some(({ name, status }) => name === 'query_embedding' && status === 'skipped');
}

/** The whole record of a run. */
export const traceSchema = traceSummarySchema.extend({
	/** The question as it was searched, when a follow-up was rewritten. */
	standalone_question: z.string().nullable(),
	/** What the model was sent; empty when none was called. */
	prompt: z.array(promptMessageSchema),
	/** Empty unless the run has an answer of its own, and in traces from before sentences were judged. */
	support: z.array(supportSpanSchema),
	candidates: z.array(candidateSchema)
});
export type Trace = z.infer<typeof traceSchema>;

/** Query of `GET /traces`. */
export const traceListInputSchema = z.object({
	limit: z.coerce.number().int().min(1).max(200).default(50),
	/** Trace id: the page starts after (older than) it. */
	before: z.string().max(100).optional(),
	/** `null` (the word) selects the questions over all libraries. */
	library: z.string().max(200).optional(),
	status: traceStatusSchema.optional(),
	evidence: evidenceSchema.optional(),
	/** Part of the question, in any case. */
	q: z.string().max(200).optional(),
	/** Only runs that took at least this long. */
	min_ms: z.coerce.number().nonnegative().optional()
});
export type TraceListInput = z.input<typeof traceListInputSchema>;
export type TraceListRequest = z.output<typeof traceListInputSchema>;

/** Body of `POST /feedback`. */
export const feedbackInputSchema = z.object({
	trace_id: z.string({ error: 'trace_id must be a string' }).min(1).max(100),
	rating: ratingSchema,
	comment: z.string().trim().max(2000).nullish()
});
export type FeedbackInput = z.infer<typeof feedbackInputSchema>;
