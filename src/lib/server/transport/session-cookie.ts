/** Browsers take the prefixed name only over https, for this host alone: no neighbour can set it. */
const NAMES = { https: '__Host-citelight', http: 'citelight' } as const;

/** The session token that a browser sends; null for none. */
export function sessionToken(headers: Headers): string | null {
	const cookies = new Map(
		(headers.get('cookie') ?? '').split(';').map((cookie) => {
			const [name = '', value = ''] = cookie.split('=', 2);
			return [name.trim(), value.trim()] as const;
		})
	);
	return cookies.get(NAMES.https) || cookies.get(NAMES.http) || null;
}

/**
 * `Set-Cookie` that begins a session: out of reach of scripts, and never sent on behalf of another site's page.
 * @param isSecure whether the browser has come over https.
 */
export function sessionCookie(
	{ token, maxAgeSeconds }: { token: string; maxAgeSeconds: number },
	isSecure: boolean
): string {
	return isSecure
		? `${NAMES.https}=${token}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict; Secure`
		: `${NAMES.http}=${token}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict`;
}

/** `Set-Cookie` headers that end it, whichever name it has. */
export function endedSessionCookies(): string[] {
	const over = 'Path=/; Max-Age=0; HttpOnly; SameSite=Strict';
	return [`${NAMES.http}=; ${over}`, `${NAMES.https}=; ${over}; Secure`];
}
