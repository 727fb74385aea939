import type { Handle, HandleServerError, ServerInit } from '@sveltejs/kit';
import { building } from '$app/environment';
import { loadConfig } from '#lib/server/config.ts';
import { logFailure } from '#lib/server/run/failure-log.ts';
import { createServices, type Services } from '#lib/server/services.ts';
import type { Caller } from '#lib/server/transport/access.ts';
import { clientName } from '#lib/server/transport/client-name.ts';
import { finishResponse, passGate, unknownPath } from '#lib/server/transport/gate.ts';

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
		waitUntil(services.close(services.config.SHUTDOWN_GRACE_MS))
	);
};

export const handle: Handle = async ({ event, resolve }) => {
	const services = kept.citelightServices;
	if (!services) return resolve(event);
	const { request, url, locals } = event;
	const remoteAddress = event.platform?.req?.socket?.remoteAddress;
	const nameOf = (caller: Caller | null) =>
		clientName(caller, request.headers, remoteAddress, services.config.TRUSTED_PROXIES);
	const address = nameOf(null);
	const arrival = { request, url, routeId: event.route.id, address, isInternal: event.isSubRequest };
	const { caller, refused } = passGate(arrival, services);
	locals.services = services;
	locals.caller = caller;
	locals.address = address;
	locals.client = nameOf(caller);
	locals.requestId = crypto.randomUUID();
	const answer = refused ?? unknownPath(arrival) ?? (await resolve(event, pageOptions));
	return finishResponse(arrival, answer, { requestId: locals.requestId, rules: services });
};

/** Whoever gets this can name the request; what went wrong is in the server's log only. */
export const handleError: HandleServerError = ({ error, event, status, message }) => {
	if (status >= 500) logFailure(`request ${event.locals.requestId}`, error);
	return { message, requestId: event.locals.requestId };
};
