import {
	createTRPCClient,
	httpBatchLink,
	httpLink,
	httpSubscriptionLink,
	splitLink,
	TRPCClientError,
	type TRPCClient,
	type TRPCLink
} from '@trpc/client';
import { observable, type Unsubscribable } from '@trpc/server/observable';
import { MOST_CALLS_IN_BATCH } from '#lib/contract/batch.ts';
import type { AppRouter } from '#lib/server/trpc/router.ts';
import { CitelightError } from './error.ts';

/** The part of the `EventSource` class that the client works with. */
export type EventSourceConstructor = new (
	url: string,
	init?: { withCredentials?: boolean }
) => {
	readonly CLOSED: number;
	readonly CONNECTING: number;
	readonly OPEN: number;
	readonly readyState: number;
	addEventListener(type: string, listener: (event: Event) => void): void;
	removeEventListener(type: string, listener: (event: Event) => void): void;
	close(): void;
};

type Headers = Record<string, string>;

export interface ConnectionOptions {
	/** Address of the server, such as `http://127.0.0.1:3000`; empty for the page's own server. */
	url: string;
	/** Sent with every request, such as `{ authorization: 'Bearer ...' }`. */
	headers?: Headers | (() => Headers | Promise<Headers>);
	/** Instead of the global `fetch`. */
	fetch?: typeof globalThis.fetch;
	/** Instead of the global `EventSource` or, where there is none (Node), the one of the `eventsource` package. */
	EventSource?: EventSourceConstructor;
}

export type Connection = TRPCClient<AppRouter>;

/** Proxies and browsers cut longer addresses. */
const MAX_URL_LENGTH = 2083;

/** The plain tRPC client: subscriptions over SSE, queries in batches, mutations one by one so that none waits for another. */
export function createConnection(options: ConnectionOptions): Connection {
	const url = `${options.url.replace(/\/+$/, '')}/trpc`;
	const headers = async () =>
		typeof options.headers === 'function' ? options.headers() : (options.headers ?? {});
	const http = { url, headers, fetch: refuseForeignPages(options.fetch) };
	return createTRPCClient<AppRouter>({
		links: [
			splitLink({
				condition: (operation) => operation.type === 'subscription',
				true: subscriptionLink(url, headers, options),
				false: splitLink({
					condition: (operation) => operation.type === 'mutation',
					true: httpLink(http),
					false: httpBatchLink({ ...http, maxURLLength: MAX_URL_LENGTH, maxItems: MOST_CALLS_IN_BATCH })
				})
			})
		]
	});
}

/** An error page of something in between (a proxy) is told by its status, not by what fails to parse it. */
function refuseForeignPages(own: typeof fetch | undefined): typeof fetch {
	return async (input, init) => {
		const response = await (own ?? globalThis.fetch)(input, init);
		if (response.ok || response.headers.get('content-type')?.includes('json')) return response;
		const { status } = response;
		throw new CitelightError('connection_failed', `The server answered with status ${status}.`, { status });
	};
}

/** As tRPC's own, with the EventSource found when the first subscription needs it. */
function subscriptionLink(
	url: string,
	headers: () => Promise<Headers>,
	options: ConnectionOptions
): TRPCLink<AppRouter> {
	return (runtime) =>
		({ op, next }) =>
			observable((observer) => {
				let inner: Unsubscribable | undefined;
				let closed = false;
				findEventSource(headers, options).then(
					(found) => {
						if (closed) return;
						inner = httpSubscriptionLink<AppRouter, EventSourceConstructor>({ url, EventSource: found })(
							runtime
						)({ op, next }).subscribe(observer);
					},
					(error: unknown) => observer.error(TRPCClientError.from(error as Error))
				);
				return () => {
					closed = true;
					inner?.unsubscribe();
				};
			});
}

/** The native one sends no headers of ours and takes no `fetch`, so with either the package's is used. */
async function findEventSource(
	headers: () => Promise<Headers>,
	options: ConnectionOptions
): Promise<EventSourceConstructor> {
	if (options.EventSource) return options.EventSource;
	const native = (globalThis as { EventSource?: EventSourceConstructor }).EventSource;
	if (native && !options.headers && !options.fetch) return native;
	const { EventSource } = await import('eventsource');
	const fetch = options.fetch ?? globalThis.fetch;
	return class extends EventSource {
		constructor(address: string) {
			super(address, {
				fetch: async (target, init) =>
					fetch(target, { ...init, headers: { ...init.headers, ...(await headers()) } })
			});
		}
	};
}
