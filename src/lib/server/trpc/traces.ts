import { tracked, type TrackedEnvelope } from '@trpc/server';
import { z } from 'zod';
import { subjectSchema } from '#lib/contract/ask.ts';
import { traceListInputSchema, type Trace, type TraceSummary } from '#lib/contract/trace.ts';
import { deleteTrace, deleteTracesOf, findTrace } from '#lib/server/run/kept-trace.ts';
import type { RequestServices } from './context.ts';
import { adminProcedure, router } from './init.ts';

/** Traces that a watcher who reconnects may have missed, at most. */
const CATCH_UP = 200;

/** The `traces` procedures. */
export const tracesRouter = router({
	/** Newest first, without prompts and candidates. */
	list: adminProcedure
		.input(traceListInputSchema.optional())
		.query(({ ctx, input }): Promise<TraceSummary[]> =>
			ctx.services.store.list(input ?? traceListInputSchema.parse({}))
		),
	get: adminProcedure
		.input(z.object({ trace_id: z.string().max(100) }))
		.query(({ ctx, input }): Trace => findTrace(ctx.services, input.trace_id)),
	/** Deletes a trace for good; a run that is going on is stopped first. */
	delete: adminProcedure
		.input(z.object({ trace_id: z.string().max(100) }))
		.mutation(async ({ ctx, input }): Promise<{ trace_id: string }> => {
			await deleteTrace(ctx.services, input.trace_id);
			return { trace_id: input.trace_id };
		}),
	/** Deletes all traces of a subject for good, those of runs that are going on too. */
	delete_subject: adminProcedure
		.input(z.object({ subject: subjectSchema }))
		.mutation(async ({ ctx, input }): Promise<{ deleted: number }> => ({
			deleted: await deleteTracesOf(ctx.services, input.subject)
		})),
	/** Each trace as it is accepted and as it ends. */
	live: adminProcedure
		.input(z.object({ lastEventId: z.string().max(200).optional() }).optional())
		.subscription(({ ctx, input, signal = ctx.signal }) => watch(ctx.services, input?.lastEventId, signal))
});

async function* watch(
	{ store, runs }: RequestServices,
	lastEventId: string | undefined,
	signal: AbortSignal
): AsyncGenerator<TrackedEnvelope<TraceSummary>, void> {
	const live = runs.live.watch(signal);
	if (lastEventId) {
		const recent = await store.list(traceListInputSchema.parse({ limit: CATCH_UP }));
		const known = recent.findIndex((trace) => lastEventId.startsWith(trace.trace_id));
		for (const trace of recent.slice(0, known + 1).reverse()) yield trackedTrace(trace);
	}
	for await (const trace of live) yield trackedTrace(trace);
}

/** The status is part of the id, because a trace comes twice. */
function trackedTrace(trace: TraceSummary): TrackedEnvelope<TraceSummary> {
	return tracked(`${trace.trace_id}:${trace.status}`, trace);
}
