import { APIConnectionError, APIError } from 'openai';
import type { ErrorCode } from '#lib/contract/error-code.ts';
import { AppError, type EndpointWords } from '#lib/server/error.ts';

/** A failure of an endpoint, understood. */
export interface UpstreamFailure {
	error: AppError;
	/** Whether sending the same request again may help. */
	retryable: boolean;
	/** HTTP status of the answer; null when there was none. */
	status: number | null;
	/** How long the server asked to wait, in milliseconds; null when it did not say. */
	retryAfterMs: number | null;
}

/** Which endpoint a sentence speaks of, such as `model` or `embeddings`, and what must never be repeated. */
export interface Endpoint {
	name: string;
	/** As it is set. */
	address?: string | undefined;
	model?: string | undefined;
	apiKey?: string | undefined;
}

/** Characters that are kept of what an endpoint said. */
const MOST_SAID = 2000;

const CONTEXT_LENGTH = /context.?(?:length|window)|too many (?:input )?tokens|prompt is too long/i;
const NO_QUOTA = /insufficient_quota|exceeded your current quota|billing/i;
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/;
/** The connection was there and broke. */
const RESET = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'UND_ERR_SOCKET']);
/** A body that is not packed as its headers say: the codes of zlib and of Brotli. */
const NOT_PACKED_SO = /^(?:Z_DATA_ERROR|ERR_+ERROR_FORMAT)/;
const TIMEOUT = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT']);

/**
 * What a call to an endpoint threw before its answer had begun, as an error for users. The sentence never holds anything
 * the endpoint said; that goes, shortened and without the key, into `cause` for the log.
 */
export function explainFailure(thrown: unknown, endpoint: Endpoint): UpstreamFailure {
	if (thrown instanceof AppError)
		return { error: thrown, retryable: false, status: null, retryAfterMs: null };
	if (thrown instanceof APIError && thrown.status !== undefined) return explainStatus(thrown, endpoint);
	if (thrown instanceof APIConnectionError || thrown instanceof TypeError) {
		return explainConnection(thrown, endpoint);
	}
	const said = thrown instanceof SyntaxError ? thrown.message : '';
	const error = new AppError('upstream_malformed', malformedMessage(endpoint), {
		cause: safeCause(thrown, endpoint),
		endpoint: wordsOf(endpoint, said)
	});
	return { error, retryable: false, status: null, retryAfterMs: null };
}

/** What reading an answer threw after it had begun: such a connection is never tried again. */
export function explainBrokenStream(thrown: unknown, endpoint: Endpoint): AppError {
	if (thrown instanceof AppError) return thrown;
	const code = networkCode(thrown) ?? '';
	const cause = safeCause(thrown, endpoint);
	if (NOT_PACKED_SO.test(code))
		return new AppError('upstream_malformed', malformedMessage(endpoint), { cause });
	return new AppError(
		'upstream_reset',
		`The connection to the ${endpoint.name} endpoint broke in the middle of the answer. Ask again.`,
		{ cause, facts: knownCode(code) }
	);
}

export function malformedMessage({ name }: Endpoint): string {
	return `The ${name} endpoint sent something that is not a valid answer. Check that its address is that of an OpenAI-compatible API (it often ends in /v1).`;
}

/** An endpoint and what it said, for the trace and the log. */
export function wordsOf(endpoint: Endpoint, said = ''): EndpointWords {
	return {
		address: plainAddress(endpoint.address),
		model: endpoint.model ?? null,
		said: redact(said.trim(), endpoint)
	};
}

/** Names the endpoint in an error that came of it and does not yet; anything else is left as it is. */
export function atEndpoint(thrown: unknown, endpoint: Endpoint): unknown {
	if (thrown instanceof AppError && thrown.code.startsWith('upstream_'))
		thrown.endpoint ??= wordsOf(endpoint);
	return thrown;
}

/** Without user, password, query and fragment, which may hold a key. */
function plainAddress(address = ''): string {
	if (!URL.canParse(address)) return '';
	const { origin, pathname } = new URL(address);
	return `${origin}${pathname}`.replace(/\/$/, '');
}

/** An upstream text without the key and everything that looks like one, kept short. */
export function redact(text: string, { apiKey }: Endpoint): string {
	const withoutKey = apiKey ? text.replaceAll(apiKey, '[key]') : text;
	return withoutKey.replace(/\b(?:sk|pk|rk|gsk|key|Bearer)[-_ ][\w.*-]{6,}/gi, '[key]').slice(0, MOST_SAID);
}

/**
 * Words that endpoints name errors and parameters with, as far as they are known: the only ones of an upstream text that a log
 * may repeat, because any other may come from the question. https://platform.openai.com/docs/guides/error-codes
 */
const KNOWN_WORDS = new RegExp(
	`\\b(?:${[
		'invalid_request_error|authentication_error|permission_error|not_found_error|rate_limit_error|api_error|overloaded_error',
		'server_error|invalid_api_key|model_not_found|insufficient_quota|rate_limit_exceeded|context_length_exceeded',
		'unsupported_parameter|unsupported_value|invalid_value|invalid_type|missing_required_parameter|unknown_parameter',
		'string_above_max_length|integer_above_max_value|billing_hard_limit_reached|content_policy_violation|content_filter',
		'stream_options|temperature|max_tokens|max_completion_tokens|encoding_format|include_usage'
	].join('|')})\\b`,
	'g'
);

/** The facts that an upstream text holds; see `AppError.facts`. */
export function knownWords(said: string): string[] {
	return [...new Set(said.match(KNOWN_WORDS))];
}

/** A code of the system, of a certificate or of undici. */
function knownCode(code: string): string[] {
	return /^(?:E[A-Z0-9_]{2,60}|UND_ERR_\w{2,60}|[A-Z_]*CERT[A-Z_]*)$/.test(code) ? [code] : [];
}

