import { z } from 'zod';
import { readJson } from '#lib/server/transport/json-body.ts';
import { withProblems } from '#lib/server/transport/problem.ts';
import { endedSessionCookies, sessionCookie } from '#lib/server/transport/session-cookie.ts';
import type { RequestEvent } from './$types';

const logInSchema = z.object({ key: z.string().trim().min(1).max(1000) });

/** Exchanges a key for a session cookie: so pages need not keep the key where scripts could read it. */
export const POST = withProblems(async ({ request, url, locals }: RequestEvent) => {
	const { key } = await readJson(request, logInSchema);
	const { scope, ...session } = locals.services.access.logIn(key, locals.address);
	// Behind a proxy that ends TLS only the browser knows how it came.
	const isSecure = url.protocol === 'https:' || /^https:/i.test(request.headers.get('origin') ?? '');
	return Response.json({ scope }, { headers: { 'set-cookie': sessionCookie(session, isSecure) } });
});

/** Logs out; the same whether there was a session or not. */
export const DELETE = withProblems(({ request, locals }: RequestEvent) => {
	locals.services.access.logOut(request.headers);
	const headers = new Headers();
	for (const cookie of endedSessionCookies()) headers.append('set-cookie', cookie);
	return new Response(null, { status: 204, headers });
});
