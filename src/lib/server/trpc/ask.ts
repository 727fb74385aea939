import { tracked, type TrackedEnvelope } from '@trpc/server';
import type { AskEvent } from '#lib/contract/ask.ts';
import { AppError, toAppError } from '#lib/server/error.ts';
import type { RunEvents } from '#lib/server/run/event-log.ts';
import { logFailure } from '#lib/server/run/failure-log.ts';
import { eventId } from '#lib/server/transport/sse.ts';
import type { AskSubscriptionRequest } from './ask-input.ts';
import type { TrpcContext } from './context.ts';

/** Stands for the run in the event ids of a question that was not accepted. */
const NO_RUN = 'none';

/**
 * The events of a run, each tracked with the id that it has everywhere. It never throws: what goes wrong is told as one
 * `error` event, because clients answer some thrown errors by running the procedure again, and again.
 */
export async function* askEvents(
	context: Pick<TrpcContext, 'services' | 'client'>,
	request: AskSubscriptionRequest,
	signal: AbortSignal
): AsyncGenerator<TrackedEnvelope<AskEvent>, void> {
	let joined: { traceId: string; events: RunEvents };
	try {
		joined = join(context, request, signal);
	} catch (thrown) {
		const error = toAppError(thrown);
		if (error.code === 'internal') logFailure('the ask subscription', thrown);
		yield tracked<AskEvent>(eventId(NO_RUN, 1), { type: 'error', data: error.toAskError('') });
		return;
	}
	const { traceId, events } = joined;
	for await (const { seq, event } of events) yield tracked(eventId(traceId, seq), event);
}

function join(
	{ services: { runs }, client }: Pick<TrpcContext, 'services' | 'client'>,
	request: AskSubscriptionRequest,
	signal: AbortSignal
): { traceId: string; events: RunEvents } {
	switch (request.kind) {
		case 'invalid':
			throw request.error;
		case 'start': {
			const run = runs.start(request.request, 'trpc_ask', client);
			return { traceId: run.traceId, events: run.events({ signal }) };
		}
		case 'attach': {
			const { traceId, after } = request;
			const attached = runs.attach(traceId, { after, signal });
			if (attached) return { traceId, events: attached.events };
			throw new AppError('not_resumable', 'This answer can no longer be continued. Ask again.');
		}
	}
}
