import { AppError } from '#lib/server/error.ts';

/**
 * Refuses what another web site's page would have its visitor's browser do. Browsers send `Origin` with every request
 * that changes something and `Sec-Fetch-Site` with every request; programs other than browsers send neither and pass.
 * @param allowed web origins besides our own.
 * @throws AppError `forbidden_origin`.
 */
export function requireOwnOrigin(headers: Headers, allowed: readonly string[]): void {
	const origin = headers.get('origin');
	if (origin !== null) {
		if (allowed.includes(origin) || isOwn(origin, headers.get('host'))) return;
	} else {
		const site = headers.get('sec-fetch-site');
		if (site === null || site === 'same-origin' || site === 'none') return;
	}
	throw new AppError(
		'forbidden_origin',
		'Pages of this web origin may not call this server. Its operator can allow it with ALLOWED_ORIGINS.'
	);
}

/** Whether somebody follows a link to here, or has typed the address: what comes is shown to them, and to no page. */
export function isNavigation(headers: Headers): boolean {
	return headers.get('sec-fetch-mode') === 'navigate' && headers.get('sec-fetch-dest') === 'document';
}

/** Behind a proxy that ends TLS the scheme is not known here, so host and port are compared. */
function isOwn(origin: string, host: string | null): boolean {
	return host !== null && URL.parse(origin)?.host === host.toLowerCase();
}

/** Response headers that let an allowed origin's page read an answer; `Vary` always, because caches must tell apart. */
export function corsHeaders(headers: Headers, allowed: readonly string[]): Record<string, string> {
	if (allowed.length === 0) return {};
	const origin = headers.get('origin');
	return {
		vary: 'Origin',
		...(origin !== null &&
			allowed.includes(origin) && {
				'access-control-allow-origin': origin,
				'access-control-expose-headers': 'Retry-After, X-Request-Id'
			})
	};
}

/** Whether this asks what a page of another origin may do. */
export function isPreflight(request: Request): boolean {
	return request.method === 'OPTIONS' && request.headers.has('access-control-request-method');
}

/** The answer to a preflight; to an origin that is not allowed it grants nothing. */
export function preflightResponse(headers: Headers, allowed: readonly string[]): Response {
	const granted = corsHeaders(headers, allowed);
	return new Response(null, {
		status: 204,
		headers: {
			...granted,
			...('access-control-allow-origin' in granted && {
				'access-control-allow-methods': 'GET, POST, DELETE',
				'access-control-allow-headers': 'Content-Type, Authorization, Last-Event-ID, trpc-accept',
				'access-control-max-age': '600'
			})
		}
	});
}
