import { AppError } from '#lib/server/error.ts';
import type { RunEvents } from '#lib/server/run/event-log.ts';
import type { RunRegistry } from '#lib/server/run/registry.ts';
import type { Run } from '#lib/server/run/run.ts';
import { eventStream, parseEventId, SSE_HEADERS } from './sse.ts';

/** Streams a run from its beginning; when the signal fires or the reader leaves, it no longer listens. */
export function runResponse(run: Run, signal: AbortSignal): Response {
	return streamResponse(run.traceId, run.events({ signal }), run);
}

/**
 * Streams a run from after an event on.
 * @param whenOver what a reader gets that already has the last event: `no-content` (204) tells an EventSource to stop
 * reconnecting; clients that send their question again take that for a failure and try for ever, and stop at an `empty-stream`.
 * @throws AppError `not_resumable`.
 */
export function resumeResponse(
	runs: RunRegistry,
	traceId: string,
	after: number,
	signal: AbortSignal,
	whenOver: 'no-content' | 'empty-stream' = 'no-content'
): Response {
	const attached = runs.attach(traceId, { after, signal });
	if (!attached) {
		throw new AppError('not_resumable', 'There is no answer with this trace_id to continue. Ask again.');
	}
	if (attached.hasMore || whenOver === 'empty-stream')
		return streamResponse(traceId, attached.events, runs.get(traceId));
	attached.events.leave();
	return new Response(null, { status: 204 });
}

/**
 * The event that a reader had last, from the `Last-Event-ID` header or `?last_event_id=`.
 * @param traceId the run that it must belong to, when that is known.
 * @returns null when it names none.
 * @throws AppError `invalid_request` when it is not an event id, or one of another run.
 */
export function lastEventId(
	headers: Headers,
	url: URL,
	traceId?: string
): { traceId: string; seq: number } | null {
	const given = headers.get('last-event-id') ?? url.searchParams.get('last_event_id');
	if (!given) return null;
	const last = parseEventId(given);
	if (last && (traceId === undefined || traceId === last.traceId)) return last;
	throw new AppError(
		'invalid_request',
		'Last-Event-ID must be the id of an event of this run: "<trace_id>:<number>".'
	);
}

function streamResponse(traceId: string, events: RunEvents, run: Run | undefined): Response {
	return new Response(eventStream(traceId, events, { ahead: () => run?.ahead ?? null }), {
		headers: SSE_HEADERS
	});
}
