/** Where to go after the log-in: a page of ours, whatever the address says. */
export function nextPage({ searchParams, origin }: URL): string {
	const wanted = searchParams.get('next') ?? '/';
	const target = URL.parse(wanted, origin);
	// A path alone can still lead elsewhere: "//host", "/\host", or one with control characters.
	if (!wanted.startsWith('/') || target?.origin !== origin || target.pathname === '/login') return '/';
	return target.pathname.replace(/^\/+/, '/') + target.search + target.hash;
}
