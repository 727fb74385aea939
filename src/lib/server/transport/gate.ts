import type { Config } from '#lib/server/config.ts';
import { AppError } from '#lib/server/error.ts';
import { requireScope, type Access, type Caller } from './access.ts';
import { requireKnownHost } from './host.ts';
import { placeOf, type Place } from './needed-scope.ts';
import { corsHeaders, isNavigation, isPreflight, preflightResponse, requireOwnOrigin } from './origin.ts';
import { problemResponse } from './problem.ts';
import { setSecurityHeaders } from './security-headers.ts';

/** A request as the gate sees it. */
export interface Arrival {
	request: Request;
	/** With the query. */
	url: URL;
	/** The route that will answer; null when there is none. */
	routeId: string | null;
	/** Where it comes from, as limits name it. */
	address: string;
	/** Made by a page of ours while it is rendered on the server, on behalf of a request that has passed. */
	isInternal: boolean;
}

/** Who has passed the gate (null: nobody known, where nobody need be), or the answer when the request goes no further. */
export type Passage = { caller: Caller | null; refused: null } | { caller: null; refused: Response };

/** What the gate goes by. */
export interface GateRules {
	config: Pick<Config, 'HOST' | 'ALLOWED_ORIGINS'>;
	access: Access;
}

/**
 * What comes before any handler: names that are not ours are refused; preflights are answered; a page of a foreign origin
 * may neither spend or change anything nor look anything up; a key is asked for where keys are set, and not guessed.
 */
export function passGate(arrival: Arrival, { config, access }: GateRules): Passage {
	const { request, url, routeId, address, isInternal } = arrival;
	const { headers, method } = request;
	const place = placeOf(routeId, url.pathname);
	try {
		const isProbe = place.kind === 'api' && place.scope === null && (method === 'GET' || method === 'HEAD');
		// Whoever asks only whether we live is told so, whatever key comes with it.
		const caller = isProbe ? null : access.identify(headers, address);
		// A page of a foreign name has no key, so who sends one in the header is a program, whatever name it uses.
		if (!isInternal && !isProbe && caller?.by !== 'header') requireKnownHost(headers, config);
		if (place.kind === 'api' && isPreflight(request)) {
			return refuse(preflightResponse(headers, config.ALLOWED_ORIGINS));
		}
		const isSafe = method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
		// What a foreign page cannot read it can still measure: how long a search of the traces takes tells whether it found any.
		const isForPages = isSafe && !place.isSpending && (place.scope === null || isNavigation(headers));
		if (!isForPages) requireOwnOrigin(headers, config.ALLOWED_ORIGINS);
		if (place.scope !== null) requireScope(caller, place.scope);
		if (needsLogIn(arrival, place) && access.isRequired && !caller) return refuse(toLogIn(url));
		return { caller, refused: null };
	} catch (thrown) {
		if (thrown instanceof AppError) return refuse(problemResponse(thrown));
		throw thrown;
	}
}

/**
 * Puts the headers on an answer that every answer carries; plain 405 answers of the framework become problems.
 * @param requestId sent back, so that a report can name the request.
 */
export function finishResponse(
	{ request, url, routeId }: Arrival,
	response: Response,
	{ requestId, rules }: { requestId: string; rules: GateRules }
): Response {
	const answer = asProblem(request, response);
	const { headers } = answer;
	setSecurityHeaders(headers);
	headers.set('x-request-id', requestId);
	const isApi = placeOf(routeId, url.pathname).kind === 'api';
	// Pages may hold what only this caller may see, once there are keys.
	if (!headers.has('cache-control') && (isApi || rules.access.isRequired)) {
		headers.set('cache-control', 'no-store');
	}
	if (isApi) {
		const { vary, ...cors } = corsHeaders(request.headers, rules.config.ALLOWED_ORIGINS);
		if (vary) headers.append('vary', vary);
		for (const [name, value] of Object.entries(cors)) headers.set(name, value);
	}
	return request.method === 'HEAD' ? withoutBody(answer) : answer;
}

/** The answer to a path that is neither a page nor a route, for a program; null for a browser, which gets a page. */
export function unknownPath({ request, url, routeId }: Arrival): Response | null {
	if (routeId !== null) return null;
	const isForProgram =
		placeOf(routeId, url.pathname).kind === 'api' || !request.headers.get('accept')?.includes('text/html');
	if (!isForProgram) return null;
	return problemResponse(
		new AppError(
			'not_found',
			'There is nothing at this address. Questions go to POST /ask or POST /ask/stream.'
		)
	);
}

const refuse = (refused: Response): Passage => ({ caller: null, refused });

/** Whether a reader comes to a page that would only fail to load its data. */
function needsLogIn({ request, routeId }: Arrival, place: Place): boolean {
	return place.kind === 'page' && routeId !== null && routeId !== '/login' && request.method === 'GET';
}

function toLogIn({ pathname, search }: URL): Response {
	const next = pathname === '/' && search === '' ? '' : `?next=${encodeURIComponent(pathname + search)}`;
	return new Response(null, { status: 303, headers: { location: `/login${next}` } });
}

/** Nobody reads the body, and nobody would ever end a stream. */
function withoutBody({ body, status, headers }: Response): Response {
	body?.cancel().catch(() => {});
	return new Response(null, { status, headers });
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
