import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError, throwIfCancelled } from '#lib/server/error.ts';
import type { Corpus, CorpusDocument } from '#lib/server/search/corpus.ts';
import { publicAddressesOnly, type AddressGuard } from './address-guard.ts';
import { chunkDocument } from './chunk.ts';
import { parseDocument } from './parse-document.ts';
import {
	openSource,
	readText,
	sourceName,
	type ListedDocument,
	type OpenedSource,
	type SourceArgument
} from './source.ts';

/** Part of every hash: raise it when the same bytes are cut differently, and everything is cut again. */
export const PIPELINE_VERSION = 3;

/** What to ingest, and how. */
export interface IngestOptions {
	/** Folders, files and http(s) URLs; several may make up one library. */
	sources: readonly SourceArgument[];
	library: string;
	corpus: Corpus;
	/** Whether documents that are gone from these sources go from the corpus too; default true. */
	prune?: boolean;
	/** Where the folders are published, for the URLs of passages; see `documentUrl`. */
	baseUrl?: string | null;
	/** Called after every document. */
	onProgress?: (progress: IngestProgress) => void;
	signal?: AbortSignal;
	/** Names of the hosts that URLs and their redirects may lead to, in lower case; default: all. */
	hosts?: readonly string[] | undefined;
	/** Which addresses URLs may lead to; default: public ones only. */
	addressGuard?: AddressGuard;
	/** Longest fetch of a URL, in milliseconds; default 10,000. */
	fetchTimeoutMs?: number;
	/** Most bytes of a URL; default 5 MiB. */
	fetchMaxBytes?: number;
}

/** How far an ingest has come. */
export interface IngestProgress {
	done: number;
	total: number;
	/** The document that was just finished. */
	document: string;
}

/** What an ingest did. */
export interface IngestReport {
	documents: { added: number; changed: number; unchanged: number; removed: number };
	/** Passages of added and changed documents. */
	chunks: number;
	/**
	 * What could not be read, with a reason for the reader; a source that cannot be opened counts as a document.
	 * `source` is set where a whole source failed: its path or address as the corpus knows it.
	 */
	failures: { document: string; reason: string; source?: string }[];
	duration_ms: number;
}

/** Passages that are written in one transaction. */
const BATCH = 500;

/**
 * Brings the corpus up to date with the sources of one library. Only documents whose bytes, place or pipeline version
 * changed are parsed; what cannot be read is reported, keeps its old passages, and never stops the rest.
 * @throws AppError `cancelled` when the signal fires; documents written until then stay.
 */
export async function ingest(options: IngestOptions): Promise<IngestReport> {
	return new Ingest(options).run();
}

