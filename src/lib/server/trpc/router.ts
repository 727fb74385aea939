import { z } from 'zod';
import { askInputSchema, type AskResponse } from '#lib/contract/ask.ts';
import type { Library } from '#lib/contract/library.ts';
import { searchInputSchema, type SearchResponse } from '#lib/contract/search.ts';
import { statsInputSchema, type Stats } from '#lib/contract/stats.ts';
import { feedbackInputSchema, type TraceStatus } from '#lib/contract/trace.ts';
import { answerOnce } from '#lib/server/run/answer-once.ts';
import { rateTrace, unknownTrace } from '#lib/server/run/kept-trace.ts';
import { askEvents } from './ask.ts';
import { askSubscriptionInput } from './ask-input.ts';
import { adminProcedure, procedure, router } from './init.ts';
import { tracesRouter } from './traces.ts';

/** Every procedure at `/trpc`. */
export const appRouter = router({
	/** The events of a new run or, by `trace_id`, of one that `start` has begun; resumes by event id. */
	ask: procedure
		.input(askSubscriptionInput)
		.subscription(({ ctx, input, signal = ctx.signal }) => askEvents(ctx, input, signal)),
	/** Begins a run, to be followed by `ask`: so the question is in no address, and as long as it may be. */
	start: procedure
		.input(askInputSchema)
		.mutation(({ ctx, input }): { trace_id: string; conversation_id: string; ahead: number | null } => {
			const { traceId, request, ahead } = ctx.services.runs.start(input, 'trpc_ask', ctx.client);
			return { trace_id: traceId, conversation_id: request.conversation_id ?? traceId, ahead };
		}),
	/** How many answers come before one that waits for its turn; null when it does not wait (any more). */
	ahead: procedure
		.input(z.object({ trace_id: z.string().max(100) }))
		.query(({ ctx, input }): { ahead: number | null } => ({
			ahead: ctx.services.runs.get(input.trace_id)?.ahead ?? null
		})),
	/** Asks and waits for the whole answer. */
	ask_once: procedure
		.input(askInputSchema)
		.mutation(({ ctx, input }): Promise<AskResponse> =>
			answerOnce(ctx.services.runs, input, 'trpc_ask_once', ctx.signal, ctx.client)
		),
	/** Retrieval without generation; a mutation only so that the question is in no address. */
	search: procedure.input(searchInputSchema).mutation(({ ctx, input }): Promise<SearchResponse> => {
		ctx.services.runs.countSearch(ctx.client);
		return ctx.services.search(input, ctx.signal);
	}),
	libraries: procedure.query(({ ctx }): Library[] => ctx.services.libraries()),
	traces: tracesRouter,
	stats: adminProcedure
		.input(statsInputSchema.optional())
		.query(({ ctx, input }): Promise<Stats> => ctx.services.store.stats(input ?? statsInputSchema.parse({}))),
	feedback: procedure
		.input(feedbackInputSchema)
		.mutation(({ ctx, input }): { trace_id: string } => rateTrace(ctx.services, input)),
	/** Stops a run at once and tells how it ended. */
	cancel: procedure
		.input(z.object({ trace_id: z.string().max(100) }))
		.mutation(async ({ ctx, input }): Promise<{ trace_id: string; status: TraceStatus }> => {
			const status = await ctx.services.runs.cancel(input.trace_id);
			if (!status) throw unknownTrace();
			return { trace_id: input.trace_id, status };
		})
});

export type AppRouter = typeof appRouter;
