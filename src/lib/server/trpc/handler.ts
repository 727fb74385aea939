import type { AnyProcedure } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { MOST_CALLS_IN_BATCH } from '#lib/contract/batch.ts';
import type { Scope } from '#lib/server/config/api-keys.ts';
import { AppError } from '#lib/server/error.ts';
import { errorHeaders } from '#lib/server/transport/problem.ts';
import { requireScope } from '#lib/server/transport/access.ts';
import { readText, requireJson } from '#lib/server/transport/json-body.ts';
import type { TrpcContext } from './context.ts';
import { errorOf, type ProcedureMeta } from './init.ts';
import { appRouter } from './router.ts';

/** Where the procedures are mounted. */
export const TRPC_PATH = '/trpc';
/**
 * How soon a client tries again when its connection was cut, in milliseconds. By themselves they wait for three seconds
 * or more, and by then a run that nobody listens to has been stopped.
 */
const RECONNECT_MS = 1000;

/**
 * Answers a tRPC request. What must have a status of its own is checked before tRPC sees the request, because
 * its subscriptions always answer 200.
 * @throws AppError `unauthorized`, `forbidden`, `unsupported_media_type`, `payload_too_large`, or as `RunRegistry.requireRoom` for a new question.
 */
export async function handleTrpc(request: Request, context: TrpcContext): Promise<Response> {
	const response = await fetchRequestHandler({
		endpoint: TRPC_PATH,
		req: await admit(request, context),
		router: appRouter,
		createContext: () => context,
		allowBatching: true,
		maxBatchSize: MOST_CALLS_IN_BATCH,
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

async function admit(request: Request, { services, caller, client, signal }: TrpcContext): Promise<Request> {
	for (const scope of subscribedScopes(request)) requireScope(caller, scope);
	if (request.method === 'POST') {
		requireJson(request);
		const { url, headers } = request;
		return new Request(url, { method: 'POST', headers, body: await readText(request), signal });
	}
	if (request.method !== 'GET') {
		throw new AppError('method_not_allowed', 'Use GET for queries and subscriptions, POST for mutations.');
	}
	if (startsRun(request)) services.runs.requireRoom(client);
	return request;
}

/** Whether this subscribes to a new question, rather than to a run that is there already. */
function startsRun(request: Request): boolean {
	const { searchParams } = new URL(request.url);
	if (!procedureNames(request).includes('ask')) return false;
	const isResumed =
		request.headers.has('last-event-id') ||
		searchParams.has('lastEventId') ||
		searchParams.has('Last-Event-Id');
	return !isResumed && !/"(trace_id|lastEventId)"\s*:/.test(searchParams.get('input') ?? '');
}

/** What the subscriptions that a request names need of the caller. */
function subscribedScopes(request: Request): Scope[] {
	const procedures = appRouter._def.procedures as unknown as Readonly<Record<string, AnyProcedure>>;
	return procedureNames(request).flatMap((name) => {
		if (!Object.hasOwn(procedures, name)) return [];
		const { type, meta } = procedures[name]!._def as { type: string; meta?: ProcedureMeta };
		return type === 'subscription' ? (meta?.scope ?? 'admin') : [];
	});
}

/** The procedures that a request names, as tRPC reads its path. */
function procedureNames({ url }: Request): string[] {
	const path = new URL(url).pathname.slice(TRPC_PATH.length + 1);
	try {
		return decodeURIComponent(path).split(',');
	} catch {
		return [];
	}
}
