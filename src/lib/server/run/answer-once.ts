import type { AskRequest, AskResponse } from '#lib/contract/ask.ts';
import { isKeywordOnly, type RouteName, type Trace } from '#lib/contract/trace.ts';
import { AppError } from '#lib/server/error.ts';
import type { RunRegistry } from './registry.ts';

/**
 * Asks and waits for the whole answer. It listens as any other client does, so that the run stops after its grace time
 * when the signal fires.
 * @throws AppError as the run failed, with its trace id.
 */
export async function answerOnce(
	runs: RunRegistry,
	request: AskRequest,
	route: RouteName,
	signal: AbortSignal,
	client?: string
): Promise<AskResponse> {
	const run = runs.start(request, route, client);
	let finishReason: string | undefined;
	for await (const { event } of run.events({ signal })) {
		if (event.type === 'done') finishReason = event.data.finish_reason;
	}
	const { own, trace } = run;
	if (finishReason === undefined) {
		const { code, message, retryAfterSeconds, cause } =
			run.failure ?? new AppError('cancelled', 'The client left before the answer was finished.');
		// As the trace has it: without the keys of this server.
		const said = own.error?.message ?? message;
		throw new AppError(code, said, { cause, retryAfterSeconds, traceId: run.traceId });
	}
	return {
		trace_id: run.traceId,
		conversation_id: own.conversation_id ?? run.traceId,
		answer: own.answer ?? '',
		finish_reason: finishReason,
		sources: own.sources,
		...(isKeywordOnly(own.steps) && { keyword_only: true }),
		evidence: own.evidence,
		refused_by: own.refused_by,
		support: own.support,
		usage: own.usage,
		trace: withoutEndpointWords(trace)
	};
}

/** A trace for who asked: what endpoints said of their failures is for whoever runs this server. */
function withoutEndpointWords(trace: Trace): Trace {
	const steps = trace.steps.map((step) => {
		const { endpoint: _address, endpoint_said: _said, retries, ...details } = step.details;
		if (!Array.isArray(retries)) return { ...step, details };
		const silent = retries.map((retry) =>
			typeof retry === 'object' && retry !== null && !Array.isArray(retry)
				? Object.fromEntries(Object.entries(retry).filter(([name]) => name !== 'said'))
				: retry
		);
		return { ...step, details: { ...details, retries: silent } };
	});
	return { ...trace, steps };
}
