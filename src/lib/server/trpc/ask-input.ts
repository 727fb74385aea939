import { z } from 'zod';
import { askInputSchema, type AskInput, type AskRequest } from '#lib/contract/ask.ts';
import { AppError } from '#lib/server/error.ts';
import { checkInput } from '#lib/server/transport/invalid-input.ts';
import { parseEventId } from '#lib/server/transport/sse.ts';

/**
 * Input of the `ask` subscription: a question, or the id of a run that `start` has begun. tRPC adds `lastEventId` when it
 * reconnects.
 */
export type AskSubscriptionInput = (AskInput | { trace_id: string }) & { lastEventId?: string };

/** What the subscription is to do: join a run after an event, start one, or report what is wrong with the input. */
export type AskSubscriptionRequest =
	| { kind: 'attach'; traceId: string; after: number }
	| { kind: 'start'; request: AskRequest }
	| { kind: 'invalid'; error: AppError };

const attachSchema = z.object({ trace_id: z.string().min(1).max(100) });

/**
 * A parser that never throws: an error thrown from a subscription's input would be sent in a stream with status 200 and,
 * for some codes, tried again for ever.
 */
export const askSubscriptionInput = {
	_input: undefined as unknown as AskSubscriptionInput,
	_output: undefined as unknown as AskSubscriptionRequest,
	parse: readAskInput
};

function readAskInput(input: unknown): AskSubscriptionRequest {
	try {
		const given = checkInput(z.looseObject({ lastEventId: z.string().optional() }), input ?? {}, 'The input');
		if (given.lastEventId) return resumption(given.lastEventId, given.trace_id);
		if (given.trace_id === undefined) {
			return { kind: 'start', request: checkInput(askInputSchema, given, 'The input') };
		}
		return { kind: 'attach', traceId: checkInput(attachSchema, given, 'The input').trace_id, after: 0 };
	} catch (thrown) {
		if (thrown instanceof AppError) return { kind: 'invalid', error: thrown };
		throw thrown;
	}
}

function resumption(lastEventId: string, traceId: unknown): AskSubscriptionRequest {
	const last = parseEventId(lastEventId);
	if (!last || (traceId !== undefined && traceId !== last.traceId)) {
		const message = 'lastEventId must be the id of an event of this run. Ask again.';
		return { kind: 'invalid', error: new AppError('not_resumable', message) };
	}
	return { kind: 'attach', traceId: last.traceId, after: last.seq };
}
