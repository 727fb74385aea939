import type { Config } from '#lib/server/config.ts';
import { AppError } from '#lib/server/error.ts';
import { requireApiKey } from './api-key.ts';
import { corsHeaders, isPreflight, preflightResponse, requireOwnOrigin } from './origin.ts';
import { problemResponse } from './problem.ts';

/** First parts of the paths that programs call; the others are pages. */
const API = new Set(['ask', 'traces', 'stats', 'libraries', 'search', 'feedback', 'livez', 'readyz', 'trpc']);
/** Probes come without a key. */
const OPEN = new Set(['livez', 'readyz']);
/** Where even a GET starts, continues or keeps up an answer. */
const SPENDING = new Set(['ask', 'trpc']);

/** Whether a path belongs to the API rather than to a page. */
export function isApiPath(pathname: string): boolean {
	return API.has(firstPart(pathname));
}

/**
 * What comes before any handler: preflights are answered; a page of a foreign origin may not spend or change anything;
 * a key is asked for where keys are set.
 * @returns the answer when the request goes no further, else null.
 */
export function checkAtGate(
	request: Request,
	pathname: string,
	{ ALLOWED_ORIGINS, API_KEYS }: Pick<Config, 'ALLOWED_ORIGINS' | 'API_KEYS'>
): Response | null {
	const first = firstPart(pathname);
	if (API.has(first) && isPreflight(request)) return preflightResponse(request.headers, ALLOWED_ORIGINS);
	try {
		const isSafe = request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS';
		if (!isSafe || SPENDING.has(first)) requireOwnOrigin(request.headers, ALLOWED_ORIGINS);
		if (API.has(first) && !OPEN.has(first)) requireApiKey(request.headers, API_KEYS);
		return null;
	} catch (thrown) {
		if (thrown instanceof AppError) return problemResponse(thrown);
		throw thrown;
	}
}

/**
 * Puts the headers on an answer that every answer carries; plain 405 answers of the framework become problems.
 * @param requestId sent back, so that a report can name the request.
 */
export function finishResponse(
	request: Request,
	pathname: string,
	response: Response,
	{ requestId, allowedOrigins }: { requestId: string; allowedOrigins: readonly string[] }
): Response {
	const answer = asProblem(request, response);
	const { headers } = answer;
	headers.set('x-content-type-options', 'nosniff');
	headers.set('referrer-policy', 'same-origin');
	headers.set('x-request-id', requestId);
	if (isApiPath(pathname)) {
		if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
		const { vary, ...cors } = corsHeaders(request.headers, allowedOrigins);
		if (vary) headers.append('vary', vary);
		for (const [name, value] of Object.entries(cors)) headers.set(name, value);
	}
	return answer;
}

/** The answer to a path that is neither a page nor a route, for a program; pages have their own. */
export function unknownPath(): Response {
	return problemResponse(
		new AppError(
			'not_found',
			'There is nothing at this address. Questions go to POST /ask or POST /ask/stream.'
		)
	);
}

function asProblem(request: Request, response: Response): Response {
	const type = response.headers.get('content-type') ?? '';
	if (response.status !== 405 || type.includes('json')) return response;
	const allow = response.headers.get('allow') ?? '';
	const hint = allow ? ` Use ${allow}.` : '';
	return problemResponse(
		new AppError('method_not_allowed', `${request.method} is not possible at this address.${hint}`),
		{ ...(allow && { allow }) }
	);
}

function firstPart(pathname: string): string {
	return pathname.split('/', 2)[1] ?? '';
}
