import { isIP } from 'node:net';
import type { Config } from '#lib/server/config.ts';
import { AppError } from '#lib/server/error.ts';

/**
 * Refuses requests for a name that is not ours. A page of a foreign name whose owner lets it point to this machine (DNS
 * rebinding) looks to the browser as if it were our own; its name in the `Host` header gives it away. Addresses need no
 * name server, so they and the names of this machine are always ours.
 * @throws AppError `unknown_host`.
 */
export function requireKnownHost(
	headers: Headers,
	{ HOST, ALLOWED_ORIGINS }: Pick<Config, 'HOST' | 'ALLOWED_ORIGINS'>
): void {
	const name = hostname(headers.get('host'));
	if (name !== null) {
		if (isIP(name) || name === 'localhost' || name.endsWith('.localhost')) return;
		if (name === HOST.toLowerCase()) return;
		if (ALLOWED_ORIGINS.some((origin) => URL.parse(origin)?.hostname === name)) return;
	}
	throw new AppError(
		'unknown_host',
		'This server does not answer to the name in the header "Host". Its operator can add the name to ALLOWED_ORIGINS.'
	);
}

/** Without port, brackets and the dot at the end; null for what is not a host. */
function hostname(host: string | null): string | null {
	if (!host || /[/?#@\\\s]/.test(host)) return null;
	const { hostname } = URL.parse(`http://${host}`) ?? {};
	return hostname?.replace(/^\[|\]$/g, '').replace(/\.$/, '') || null;
}
