import type { IncomingMessage, OutgoingHttpHeaders, RequestListener, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { AppError } from '#lib/server/error.ts';
import { logFailure } from '#lib/server/run/failure-log.ts';
import { errorHeaders } from '#lib/server/transport/problem.ts';

/** What the built application exports. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Set by us on every request, so that no client can choose the protocol of its own address. */
export const PROTOCOL_HEADER = 'x-citelight-protocol';

/** Hands requests to the application, so that nothing that is in one can end the process. */
export function requestListener(handler: Handler): RequestListener {
	return (request, response) => void answer(handler, request, response);
}

/** Methods that a web-standard request cannot have: https://fetch.spec.whatwg.org/#forbidden-method */
const IMPOSSIBLE_METHODS = new Set(['TRACE', 'TRACK', 'CONNECT']);

/** What keeps a request from being one for the application; two hosts could mean another one to a proxy (RFC 9112, 3.2). */
function problemOf({ method = '', url = '', headersDistinct }: IncomingMessage): AppError | null {
	if (IMPOSSIBLE_METHODS.has(method)) {
		return new AppError('method_not_allowed', `${method} is not possible at this server.`);
	}
	const [host, ...more] = headersDistinct.host ?? [];
	const isHost =
		host !== undefined && more.length === 0 && !/[/?#@\\\s]/.test(host) && URL.canParse(`http://${host}`);
	if (isHost && url.startsWith('/')) return null;
	return new AppError(
		'invalid_request',
		'The request must name one host in its header "Host", and a path that begins with "/".'
	);
}

/** An error before the application has seen the request, or instead of it. */
export function sendProblem(
	response: ServerResponse,
	error: AppError,
	headers: OutgoingHttpHeaders = {}
): void {
	response.writeHead(error.status, {
		'content-type': 'application/problem+json',
		'cache-control': 'no-store',
		'x-content-type-options': 'nosniff',
		...errorHeaders(error),
		...headers
	});
	response.end(JSON.stringify(error.toProblem()));
}

async function answer(handler: Handler, request: IncomingMessage, response: ServerResponse): Promise<void> {
	request.headers[PROTOCOL_HEADER] = 'http';
	// The adapter's file server ends the process at a range that ends before it begins; our files are small.
	delete request.headers.range;
	// Files are sent without passing our hooks.
	response.setHeader('x-content-type-options', 'nosniff');
	// The adapter's file server pipes streams without an error listener; one that fails would end the process.
	response.on('pipe', (file: Readable) =>
		file.once('error', (error) => {
			logFailure('a file', error);
			response.destroy();
		})
	);
	const problem = problemOf(request);
	if (problem) return sendProblem(response, problem);
	try {
		await handler(request, response);
	} catch (thrown) {
		logFailure('a request', thrown);
		if (response.headersSent) response.destroy();
		else response.writeHead(500, { 'content-type': 'text/plain' }).end('Internal error');
	}
}
