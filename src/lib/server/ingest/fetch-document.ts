import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { AppError } from '#lib/server/error.ts';
import { checkHost, guardedLookup, type AddressGuard, type Resolver } from './address-guard.ts';

/** How a page is fetched. */
export interface FetchLimits {
	guard: AddressGuard;
	/** Names of the hosts that may be read, in lower case; all unless said otherwise. */
	hosts?: readonly string[] | undefined;
	/** Finds the addresses of names; the system's resolver unless said otherwise. */
	resolve?: Resolver;
	/** Whether content of this type (the header as sent) at this path is worth loading; all unless said otherwise. */
	accepts?: (contentType: string, path: string) => boolean;
	/** Longest whole fetch, redirects and all, in milliseconds. */
	timeoutMs: number;
	/** Most bytes of a body. */
	maxBytes: number;
}

/** A page as it came. */
export interface FetchedPage {
	/** After redirects. */
	url: string;
	/** The header as sent; empty when there was none. */
	contentType: string;
	body: Uint8Array;
}

const MAX_REDIRECTS = 3;

/**
 * Fetches a page over HTTP(S). Every hop is checked against hosts and guard; the body is cut off as soon as it is too long.
 * @throws AppError `ingest_failed` with a reason for the reader; `cancelled` when the signal fires.
 */
export async function fetchPage(
	address: string,
	limits: FetchLimits,
	signal: AbortSignal
): Promise<FetchedPage> {
	const deadline = AbortSignal.timeout(limits.timeoutMs);
	const either = AbortSignal.any([signal, deadline]);
	let url = new URL(address);
	try {
		for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
			const response = await open(url, limits, either);
			const status = response.statusCode ?? 0;
			const location = response.headers.location;
			if (status >= 300 && status < 400 && location) {
				response.destroy();
				url = redirected(location, url);
				continue;
			}
			if (status !== 200) {
				response.destroy();
				throw new AppError('ingest_failed', `The server answered with status ${status}.`);
			}
			const contentType = response.headers['content-type'] ?? '';
			try {
				requireReadable(response, contentType, url, limits);
				return { url: url.href, contentType, body: await readBody(response, limits.maxBytes) };
			} finally {
				response.destroy();
			}
		}
		throw new AppError('ingest_failed', `It redirects more than ${MAX_REDIRECTS} times.`);
	} catch (thrown) {
		if (signal.aborted) throw new AppError('cancelled', 'The ingest was stopped.');
		if (deadline.aborted) throw new AppError('ingest_failed', `It took longer than ${limits.timeoutMs} ms.`);
		if (thrown instanceof AppError) throw thrown;
		throw new AppError('ingest_failed', 'The server could not be reached.', { cause: thrown });
	}
}

function redirected(location: string, from: URL): URL {
	const url = URL.parse(location, from.href);
	if (!url) throw new AppError('ingest_failed', 'It redirects to what is not an address.');
	return url;
}

function open(url: URL, limits: FetchLimits, signal: AbortSignal): Promise<IncomingMessage> {
	if (url.protocol !== 'http:' && url.protocol !== 'https:') {
		throw new AppError('ingest_failed', 'Only http and https are read.');
	}
	// They would be sent, kept as the name of the document, and shown with it.
	if (url.username || url.password) {
		throw new AppError('ingest_failed', 'An address with a user name or a password is not read.');
	}
	if (limits.hosts && !limits.hosts.includes(url.hostname)) {
		throw new AppError('ingest_failed', `${url.hostname} is not among the hosts that may be read.`);
	}
	checkHost(url.hostname, limits.guard);
	const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
	return new Promise((resolve, reject) => {
		const headers = {
			accept: 'text/markdown, text/html;q=0.9, text/plain;q=0.8',
			'accept-encoding': 'identity',
			'user-agent': 'citelight'
		};
		// An agent of its own: one that is shared may have a connection left that was checked by other rules, or a proxy
		// that looks names up itself.
		const lookup = guardedLookup(limits.guard, limits.resolve);
		request(url, { headers, signal, lookup, agent: false }, resolve).on('error', reject).end();
	});
}

/** Refuses by the headers what need not be loaded. */
function requireReadable(
	{ headers }: IncomingMessage,
	contentType: string,
	{ pathname }: URL,
	{ accepts, maxBytes }: FetchLimits
): void {
	if (accepts && !accepts(contentType, pathname)) {
		throw new AppError('ingest_failed', `Content of type ${contentType.slice(0, 80)} is not read.`);
	}
	// We have asked for none; unpacking could make a small body a huge one.
	const encoding = headers['content-encoding']?.toLowerCase() ?? 'identity';
	if (encoding !== 'identity') {
		throw new AppError('ingest_failed', `It comes packed (${encoding.slice(0, 20)}), which is not read.`);
	}
	if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
	const parts: Uint8Array[] = [];
	let length = 0;
	for await (const part of response as AsyncIterable<Uint8Array>) {
		length += part.length;
		if (length > maxBytes) throw tooLarge(maxBytes);
		parts.push(part);
	}
	return Buffer.concat(parts);
}

function tooLarge(maxBytes: number): AppError {
	return new AppError('ingest_failed', `It is larger than ${maxBytes} bytes.`);
}
