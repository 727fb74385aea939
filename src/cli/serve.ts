import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadConfig, type Config } from '#lib/server/config.ts';
import { AppError } from '#lib/server/error.ts';
import { loadApplication } from './built-application.ts';
import { createBoundedServer } from './connection-limits.ts';
import { requestListener } from './request-listener.ts';
import { shutDownOnSignal } from './shutdown.ts';
import { dropStalledReaders } from './stalled-readers.ts';
import { modelsLine, tryEndpoints } from './try-endpoints.ts';

/** Requests that one client may have open at least, whatever the settings say of answers. */
const LEAST_REQUESTS = 1024;

/**
 * Serves the built application until a signal comes.
 * @throws AppError `invalid_config` for a wrong setting, a missing build or a port that cannot be had.
 */
export async function serve(): Promise<void> {
	const config = loadConfig();
	const handler = await loadApplication();
	const server = createBoundedServer(requestListener(handler), {
		perClient: requestsPerClient(config),
		trustedProxies: config.TRUSTED_PROXIES
	});
	dropStalledReaders(server, config.WRITE_STALL_TIMEOUT_MS);
	await listen(server, config);
	shutDownOnSignal(server, config.SHUTDOWN_GRACE_MS);
	const { port } = server.address() as AddressInfo;
	console.log(`Citelight is listening on http://${host(config.HOST)}:${port}`);
	console.log(modelsLine(config));
	// Nobody waits for it: a model may be started later.
	void tryEndpoints(config).then((warnings) => warnings.forEach((warning) => console.warn(warning)));
	if (!isLoopback(config.HOST) && config.API_KEYS.length === 0) {
		console.warn(openDoorWarning(config.HOST));
	}
}

/** Enough for every answer that may be written or wait to be listened to four times, by those who come back too. */
function requestsPerClient({ MAX_CONCURRENT_ANSWERS, MAX_QUEUE }: Config): number {
	return Math.max(LEAST_REQUESTS, 4 * (MAX_CONCURRENT_ANSWERS + MAX_QUEUE));
}

async function listen(server: Server, { PORT, HOST }: Config): Promise<void> {
	const { promise, resolve, reject } = Promise.withResolvers<void>();
	server.once('error', reject);
	server.listen(PORT, HOST, resolve);
	try {
		await promise;
	} catch (cause) {
		throw new AppError('invalid_config', listenFailure(cause as NodeJS.ErrnoException, PORT, HOST), {
			cause
		});
	}
	server.off('error', reject);
}

function listenFailure({ code }: NodeJS.ErrnoException, port: number, host: string): string {
	if (code === 'EADDRINUSE') return `PORT ${port} is already in use on ${host}; set PORT to another one.`;
	if (code === 'EACCES') return `PORT ${port} needs more rights; set PORT to one above 1023.`;
	return `HOST ${host} is not an address of this machine (${code ?? 'unknown reason'}).`;
}

/** In plain words, for somebody who has only wanted to reach it from another room. */
function openDoorWarning(host: string): string {
	return (
		`Warning: HOST=${host} and no API_KEYS: every machine that can reach this one may ask questions, at your cost, ` +
		'and read what everybody has asked. Set API_KEYS, or leave HOST out to serve this machine only.'
	);
}

const host = (name: string) => (name.includes(':') ? `[${name}]` : name);
const isLoopback = (name: string) => name === 'localhost' || name === '::1' || name.startsWith('127.');
