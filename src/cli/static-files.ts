import { readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { lookup } from 'mrmime';
import { AppError } from '#lib/server/error.ts';
import { sendProblem } from './request-listener.ts';

/** Encodings that the build makes beside a file, in the order in which they are chosen, with the ends of their names. */
const ENCODINGS = [
	{ encoding: 'br', end: '.br' },
	{ encoding: 'gzip', end: '.gz' }
];

/** Files below have their content's hash in their name. */
const IMMUTABLE = '/_app/immutable/';

/** A file as it was on the disk. */
interface Content {
	bytes: Buffer;
	/** Time of its last change, in milliseconds. */
	changed: number;
}

/**
 * The files of the built application: kept in memory, and sent as long as they are on the disk. A rebuild replaces them under
 * a running server: those that are gone are answered with 404, those that are new are found.
 */
export class StaticFiles {
	readonly #folder: string;
	/** Names at the start. The adapter's own file server has such a list, and never checks it again. */
	readonly #atStart: ReadonlySet<string>;
	readonly #kept = new Map<string, Content>();
	#isReplaced = false;

	/** @param folder of the files that browsers load. */
	constructor(folder: string) {
		this.#folder = folder;
		const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
		this.#atStart = new Set(names.map((name) => `/${name.replaceAll('\\', '/')}`));
	}

	/**
	 * Answers a request for one of the files.
	 * @returns false when the request is for something else; then nothing has been sent.
	 * @throws what the file system says, except that a file is missing.
	 */
	async answer(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
		const { method = '', url = '', headers } = request;
		const name = fileName(url);
		if (name === null) return false;
		const found = await this.#choose(name, headers['accept-encoding'] ?? '');
		if (!found && !this.#atStart.has(name)) return false;
		if (!['GET', 'HEAD'].includes(method)) refuseMethod(response, method);
		else if (found) send(request, response, { name, ...found });
		else this.#refuse(response);
		return true;
	}

	async #choose(name: string, accepted: string): Promise<{ content: Content; encoding?: string } | null> {
		for (const { encoding, end } of ENCODINGS) {
			if (!accepts(accepted, encoding)) continue;
			const content = await this.#read(name + end);
			if (content) return { content, encoding };
		}
		const content = await this.#read(name);
		return content && { content };
	}

	async #read(name: string): Promise<Content | null> {
		const file = await openIfThere(join(this.#folder, name));
		try {
			const found = await file?.stat();
			const kept = this.#kept.get(name);
			if (kept && kept.changed === found?.mtimeMs && kept.bytes.length === found.size) return kept;
			// One that has changed or is gone was replaced, and all others with it.
			if (kept) this.#kept.clear();
			if (!file || !found?.isFile()) return null;
			const content = { bytes: await file.readFile(), changed: found.mtimeMs };
			this.#kept.set(name, content);
			return content;
		} finally {
			await file?.close();
		}
	}

	#refuse(response: ServerResponse): void {
		if (!this.#isReplaced) console.warn('The application was built again: restart the server to serve it.');
		this.#isReplaced = true;
		sendProblem(response, new AppError('not_found', 'This file belongs to an earlier build.'));
	}
}

function refuseMethod(response: ServerResponse, method: string): void {
	const error = new AppError('method_not_allowed', `${method} is not possible for a file.`);
	sendProblem(response, error, { allow: 'GET, HEAD' });
}

/** The name of the file that an address asks for, with a slash in front; null when it cannot be one. */
function fileName(url: string): string | null {
	// The adapter's file server ignores a slash at the end, too.
	const path = url.replace(/[?#].*/s, '').replace(/\/$/, '');
	if (!/\.[^/]*$/.test(path)) return null;
	let name;
	try {
		name = decodeURI(path);
	} catch {
		return null;
	}
	const [, ...parts] = name.split('/');
	return parts.every((part) => /^[^.\\\0][^\\\0]*$/.test(part)) ? name : null;
}

/** Whether the value of an Accept-Encoding header names an encoding (RFC 9110, 12.5.3); `*` is not taken for one. */
function accepts(header: string, encoding: string): boolean {
	return header.split(',').some((entry) => {
		const [name, ...parameters] = entry.split(';').map((part) => part.trim().toLowerCase());
		return name === encoding && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
	});
}

async function openIfThere(path: string) {
	try {
		return await open(path);
	} catch (thrown) {
		const { code = '' } = thrown as NodeJS.ErrnoException;
		if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(code)) return null;
		throw thrown;
	}
}

function send(
	{ method, headers: wanted }: IncomingMessage,
	response: ServerResponse,
	{ name, content, encoding }: { name: string; content: Content; encoding?: string }
): void {
	const { bytes, changed } = content;
	const etag = `W/"${bytes.length}-${Math.trunc(changed)}"`;
	const headers: OutgoingHttpHeaders = {
		etag,
		'last-modified': new Date(changed).toUTCString(),
		vary: 'Accept-Encoding',
		...(name.startsWith(IMMUTABLE) && { 'cache-control': 'public,max-age=31536000,immutable' })
	};
	if (isUnchanged(wanted, etag, changed)) {
		response.writeHead(304, headers).end();
		return;
	}
	response.writeHead(200, {
		...headers,
		'content-type': lookup(name) ?? 'application/octet-stream',
		'content-length': bytes.length,
		...(encoding && { 'content-encoding': encoding })
	});
	response.end(method === 'HEAD' ? undefined : bytes);
}

/** Whether the client has the file as it is (RFC 9110, 13.2.2: the tag counts before the date). */
function isUnchanged(wanted: IncomingMessage['headers'], etag: string, changed: number): boolean {
	const tags = wanted['if-none-match'];
	if (tags !== undefined) return tags.split(',').some((tag) => ['*', etag].includes(tag.trim()));
	// The date in a header has no fractions of a second.
	return Date.parse(wanted['if-modified-since'] ?? '') >= Math.trunc(changed / 1000) * 1000;
}
