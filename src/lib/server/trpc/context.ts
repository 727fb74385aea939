import type { Library } from '#lib/contract/library.ts';
import type { SearchRequest, SearchResponse } from '#lib/contract/search.ts';
import type { Config } from '#lib/server/config.ts';
import type { RunRegistry } from '#lib/server/run/registry.ts';
import type { TraceStore } from '#lib/server/store/trace-store.ts';

/** What the doors of the server (tRPC, routes) work with; made by `createServices`. */
export interface RequestServices {
	config: Config;
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
	/** Fires when the client has left. */
	signal: AbortSignal;
}
