import { z } from 'zod';
import { sourceSchema } from './chunk.ts';
import { errorCodeSchema } from './error-code.ts';
import { evidenceSchema, refusedBySchema, supportSpanSchema, traceSchema, usageSchema } from './trace.ts';

/** Longest question, in characters after trimming. */
export const MAX_QUESTION_CHARACTERS = 4000;

export const questionSchema = z
	.string({ error: 'question must be a string' })
	.trim()
	.min(1, 'question must not be empty')
	.max(MAX_QUESTION_CHARACTERS, `question must be at most ${MAX_QUESTION_CHARACTERS} characters`);

/** The filter on one library; null or absent means all of them. */
export const libraryFilterSchema = z.string().trim().min(1).max(200).nullish();

/** Whom questions are from, as the application in front names them: an account, a person. */
export const subjectSchema = z
	.string({ error: 'subject must be a string' })
	.min(1, 'subject must not be empty')
	.max(200, 'subject must be at most 200 characters');

/** A question, as `POST /ask`, `POST /ask/stream` and the tRPC procedures take it. */
export const askInputSchema = z.object({
	question: questionSchema,
	library: libraryFilterSchema,
	/** Sources given to the model at most; how many there are is decided by SOURCE_TOKENS. */
	limit: z.number().int().min(1).max(50).default(50),
	/** Answer from what there is even where the evidence gate would refuse: a reader's wish after a refusal, kept in the trace. */
	answer_anyway: z.boolean().optional(),
	/** Sampling temperature; absent leaves the model's own default. */
	temperature: z.number().min(0).max(2).optional(),
	/** Makes this a follow-up: the id that an earlier answer returned. The server keeps the turns. */
	conversation_id: z
		.string()
		.regex(/^[\w-]{1,100}$/, 'conversation_id must be 1 to 100 letters, digits, - or _')
		.nullish(),
	/** Whom it is from, so that all that was kept of them can be deleted at once. Kept as a hash only, and told to no model. */
	subject: subjectSchema.nullish(),
	/**
	 * Chosen by the client, once a question: a repeated request with the same key attaches to the run that the
	 * first one started instead of starting (and paying for) another.
	 */
	idempotency_key: z
		.string()
		.regex(/^[\w-]{8,100}$/, 'idempotency_key must be 8 to 100 letters, digits, - or _')
		.optional()
});
/** What a client sends: defaults may be left out. */
export type AskInput = z.input<typeof askInputSchema>;
/** What the server works with: defaults filled in. */
export type AskRequest = z.output<typeof askInputSchema>;

/** What is known about how far an answer can be trusted; the same in the `done` event, `/ask` and the trace. */
const judgementShape = {
	evidence: evidenceSchema.nullable(),
	refused_by: refusedBySchema.nullable(),
	support: z.array(supportSpanSchema)
};

export const doneSchema = z.object({
	trace_id: z.string(),
	/** Send it as `conversation_id` to ask a follow-up. */
	conversation_id: z.string(),
	/** Wall clock of the run, in milliseconds. */
	total_ms: z.number(),
	/** From acceptance to the first token written, in milliseconds; null when no token was. */
	time_to_first_token_ms: z.number().nullable(),
	/** The model's own finish reason, or `refused`. */
	finish_reason: z.string(),
	...judgementShape,
	usage: usageSchema,
	/** Numbers of the sources that the answer cites, ascending. */
	citations: z.array(z.number().int().positive())
});
export type Done = z.infer<typeof doneSchema>;

export const askErrorSchema = z.object({
	code: errorCodeSchema,
	/** One sentence a user can act on. */
	message: z.string(),
	trace_id: z.string(),
	/** Whether asking again may help. */
	retryable: z.boolean()
});
export type AskError = z.infer<typeof askErrorSchema>;

/** Present where the embeddings endpoint failed and passages were found by their words alone. */
const keywordOnlySchema = z.literal(true).optional();

/**
 * What a run tells its listeners, in this order: `sources` once, `token` any number of times, then exactly one of
 * `done` and `error`. (`error` may come before `sources`.)
 */
export const askEventSchema = z.discriminatedUnion('type', [
	z.object({ type: z.literal('sources'), data: z.array(sourceSchema), keyword_only: keywordOnlySchema }),
	z.object({ type: z.literal('token'), data: z.string() }),
	z.object({ type: z.literal('done'), data: doneSchema }),
	z.object({ type: z.literal('error'), data: askErrorSchema })
]);
export type AskEvent = z.infer<typeof askEventSchema>;

/** What `POST /ask` answers. */
export const askResponseSchema = z.object({
	trace_id: z.string(),
	conversation_id: z.string(),
	answer: z.string(),
	finish_reason: z.string(),
	sources: z.array(sourceSchema),
	keyword_only: keywordOnlySchema,
	...judgementShape,
	usage: usageSchema,
	trace: traceSchema
});
export type AskResponse = z.infer<typeof askResponseSchema>;