function explainStatus(thrown: APIError, endpoint: Endpoint): UpstreamFailure {
	const status = thrown.status as number;
	const said = errorText(thrown);
	const headers = thrown.headers as Headers | undefined;
	const retryAfterMs = headers ? readRetryAfter(headers) : null;
	const noQuota = NO_QUOTA.test(said);
	const [code, message] = meaningOf(status, said, noQuota, endpoint.name);
	const mayRetry = status === 408 || status === 429 || status >= 500;
	const error = new AppError(code, message, {
		endpoint: wordsOf(endpoint, said),
		facts: [`HTTP ${status}`, ...knownWords(said)],
		...(retryAfterMs !== null && { retryAfterSeconds: Math.ceil(retryAfterMs / 1000) })
	});
	const retryable = mayRetry && !noQuota && headers?.get('x-should-retry') !== 'false';
	return { error, retryable, status, retryAfterMs };
}

function meaningOf(status: number, said: string, noQuota: boolean, name: string): [ErrorCode, string] {
	if (status === 401 || status === 403) {
		return [
			'upstream_auth',
			`The ${name} endpoint refused the credentials. Check the API key and its rights.`
		];
	}
	if (status === 402 || noQuota) {
		return [
			status === 402 ? 'upstream_auth' : 'upstream_rate_limited',
			`The account at the ${name} endpoint has no credit or quota left. Check its billing.`
		];
	}
	if (status === 408) return ['upstream_timeout', `The ${name} endpoint timed out. Try again later.`];
	if (status === 429) {
		return [
			'upstream_rate_limited',
			`The ${name} endpoint is limiting the rate of requests. Try again later.`
		];
	}
	if (status >= 500)
		return ['upstream_5xx', `The ${name} endpoint failed (HTTP ${status}). Try again later.`];
	if (status === 404 || status === 405) {
		return [
			'upstream_bad_request',
			`The ${name} endpoint does not know this model or address. Check the model's name and the base URL.`
		];
	}
	if (status === 413 || CONTEXT_LENGTH.test(said)) {
		return [
			'upstream_bad_request',
			`The question with its passages is too long for the ${name} endpoint. Ask with a smaller limit, or choose a model with a larger context.`
		];
	}
	return [
		'upstream_bad_request',
		`The ${name} endpoint refused the request (HTTP ${status}). Check that the model and its parameters are supported.`
	];
}

function explainConnection(thrown: Error, endpoint: Endpoint): UpstreamFailure {
	const code = networkCode(thrown);
	const cause = new Error(code ?? redact(thrown.message, endpoint));
	const failure = (errorCode: ErrorCode, message: string, retryable: boolean): UpstreamFailure => ({
		error: new AppError(errorCode, message, { cause, facts: code === null ? [] : knownCode(code) }),
		retryable,
		status: null,
		retryAfterMs: null
	});
	const { name } = endpoint;
	if (code && TIMEOUT.has(code)) {
		return failure(
			'upstream_timeout',
			`The ${name} endpoint did not answer in time. Try again later.`,
			false
		);
	}
	if (code && RESET.has(code)) {
		return failure(
			'upstream_reset',
			`The ${name} endpoint closed the connection without an answer. Try again.`,
			true
		);
	}
	if (code && CERTIFICATE.test(code)) {
		return failure(
			'upstream_connect',
			`The certificate of the ${name} endpoint is not valid. Check its address and certificate.`,
			false
		);
	}
	if (speaksNoHttp(thrown)) return failure('upstream_malformed', malformedMessage(endpoint), false);
	return failure(
		'upstream_connect',
		`The ${name} endpoint cannot be reached. Check its address and that it is running.`,
		true
	);
}

/** The code of the system, of Node or of undici, wherever in the chain of causes it is; null when there is none (Deno). */
function networkCode(thrown: unknown): string | null {
	let error: unknown = thrown;
	for (let depth = 0; depth < 5 && error instanceof Error; depth++) {
		const code = (error as { code?: unknown }).code;
		if (typeof code === 'string') return code;
		if (error instanceof AggregateError) error = error.errors[0];
		else error = error.cause;
	}
	return null;
}

/** What answered is another protocol, or HTTP broken beyond reading: undici names its error so, Node's own parser gives it such a code. */
function speaksNoHttp({ cause }: Error): boolean {
	for (let depth = 0; depth < 5 && cause instanceof Error; depth++) {
		if (cause.name === 'HTTPParserError' || /^HPE_/.test(String((cause as { code?: unknown }).code)))
			return true;
		({ cause } = cause);
	}
	return false;
}

/** All that a refused request says for itself: parameter, codes and message, in whatever shape. */
export function errorText(thrown: APIError): string {
	const body = thrown.error === undefined ? '' : JSON.stringify(thrown.error);
	return `${thrown.message} ${body}`;
}

/** `retry-after-ms`, or `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), in milliseconds; null when absent. */
export function readRetryAfter(headers: Headers, now = Date.now()): number | null {
	const milliseconds = headers.get('retry-after-ms');
	if (milliseconds?.trim() && Number(milliseconds) >= 0) return Number(milliseconds);
	const value = headers.get('retry-after')?.trim();
	if (!value) return null;
	if (/^\d+(?:\.\d+)?$/.test(value)) return Number(value) * 1000;
	const date = Date.parse(value);
	return Number.isNaN(date) ? null : Math.max(0, date - now);
}

function safeCause(thrown: unknown, endpoint: Endpoint): Error {
	if (!(thrown instanceof Error)) return new Error('not an error');
	return new Error(networkCode(thrown) ?? redact(`${thrown.name}: ${thrown.message}`, endpoint));
}
