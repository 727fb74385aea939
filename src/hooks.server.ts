import type { Handle, HandleServerError, ServerInit } from '@sveltejs/kit';
import { building } from '$app/environment';
import { loadConfig } from '#lib/server/config.ts';
import { logFailure } from '#lib/server/run/failure-log.ts';
import { createServices, type Services } from '#lib/server/services.ts';
import { checkAtGate, finishResponse, isApiPath, unknownPath } from '#lib/server/transport/gate.ts';

/** The typed client, when a page loads with it on the server, asks what type a failure came in. */
const pageOptions = { filterSerializedResponseHeaders: (name: string) => name === 'content-type' };

/** Kept outside the module, because the development server loads it anew when a file changes. */
const kept = globalThis as { citelightServices?: Services };

export const init: ServerInit = async () => {
	if (building || kept.citelightServices) return;
	const services = await createServices(loadConfig());
	kept.citelightServices = services;
	// Told by whoever runs the server (src/cli/shutdown.ts) before connections are cut: the last traces are stored first.
	(process as NodeJS.EventEmitter).on('citelight:shutdown', (waitUntil: (work: Promise<unknown>) => void) =>
		waitUntil(services.close())
	);
};

export const handle: Handle = async ({ event, resolve }) => {
	const services = kept.citelightServices;
	if (!services) return resolve(event);
	const { request, url, locals } = event;
	locals.services = services;
	locals.requestId = crypto.randomUUID();
	const answer =
		checkAtGate(request, url.pathname, services.config) ??
		(event.route.id === null && isForProgram(request, url.pathname)
			? unknownPath()
			: await resolve(event, pageOptions));
	return finishResponse(request, url.pathname, answer, {
		requestId: locals.requestId,
		allowedOrigins: services.config.ALLOWED_ORIGINS
	});
};

/** Whoever gets this can name the request; what went wrong is in the server's log only. */
export const handleError: HandleServerError = ({ error, event, status, message }) => {
	if (status >= 500) logFailure(`request ${event.locals.requestId}`, error);
	return { message, requestId: event.locals.requestId };
};

function isForProgram(request: Request, pathname: string): boolean {
	return isApiPath(pathname) || !request.headers.get('accept')?.includes('text/html');
}
