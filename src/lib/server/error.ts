import type { AskError } from '#lib/contract/ask.ts';
import type { ErrorCode, Problem } from '#lib/contract/error-code.ts';

interface CodeMeaning {
	/** HTTP status when it is answered before a stream has started. */
	status: number;
	title: string;
	/** Whether the same request may succeed later. */
	retryable: boolean;
}

/** The one table from code to HTTP status, title and whether a retry may help. */
export const codeMeanings: Record<ErrorCode, CodeMeaning> = {
	invalid_request: { status: 400, title: 'Invalid request', retryable: false },
	invalid_json: { status: 400, title: 'Invalid JSON', retryable: false },
	unsupported_media_type: { status: 415, title: 'Unsupported media type', retryable: false },
	payload_too_large: { status: 413, title: 'Payload too large', retryable: false },
	unknown_library: { status: 404, title: 'Unknown library', retryable: false },
	not_found: { status: 404, title: 'Not found', retryable: false },
	method_not_allowed: { status: 405, title: 'Method not allowed', retryable: false },
	forbidden_origin: { status: 403, title: 'Origin not allowed', retryable: false },
	unknown_host: { status: 421, title: 'Unknown host', retryable: false },
	unauthorized: { status: 401, title: 'Unauthorized', retryable: false },
	forbidden: { status: 403, title: 'Forbidden', retryable: false },
	rate_limited: { status: 429, title: 'Too many requests', retryable: true },
	overloaded: { status: 503, title: 'Overloaded', retryable: true },
	index_not_ready: { status: 503, title: 'Index not ready', retryable: true },
	server_shutdown: { status: 503, title: 'Shutting down', retryable: true },
	cancelled: { status: 499, title: 'Cancelled', retryable: true },
	not_resumable: { status: 404, title: 'Not resumable', retryable: false },
	upstream_connect: { status: 502, title: 'Model endpoint unreachable', retryable: true },
	upstream_auth: { status: 502, title: 'Model endpoint refused the credentials', retryable: false },
	upstream_bad_request: { status: 502, title: 'Model endpoint refused the request', retryable: false },
	upstream_rate_limited: { status: 429, title: 'Model endpoint is rate limiting', retryable: true },
	upstream_5xx: { status: 502, title: 'Model endpoint failed', retryable: true },
	upstream_timeout: { status: 504, title: 'Model endpoint timed out', retryable: true },
	upstream_truncated: { status: 502, title: 'Model answer was cut off', retryable: true },
	upstream_malformed: { status: 502, title: 'Model endpoint sent garbage', retryable: true },
	upstream_reset: { status: 502, title: 'Model connection was reset', retryable: true },
	upstream_error_event: { status: 502, title: 'Model endpoint reported an error', retryable: true },
	content_filter: { status: 502, title: 'Content filter', retryable: false },
	no_content: { status: 502, title: 'Empty answer', retryable: true },
	retrieval_failed: { status: 500, title: 'Retrieval failed', retryable: true },
	storage_failed: { status: 500, title: 'Storage failed', retryable: true },
	invalid_config: { status: 500, title: 'Invalid configuration', retryable: false },
	ingest_failed: { status: 500, title: 'Ingest failed', retryable: false },
	internal: { status: 500, title: 'Internal error', retryable: true }
};

/** What an endpoint said when it failed, for whoever runs this server: it stands in the trace and the log, and no reader gets it. */
export interface EndpointWords {
	/** Without credentials and query. */
	address: string;
	/** The model that it was asked for; null where none is named. */
	model: string | null;
	/** Without keys, 2,000 characters at most; empty when it said nothing. */
	said: string;
}

/**
 * The only error class. Its message is a sentence for the person who asked: it never holds a path of the disk, a
 * key, a stack or an upstream body; those may travel in `cause`, which no transport ever serialises.
 */
export class AppError extends Error {
	override readonly name = 'AppError';
	readonly code: ErrorCode;
	/** Seconds to wait before a retry, for `Retry-After`. */
	readonly retryAfterSeconds: number | undefined;
	/** The run that failed, when there was one. */
	readonly traceId: string | undefined;
	/** For the log: words and figures of ours, such as `HTTP 400`; never anything that somebody else has written. */
	readonly facts: readonly string[];
	/** Of a failed endpoint: which it is, and what it said. */
	endpoint: EndpointWords | null;

	constructor(
		code: ErrorCode,
		message: string,
		options: {
			cause?: unknown;
			retryAfterSeconds?: number | undefined;
			traceId?: string | undefined;
			facts?: readonly string[];
			endpoint?: EndpointWords;
		} = {}
	) {
		super(message, { cause: options.cause });
		this.code = code;
		this.retryAfterSeconds = options.retryAfterSeconds;
		this.traceId = options.traceId;
		this.facts = options.facts ?? [];
		this.endpoint = options.endpoint ?? null;
	}

	get status(): number {
		// A time to come back belongs to this status (RFC 9110, 10.2.3).
		if (this.code === 'upstream_5xx' && this.retryAfterSeconds !== undefined) return 503;
		return codeMeanings[this.code].status;
	}

	get retryable(): boolean {
		return codeMeanings[this.code].retryable;
	}

	/** RFC 9457 problem details for an answer that is not a stream. */
	toProblem(traceId = this.traceId): Problem {
		const { status, code } = this;
		const { title } = codeMeanings[code];
		return {
			type: `urn:citelight:problem:${this.code}`,
			title,
			status,
			detail: this.message,
			code: this.code,
			...(traceId && { trace_id: traceId })
		};
	}

	/** The data of an `error` event of a run. */
	toAskError(traceId: string): AskError {
		return { code: this.code, message: this.message, trace_id: traceId, retryable: this.retryable };
	}
}

/** Whatever was thrown, as an AppError; the unknown becomes `internal` with a message that reveals nothing. */
export function toAppError(thrown: unknown): AppError {
	if (thrown instanceof AppError) return thrown;
	return new AppError('internal', 'Something went wrong inside Citelight. The server log has the details.', {
		cause: thrown
	});
}

/** Throws `cancelled` when the signal has fired; to be called between steps that do not take the signal. */
export function throwIfCancelled(signal: AbortSignal): void {
	if (signal.aborted) throw cancelledError(signal);
}

/** The error of a run that was stopped; an AppError given as the abort reason wins. */
export function cancelledError(signal: AbortSignal): AppError {
	return signal.reason instanceof AppError
		? signal.reason
		: new AppError('cancelled', 'The answer was stopped.');
}
