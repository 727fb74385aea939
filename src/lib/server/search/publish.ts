import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfCancelled } from '#lib/server/error.ts';
import { Breather } from '#lib/server/breather.ts';
import type { Embedder } from '#lib/server/model/embedder.ts';
import type { Corpus } from './corpus.ts';
import { forgetUnusedVectors, PassageEmbedding } from './passage-embedding.ts';
import { FORMAT } from './passage-store.ts';
import { OramaIndex } from './orama.ts';
import { fieldsOf } from './passage-fields.ts';
import type { Passage } from './passage-index.ts';
import { documentKey, type IndexManifest, isAlike, readManifest, writeManifest } from './index-manifest.ts';
import { LANGUAGE_SAMPLE, languageOf } from './text/language-of.ts';

/** Folder of the published indexes inside the data folder; each has a folder of its own in it. */
export const INDEX_FOLDER = 'index';

/** Documents read, embedded and added between two progress reports. */
const BATCH = 16;

export interface PublishProgress {
	stage: 'indexing' | 'saving';
	/** Documents that are done, of how many that changed. */
	done: number;
	total: number;
}

export interface PublishOptions {
	corpus: Corpus;
	dataFolder: string;
	/** What makes the vectors; null for none. */
	embedder: Embedder | null;
	onProgress?: (progress: PublishProgress) => void;
	signal: AbortSignal;
}

export interface Published {
	/** Name of the folder that is served from now on; null for an empty corpus that never had one. */
	folder: string | null;
	/** False when the index was up to date already. */
	changed: boolean;
	/** Passages in the index. */
	passages: number;
	/** Passages that had to be embedded now. */
	embedded: number;
}

/**
 * Brings the index in line with the corpus and publishes it: running servers change over to it by themselves. Starts from the index that
 * is published now and touches only what changed, when that is possible.
 * @throws AppError `cancelled` when the signal fired, `upstream_*` when an embeddings endpoint failed; the old index then stays.
 */
export async function publishIndex(options: PublishOptions): Promise<Published> {
	const { corpus, dataFolder, embedder, signal, onProgress } = options;
	throwIfCancelled(signal);
	const folder = join(dataFolder, INDEX_FOLDER);
	const previousName = corpus.currentIndex();
	const previous = previousName ? await readManifest(join(folder, previousName)) : null;
	const documents = corpus.documents();
	if (documents.length === 0 && !previous) {
		return { folder: null, changed: false, passages: 0, embedded: 0 };
	}

	const wanted: IndexManifest = {
		format: FORMAT,
		embedding_model: embedder?.model ?? null,
		documents: Object.fromEntries(documents.map((entry) => [documentKey(entry), entry.hash]))
	};
	if (previous && isSame(previous, wanted)) {
		return { folder: previousName, changed: false, passages: passageCount(corpus), embedded: 0 };
	}

	const isReusable = previous?.embedding_model === wanted.embedding_model;
	const base = isReusable ? await loadIndex(join(folder, previousName!), signal) : null;
	const embedding = new PassageEmbedding(corpus, embedder, base?.dimensions);
	const index = await bring(base, previous, wanted, embedding, options);

	onProgress?.({ stage: 'saving', done: documents.length, total: documents.length });
	const name = generationName();
	await mkdir(join(folder, name), { recursive: true });
	await index.save(join(folder, name));
	await writeManifest(join(folder, name), wanted);
	throwIfCancelled(signal);
	corpus.publishIndex(name);
	if (!previous || isAnyGone(previous, wanted)) await forgetUnusedVectors(corpus, signal);
	await removeSuperseded(folder, previousName ?? name);
	return { folder: name, changed: true, passages: index.size, embedded: embedding.embedded };
}

/** Takes what is gone from the corpus, or changed in it, out of the base and adds what is new. */
async function bring(
	base: OramaIndex | null,
	previous: IndexManifest | null,
	wanted: IndexManifest,
	embedding: PassageEmbedding,
	{ corpus, onProgress, signal }: PublishOptions
): Promise<OramaIndex> {
	const known = base && previous;
	if (known) {
		const breather = new Breather(signal);
		const ids = base.chunkIdsByDocument();
		for (const key of Object.keys(known.documents)) {
			if (isAlike(known, wanted, key)) continue;
			await base.remove(ids.get(key) ?? []);
			await breather.breathe();
		}
	}
	const changed = corpus.documents().filter((entry) => !known || !isAlike(known, wanted, documentKey(entry)));
	let index = base;
	for (let at = 0; at < changed.length; at += BATCH) {
		onProgress?.({ stage: 'indexing', done: at, total: changed.length });
		const passages: Passage[] = changed
			.slice(at, at + BATCH)
			.flatMap(({ library, document }) => inOneLanguage(corpus.passagesOf(library, document)));
		const withVectors = await embedding.embed(passages, signal);
		index ??= OramaIndex.create(embedding.kind());
		await index.add(withVectors);
		throwIfCancelled(signal);
	}
	return index ?? OramaIndex.create(embedding.kind());
}

/** The passages of a document with its language. */
function inOneLanguage(passages: readonly Passage[]): Passage[] {
	let prose = '';
	for (const { chunk } of passages) {
		if (prose.length >= LANGUAGE_SAMPLE) break;
		const { title, heading, body } = fieldsOf(chunk);
		prose += `${prose ? '' : title}\n${heading}\n${body}\n`;
	}
	const language = languageOf(prose);
	return passages.map((passage) => ({ ...passage, language }));
}

/** The index of a folder; null when it cannot be read, so that a new one is built. */
async function loadIndex(folder: string, signal: AbortSignal): Promise<OramaIndex | null> {
	try {
		return await OramaIndex.load(folder, signal);
	} catch {
		throwIfCancelled(signal);
		return null;
	}
}

function passageCount(corpus: Corpus): number {
	return corpus.libraries().reduce((sum, library) => sum + library.chunks, 0);
}

/** Whether a document was changed or removed. */
function isAnyGone(previous: IndexManifest, wanted: IndexManifest): boolean {
	return Object.entries(previous.documents).some(([key, hash]) => wanted.documents[key] !== hash);
}

function isSame(a: IndexManifest, b: IndexManifest): boolean {
	const keys = Object.keys(a.documents);
	return (
		a.embedding_model === b.embedding_model &&
		keys.length === Object.keys(b.documents).length &&
		keys.every((key) => isAlike(a, b, key))
	);
}

/** Sorts by the time it was made. */
function generationName(): string {
	const time = new Date().toISOString().replace(/[-:.]/g, '');
	return `${time}-${randomBytes(3).toString('hex')}`;
}

/** Removes what is older than the index before this one, which a server may still be reading. */
async function removeSuperseded(folder: string, previousName: string): Promise<void> {
	for (const name of await readdir(folder)) {
		if (name < previousName) await rm(join(folder, name), { recursive: true, force: true });
	}
}
