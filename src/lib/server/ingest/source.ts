import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { AppError } from '#lib/server/error.ts';
import { decodeText } from './decode-text.ts';
import { formatOfPath, formatOfResponse, formatOfText } from './document-format.ts';
import { documentUrl } from './document-url.ts';
import { fetchPage, type FetchLimits } from './fetch-document.ts';
import type { DocumentFormat } from './parse-document.ts';

/** Part of a folder: the documents under it whose relative path is wanted. */
export interface FolderSelection {
	folder: string;
	include(path: string): boolean;
}

/** What can be ingested: a path of a folder or a file, an http(s) URL, or part of a folder. */
export type SourceArgument = string | FolderSelection;

/** The content of a document. */
export interface LoadedDocument {
	/** As stored, for the hash. */
	bytes: Uint8Array;
	format: DocumentFormat | null;
	charset?: string;
	url: string | null;
}

/** A document that has not been read yet. */
export interface ListedDocument {
	/** Path inside the source with forward slashes, or the URL. */
	document: string;
	/** @throws AppError `ingest_failed` with a reason for the reader. */
	load(signal: AbortSignal): Promise<LoadedDocument>;
}

/** A source with its documents in a fixed order. */
export interface OpenedSource {
	/** Absolute path or URL; what belongs to it in the corpus is known by this. */
	name: string;
	/** Short name, to tell two sources apart whose documents are called the same. */
	label: string;
	/** True for a file or an address, false for a folder. */
	isDocument: boolean;
	documents: ListedDocument[];
}

/** How sources are read. */
export interface SourceOptions {
	/** Where a folder is published; see `documentUrl`. */
	baseUrl?: string | null;
	fetchLimits: FetchLimits;
}

/** Largest file that is read, in bytes. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** Name under which the corpus knows a source. */
export function sourceName(argument: SourceArgument): string {
	if (typeof argument !== 'string') return resolve(argument.folder);
	return isUrl(argument) ? withoutFragment(argument) : resolve(argument);
}

/**
 * Finds the documents of a source without reading them. Folders are walked in alphabetical order; hidden folders and
 * `node_modules` are left out, links to files count as long as they stay inside.
 * @throws AppError `ingest_failed` when there is no such path or it cannot be listed.
 */
export async function openSource(argument: SourceArgument, options: SourceOptions): Promise<OpenedSource> {
	const name = sourceName(argument);
	if (typeof argument === 'string' && isUrl(argument)) return openUrl(name, options.fetchLimits);
	const selection = typeof argument === 'string' ? { folder: argument, include: () => true } : argument;
	const information = await stat(name).catch((cause: unknown) => {
		throw new AppError('ingest_failed', 'There is no such file or folder.', { cause });
	});
	if (!information.isDirectory()) {
		const documents = [file(name, basename(name), options)];
		return { name, label: basename(dirname(name)), isDocument: true, documents };
	}
	const root = await realpath(name);
	const paths = (await listFolder(root, '')).filter((path) => selection.include(path));
	return {
		name,
		label: basename(name),
		isDocument: false,
		documents: paths.map((path) => file(join(root, path), path, options))
	};
}

function isUrl(argument: string): boolean {
	return /^[a-z][a-z0-9+.-]+:\/\//i.test(argument);
}

function withoutFragment(address: string): string {
	return URL.canParse(address) ? new URL(address).href.replace(/#.*$/, '') : address;
}

function openUrl(address: string, limits: FetchLimits): OpenedSource {
	return {
		name: address,
		label: address,
		isDocument: true,
		documents: [
			{
				document: address,
				async load(signal) {
					if (!URL.canParse(address)) throw new AppError('ingest_failed', 'It is not a valid URL.');
					const accepts = (type: string, path: string) => formatOfResponse(type, path) !== null;
					const page = await fetchPage(address, { ...limits, accepts }, signal);
					const format = formatOfResponse(page.contentType, new URL(page.url).pathname);
					const charset = /charset="?([\w-]+)/i.exec(page.contentType)?.[1]?.toLowerCase();
					return { bytes: page.body, format, charset, url: page.url };
				}
			}
		]
	};
}

function file(path: string, document: string, { baseUrl }: SourceOptions): ListedDocument {
	return {
		document,
		async load(signal) {
			const bytes = await readBytes(path, signal);
			return { bytes, format: formatOfPath(path), url: documentUrl(document, baseUrl) };
		}
	};
}

async function readBytes(path: string, signal: AbortSignal): Promise<Uint8Array> {
	try {
		const { size } = await stat(path);
		if (size > MAX_FILE_BYTES)
			throw new AppError('ingest_failed', `It is larger than ${MAX_FILE_BYTES} bytes.`);
		return await readFile(path, { signal });
	} catch (thrown) {
		if (thrown instanceof AppError) throw thrown;
		if (signal.aborted) throw new AppError('cancelled', 'The ingest was stopped.');
		const code = (thrown as NodeJS.ErrnoException).code ?? 'unknown error';
		throw new AppError('ingest_failed', `It could not be read (${code}).`, { cause: thrown });
	}
}

/** Paths of the documents below a folder, relative and with forward slashes. A subfolder that cannot be listed is an error. */
async function listFolder(root: string, folder: string): Promise<string[]> {
	const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((cause: unknown) => {
		throw new AppError('ingest_failed', `The folder ${folder || 'itself'} could not be listed.`, { cause });
	});
	const paths: string[] = [];
	for (const entry of entries.sort((left, right) => (left.name < right.name ? -1 : 1))) {
		const path = folder ? `${folder}/${entry.name}` : entry.name;
		if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
		if (entry.isDirectory()) paths.push(...(await listFolder(root, path)));
		else if (formatOfPath(entry.name) && (entry.isFile() || (await isLinkInside(root, path))))
			paths.push(path);
	}
	return paths;
}

async function isLinkInside(root: string, path: string): Promise<boolean> {
	const target = await realpath(join(root, path)).catch(() => '');
	return target.startsWith(root + sep) && (await stat(target)).isFile();
}

/** Text and format of a loaded document. @throws AppError `ingest_failed` when it is not text. */
export function readText(loaded: LoadedDocument): { text: string; format: DocumentFormat } {
	const text = decodeText(loaded.bytes, loaded.charset);
	return { text, format: loaded.format ?? formatOfText(text) };
}
