import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { logFailure } from '#lib/server/run/failure-log.ts';

/** What the built application exports. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Set by us on every request, so that no client can choose the protocol of its own address. */
export const PROTOCOL_HEADER = 'x-citelight-protocol';

/** Hands requests to the application, so that nothing that is in one can end the process. */
export function requestListener(handler: Handler): RequestListener {
	return (request, response) => void answer(handler, request, response);
}

async function answer(handler: Handler, request: IncomingMessage, response: ServerResponse): Promise<void> {
	request.headers[PROTOCOL_HEADER] = 'http';
	// The adapter's file server ends the process at a range that ends before it begins; our files are small.
	delete request.headers.range;
	// Files are sent without passing our hooks.
	response.setHeader('x-content-type-options', 'nosniff');
	try {
		await handler(request, response);
	} catch (thrown) {
		logFailure('a request', thrown);
		if (response.headersSent) response.destroy();
		else response.writeHead(500, { 'content-type': 'text/plain' }).end('Internal error');
	}
}
