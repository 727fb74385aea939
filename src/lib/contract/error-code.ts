import { z } from 'zod';

/** Every way in which Citelight can fail, as told to clients. Closed: a new failure gets a new code here. */
export const errorCodeSchema = z.enum([
	// The request
	'invalid_request',
	'invalid_json',
	'unsupported_media_type',
	'payload_too_large',
	'unknown_library',
	'not_found',
	'method_not_allowed',
	'forbidden_origin',
	'unknown_host',
	'unauthorized',
	'forbidden',
	// Capacity and readiness
	'rate_limited',
	'overloaded',
	'index_not_ready',
	'server_shutdown',
	// The run
	'cancelled',
	'not_resumable',
	// The model endpoint
	'upstream_connect',
	'upstream_auth',
	'upstream_bad_request',
	'upstream_rate_limited',
	'upstream_5xx',
	'upstream_timeout',
	'upstream_truncated',
	'upstream_malformed',
	'upstream_reset',
	'upstream_error_event',
	'content_filter',
	'no_content',
	// Our own work
	'retrieval_failed',
	'storage_failed',
	'invalid_config',
	'ingest_failed',
	'internal'
]);
export type ErrorCode = z.infer<typeof errorCodeSchema>;

/** A failure before a stream starts, as RFC 9457 problem details (`application/problem+json`). */
export const problemSchema = z.object({
	/** Stable URI reference of the kind of problem. */
	type: z.string(),
	title: z.string(),
	/** The HTTP status, repeated. */
	status: z.number().int(),
	/** One sentence: what happened and what to do. */
	detail: z.string(),
	code: errorCodeSchema,
	trace_id: z.string().optional()
});
export type Problem = z.infer<typeof problemSchema>;
