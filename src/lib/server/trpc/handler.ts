import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { AppError } from '#lib/server/error.ts';
import { errorHeaders } from '#lib/server/transport/problem.ts';
import { readText, requireJson } from '#lib/server/transport/json-body.ts';
import type { RequestServices } from './context.ts';
import { errorOf } from './init.ts';
import { appRouter } from './router.ts';

/** Where the procedures are mounted. */
export const TRPC_PATH = '/trpc';
/**
 * How soon a client tries again when its connection was cut, in milliseconds. By themselves they wait for three seconds
 * or more, and by then a run that nobody listens to has been stopped.
 */
const RECONNECT_MS = 1000;
/** Calls that one batch may hold. */
const MAX_BATCH = 10;

/**
 * Answers a tRPC request. What must have a status of its own is checked before tRPC sees the request, because
 * its subscriptions always answer 200.
 * @param signal fires when the client has left.
 * @throws AppError `unsupported_media_type`, `payload_too_large`, or as `RunRegistry.requireRoom` for a new question.
 */
export async function handleTrpc(
	request: Request,
	services: RequestServices,
	signal: AbortSignal
): Promise<Response> {
	const response = await fetchRequestHandler({
		endpoint: TRPC_PATH,
		req: await admit(request, services, signal),
		router: appRouter,
		createContext: () => ({ services, signal }),
		allowBatching: true,
		maxBatchSize: MAX_BATCH,
		responseMeta({ errors }) {
			const [error] = errors.map(errorOf);
			return { headers: error ? new Headers(errorHeaders(error)) : undefined };
		}
	});
	return response.headers.get('content-type') === 'text/event-stream'
		? withReconnectTime(response)
		: response;
}

/** Puts the field in front of the first event. https://html.spec.whatwg.org/multipage/server-sent-events.html */
function withReconnectTime({ body, headers, status }: Response): Response {
	const lead = new TransformStream<Uint8Array, Uint8Array>({
		start: (controller) => controller.enqueue(new TextEncoder().encode(`retry: ${RECONNECT_MS}\n`))
	});
	return new Response(body?.pipeThrough(lead) ?? null, { headers, status });
}

async function admit(request: Request, { runs }: RequestServices, signal: AbortSignal): Promise<Request> {
	if (request.method === 'POST') {
		requireJson(request);
		const { url, headers } = request;
		return new Request(url, { method: 'POST', headers, body: await readText(request), signal });
	}
	if (request.method !== 'GET') {
		throw new AppError('method_not_allowed', 'Use GET for queries and subscriptions, POST for mutations.');
	}
	if (startsRun(request)) runs.requireRoom();
	return request;
}

/** Whether this subscribes to a new question, rather than to a run that is there already. */
function startsRun(request: Request): boolean {
	const { pathname, searchParams } = new URL(request.url);
	if (pathname !== `${TRPC_PATH}/ask`) return false;
	const isResumed =
		request.headers.has('last-event-id') ||
		searchParams.has('lastEventId') ||
		searchParams.has('Last-Event-Id');
	return !isResumed && !/"(trace_id|lastEventId)"\s*:/.test(searchParams.get('input') ?? '');
}
