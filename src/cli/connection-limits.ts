import {
	createServer,
	type IncomingMessage,
	type RequestListener,
	type Server,
	type ServerResponse
} from 'node:http';
import type { Socket } from 'node:net';
import { AppError } from '#lib/server/error.ts';
import { CountByName } from '#lib/server/run/count-by-name.ts';
import { clientName } from '#lib/server/transport/client-name.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { sendProblem } from './request-listener.ts';

/** What a server takes of one client, and how long it waits for one. */
export interface ConnectionLimits {
	/** Requests in progress, streams among them; of connections as many, and all clients together have eight times as many. */
	perClient: number;
	/** See the setting `TRUSTED_PROXIES`. */
	trustedProxies: number;
	/** Longest wait for the headers of a request, in milliseconds. */
	headersTimeoutMs?: number;
	/** Longest wait for a whole request, in milliseconds. */
	requestTimeoutMs?: number;
	/** How long a connection is kept for a next request, in milliseconds. */
	keepAliveMs?: number;
}

const HEADERS_TIMEOUT_MS = 20_000;
const REQUEST_TIMEOUT_MS = 60_000;
/** Longer than the idle time of usual proxies, so that they never use a connection that we are closing. */
const KEEP_ALIVE_MS = 65_000;
/** Looks for requests that are too slow in the time that they have. */
const LOOKS = 4;
const RETRY_AFTER_S = 1;
const CLIENTS = 8;

/**
 * A server that no client can have for itself: requests beyond the limits are answered with 503, connections far beyond them
 * are closed, and so are those on which requests do not arrive. Answers may take as long as they do. Behind proxies all
 * connections are the proxies', so there only requests are counted by client.
 */
export function createBoundedServer(listener: RequestListener, limits: ConnectionLimits): Server {
	const { perClient, trustedProxies } = limits;
	const headersTimeout = limits.headersTimeoutMs ?? HEADERS_TIMEOUT_MS;
	const requests = new CountByName();
	const connections = new CountByName();
	const server = createServer(
		{
			headersTimeout,
			requestTimeout: limits.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
			keepAliveTimeout: limits.keepAliveMs ?? KEEP_ALIVE_MS,
			connectionsCheckingInterval: Math.ceil(headersTimeout / LOOKS)
		},
		oneAtATime((request, response) => {
			const client = clientOf(request, trustedProxies);
			const isOver = requests.add(client) > perClient;
			response.once('close', () => requests.remove(client));
			const isExcess = trustedProxies === 0 && connections.of(addressOf(request.socket)) > perClient;
			if (isOver || isExcess) refuse(response);
			else listener(request, response);
		})
	);
	server.timeout = 0;
	server.maxConnections = CLIENTS * perClient;
	server.on('connection', (socket: Socket) => {
		const address = addressOf(socket);
		// Of a client that has too many, some more are taken, to be told so.
		if (connections.add(address) > 2 * perClient && trustedProxies === 0) socket.destroy();
		socket.once('close', () => connections.remove(address));
	});
	return server;
}

function addressOf({ remoteAddress }: Socket): string {
	return clientName(null, new Headers(), remoteAddress, 0);
}

function clientOf({ headers, socket }: IncomingMessage, trustedProxies: number): string {
	const forwarded = headers['x-forwarded-for'];
	const claims = new Headers();
	if (trustedProxies > 0 && forwarded !== undefined) claims.set('x-forwarded-for', String(forwarded));
	return clientName(null, claims, socket.remoteAddress, trustedProxies);
}

function refuse(response: ServerResponse): void {
	const error = new AppError(
		'overloaded',
		'Too many requests of this client are open. End some, then try again.',
		{ retryAfterSeconds: RETRY_AFTER_S }
	);
	sendProblem(response, error, { connection: 'close' });
}
