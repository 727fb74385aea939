import type { Library } from '#lib/contract/library.ts';
import type { SearchRequest, SearchResponse } from '#lib/contract/search.ts';
import type { Config } from '#lib/server/config.ts';
import type { RunRegistry } from '#lib/server/run/registry.ts';
import type { TraceStore } from '#lib/server/store/trace-store.ts';
import type { Access, Caller } from '#lib/server/transport/access.ts';

/** What the doors of the server (tRPC, routes) work with; made by `createServices`. */
export interface RequestServices {
	config: Config;
	/** Knows the keys, and who comes with one. */
	access: Access;
	store: TraceStore;
	runs: RunRegistry;
	/**
	 * Retrieval without generation.
	 * @throws AppError `unknown_library`, `index_not_ready`, `retrieval_failed` or `cancelled`.
	 */
	search(request: SearchRequest, signal: AbortSignal): Promise<SearchResponse>;
	/** Every library that has been ingested. */
	libraries(): Library[];
}

/** What a procedure gets to know of the request it answers. */
export interface TrpcContext {
	services: RequestServices;
	/** Who calls; null for nobody known, where a key is asked for. */
	caller: Caller | null;
	/** Tells clients apart, for limits. */
	client: string;
	/** Fires when the client has left. */
	signal: AbortSignal;
}