class Ingest {
	readonly #options: IngestOptions;
	readonly #signal: AbortSignal;
	readonly #hashes: Map<string, string>;
	/** Source by document, as in the corpus and as this ingest goes on. */
	readonly #owners: Map<string, string>;
	readonly #report: IngestReport = {
		documents: { added: 0, changed: 0, unchanged: 0, removed: 0 },
		chunks: 0,
		failures: [],
		duration_ms: 0
	};
	#batch: CorpusDocument[] = [];
	#batchSize = 0;

	constructor(options: IngestOptions) {
		this.#options = options;
		this.#signal = options.signal ?? new AbortController().signal;
		this.#hashes = options.corpus.hashes(options.library);
		this.#owners = options.corpus.sources(options.library);
	}

	async run(): Promise<IngestReport> {
		const startedAt = performance.now();
		const sources = await this.#open();
		const total = sources.reduce((sum, source) => sum + source.documents.length, 0);
		let done = 0;
		for (const source of sources) {
			const present = new Set<string>();
			for (const listed of source.documents) {
				throwIfCancelled(this.#signal);
				const document = this.#nameIn(source, listed.document);
				present.add(document);
				this.#owners.set(document, source.name);
				await this.#update(source, document, listed);
				this.#options.onProgress?.({ done: ++done, total, document });
			}
			this.#flush();
			if (this.#options.prune ?? true) this.#prune(source, present);
		}
		this.#report.duration_ms = performance.now() - startedAt;
		return this.#report;
	}

	/** Opens all sources first, so that the total is known; one that cannot be opened is reported and not pruned. */
	async #open(): Promise<OpenedSource[]> {
		const { sources, baseUrl, hosts, addressGuard, fetchTimeoutMs, fetchMaxBytes } = this.#options;
		const fetchLimits = {
			hosts,
			guard: addressGuard ?? publicAddressesOnly,
			timeoutMs: fetchTimeoutMs ?? 10_000,
			maxBytes: fetchMaxBytes ?? 5 * 1024 * 1024
		};
		const opened = new Map<string, OpenedSource>();
		for (const argument of sources) {
			throwIfCancelled(this.#signal);
			try {
				const source = await openSource(argument, { baseUrl, fetchLimits });
				opened.set(source.name, source);
			} catch (thrown) {
				const name = sourceName(argument);
				this.#fail(typeof argument === 'string' ? argument : name, thrown, name);
			}
		}
		return [...opened.values()];
	}

	/** Name of a document in its library; where another source that still exists has one of that name, a label goes in front. */
	#nameIn(source: OpenedSource, document: string): string {
		const isTaken = (name: string) => {
			const owner = this.#owners.get(name);
			return owner !== undefined && owner !== source.name && this.#isAlive(owner);
		};
		let name = document;
		for (let attempt = 1; isTaken(name); attempt++) {
			name = `${source.label}${attempt > 1 ? `-${attempt}` : ''}/${document}`;
		}
		return name;
	}

	readonly #alive = new Map<string, boolean>();
	#isAlive(source: string): boolean {
		let alive = this.#alive.get(source);
		if (alive === undefined) this.#alive.set(source, (alive = existsSync(source)));
		return alive;
	}

	async #update(source: OpenedSource, document: string, listed: ListedDocument): Promise<void> {
		try {
			const loaded = await listed.load(this.#signal);
			const hash = createHash('sha256')
				.update(JSON.stringify([PIPELINE_VERSION, source.name, loaded.format, loaded.url]))
				.update(loaded.bytes)
				.digest('hex');
			const known = this.#hashes.get(document);
			if (known === hash) {
				this.#report.documents.unchanged++;
				return;
			}
			const { text, format } = readText(loaded);
			const parsed = parseDocument(text, format);
			const title = parsed.title ?? titleFromPath(document);
			const { library } = this.#options;
			const chunks = chunkDocument(parsed, { library, document, title, url: loaded.url });
			this.#batch.push({ library, document, hash, source: source.name, chunks });
			this.#batchSize += chunks.length + 1;
			this.#report.documents[known === undefined ? 'added' : 'changed']++;
			this.#report.chunks += chunks.length;
			if (this.#batchSize >= BATCH) this.#flush();
			// Parsing is synchronous; whoever shares this thread gets a turn between two documents.
			await nextTurn(undefined, { signal: this.#signal }).catch(() => throwIfCancelled(this.#signal));
		} catch (thrown) {
			throwIfCancelled(this.#signal);
			this.#fail(document, thrown, source.isDocument ? source.name : undefined);
		}
	}

	#flush(): void {
		if (this.#batch.length > 0) this.#options.corpus.replace(this.#batch);
		this.#batch = [];
		this.#batchSize = 0;
	}

	#prune(source: OpenedSource, present: ReadonlySet<string>): void {
		const { corpus, library } = this.#options;
		const gone = corpus.documentsFrom(library, source.name).filter((document) => !present.has(document));
		if (gone.length > 0) corpus.remove(library, gone);
		for (const document of gone) this.#owners.delete(document);
		this.#report.documents.removed += gone.length;
	}

	#fail(...[document, thrown, source]: [string, unknown, string | undefined]): void {
		const reason = thrown instanceof AppError ? thrown.message : 'It could not be parsed.';
		this.#report.failures.push({ document, reason, ...(source === undefined ? {} : { source }) });
	}
}

/** `how-to/custom_docs-ui.md` as `Custom docs ui`. */
function titleFromPath(document: string): string {
	const segments = document
		.replace(/[?#].*$/, '')
		.replace(/\/+$/, '')
		.split('/');
	const stem = (segments.at(-1) ?? document).replace(/\.[a-z]+$/i, '');
	const words = (/^(?:index|readme)$/i.test(stem) ? (segments.at(-2) ?? stem) : stem)
		.replace(/[-_]+/g, ' ')
		.trim();
	return words.charAt(0).toUpperCase() + words.slice(1) || document;
}
