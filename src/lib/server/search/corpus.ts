import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { chunkSchema, type Chunk } from '#lib/contract/chunk.ts';
import type { Library } from '#lib/contract/library.ts';
import type { Passage } from './passage-index.ts';

/** A document as ingest hands it over. */
export interface CorpusDocument {
	library: string;
	document: string;
	/** Hash of its content and of the version of the pipeline that cut it. */
	hash: string;
	/** Where it was read: a folder or URL given to ingest; pruning is limited to one source of one library. */
	source: string;
	chunks: Chunk[];
}

const SCHEMA = `
	CREATE TABLE IF NOT EXISTS documents (
		library TEXT NOT NULL, document TEXT NOT NULL, hash TEXT NOT NULL, source TEXT NOT NULL, indexed_at TEXT NOT NULL,
		PRIMARY KEY (library, document)
	) STRICT, WITHOUT ROWID;
	CREATE TABLE IF NOT EXISTS chunks (
		library TEXT NOT NULL, document TEXT NOT NULL, position INTEGER NOT NULL, chunk_id TEXT NOT NULL, chunk TEXT NOT NULL,
		PRIMARY KEY (library, document, position)
	) STRICT, WITHOUT ROWID;
	CREATE TABLE IF NOT EXISTS embeddings (
		model TEXT NOT NULL, text_hash TEXT NOT NULL, vector BLOB NOT NULL,
		PRIMARY KEY (model, text_hash)
	) STRICT, WITHOUT ROWID;
	CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;

/**
 * The record of what has been ingested: documents with their hashes, their passages, and the vectors of passages by
 * content, in one SQLite file. The index is derived from it and can be rebuilt at any time.
 */
export class Corpus {
	readonly #database: DatabaseSync;

	/** @param dataFolder is made when missing. */
	constructor(dataFolder: string) {
		mkdirSync(dataFolder, { recursive: true });
		this.#database = new DatabaseSync(join(dataFolder, 'corpus.sqlite'));
		this.#database.exec(
			'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;'
		);
		this.#database.exec(SCHEMA);
	}

	/** Hash by document, for one library. */
	hashes(library: string): Map<string, string> {
		const rows = this.#database
			.prepare('SELECT document, hash FROM documents WHERE library = ?')
			.all(library);
		return new Map(rows.map((row) => [String(row.document), String(row.hash)]));
	}

	/** Names of the documents of a library that came from one source. */
	documentsFrom(library: string, source: string): string[] {
		const rows = this.#database
			.prepare('SELECT document FROM documents WHERE library = ? AND source = ?')
			.all(library, source);
		return rows.map((row) => String(row.document));
	}

	/** Source by document, for one library. */
	sources(library: string): Map<string, string> {
		const rows = this.#database
			.prepare('SELECT document, source FROM documents WHERE library = ?')
			.all(library);
		return new Map(rows.map((row) => [String(row.document), String(row.source)]));
	}

	/** Stores documents with their passages in one transaction; known ones are replaced. */
	replace(documents: readonly CorpusDocument[]): void {
		const now = new Date().toISOString();
		this.#transaction(() => {
			const putDocument = this.#database.prepare('INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?)');
			const dropChunks = this.#database.prepare('DELETE FROM chunks WHERE library = ? AND document = ?');
			const putChunk = this.#database.prepare('INSERT INTO chunks VALUES (?, ?, ?, ?, ?)');
			for (const { library, document, hash, source, chunks } of documents) {
				putDocument.run(library, document, hash, source, now);
				dropChunks.run(library, document);
				chunks.forEach((chunk, position) =>
					putChunk.run(library, document, position, chunk.chunk_id, JSON.stringify(chunk))
				);
			}
		});
	}

	/** Removes documents with their passages in one transaction. */
	remove(library: string, documents: readonly string[]): void {
		this.#transaction(() => {
			const dropDocument = this.#database.prepare('DELETE FROM documents WHERE library = ? AND document = ?');
			const dropChunks = this.#database.prepare('DELETE FROM chunks WHERE library = ? AND document = ?');
			for (const document of documents) {
				dropDocument.run(library, document);
				dropChunks.run(library, document);
			}
		});
	}

	/** Every passage, or those of one library, document by document in order. */
	*passages(library: string | null = null): Generator<Passage> {
		const rows = this.#database
			.prepare(
				`SELECT position, chunk FROM chunks ${library === null ? '' : 'WHERE library = ?'} ORDER BY library, document, position`
			)
			.iterate(...(library === null ? [] : [library]));
		for (const row of rows) {
			yield { position: Number(row.position), chunk: JSON.parse(String(row.chunk)) as Chunk };
		}
	}

	/** The passages of one document, in order. */
	passagesOf(library: string, document: string): Passage[] {
		const rows = this.#database
			.prepare('SELECT position, chunk FROM chunks WHERE library = ? AND document = ? ORDER BY position')
			.all(library, document);
		return rows.map((row) => ({
			position: Number(row.position),
			chunk: JSON.parse(String(row.chunk)) as Chunk
		}));
	}

	/** Every document with its hash, sorted by library and name. */
	documents(): { library: string; document: string; hash: string }[] {
		const rows = this.#database
			.prepare('SELECT library, document, hash FROM documents ORDER BY library, document')
			.all();
		return rows.map((row) => ({
			library: String(row.library),
			document: String(row.document),
			hash: String(row.hash)
		}));
	}

	/** One passage; null when unknown. Validated, because another version may have written it. */
	passage(library: string, document: string, position: number): Chunk | null {
		const row = this.#database
			.prepare('SELECT chunk FROM chunks WHERE library = ? AND document = ? AND position = ?')
			.get(library, document, position);
		return row ? chunkSchema.parse(JSON.parse(String(row.chunk))) : null;
	}

	libraries(): Library[] {
		const rows = this.#database
			.prepare(
				`SELECT library AS name, COUNT(*) AS documents, MAX(indexed_at) AS indexed_at,
					(SELECT COUNT(*) FROM chunks WHERE chunks.library = documents.library) AS chunks
				FROM documents GROUP BY library ORDER BY library`
			)
			.all();
		return rows.map((row) => ({
			name: String(row.name),
			documents: Number(row.documents),
			chunks: Number(row.chunks),
			indexed_at: String(row.indexed_at)
		}));
	}

	/** The known vectors among those asked for, by hash of the embedded text, for one model. */
	vectors(model: string, textHashes: Iterable<string>): Map<string, Float32Array> {
		const find = this.#database.prepare('SELECT vector FROM embeddings WHERE model = ? AND text_hash = ?');
		const vectors = new Map<string, Float32Array>();
		for (const textHash of textHashes) {
			const row = find.get(model, textHash);
			if (row) vectors.set(textHash, new Float32Array((row.vector as Uint8Array).slice().buffer));
		}
		return vectors;
	}

	/** Keeps vectors by hash of the embedded text, so that nothing is embedded twice. */
	saveVectors(model: string, vectors: Iterable<[textHash: string, vector: Float32Array]>): void {
		this.#transaction(() => {
			const put = this.#database.prepare('INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?)');
			for (const [textHash, vector] of vectors) {
				put.run(model, textHash, new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength));
			}
		});
	}

	/** Deletes the vectors of all texts but these, by hash, whatever the model. @returns how many were deleted. */
	keepVectors(textHashes: ReadonlySet<string>): number {
		const rows = this.#database.prepare('SELECT DISTINCT text_hash FROM embeddings').iterate();
		const unused: string[] = [];
		for (const { text_hash } of rows) {
			if (!textHashes.has(String(text_hash))) unused.push(String(text_hash));
		}
		if (unused.length === 0) return 0;
		this.#transaction(() => {
			const drop = this.#database.prepare('DELETE FROM embeddings WHERE text_hash = ?');
			for (const textHash of unused) drop.run(textHash);
		});
		return unused.length;
	}

	/** Name of the folder that holds the index to serve; null before the first. */
	currentIndex(): string | null {
		const row = this.#database.prepare("SELECT value FROM meta WHERE key = 'index'").get();
		return row ? String(row.value) : null;
	}

	/** From now on servers load this index. */
	publishIndex(folderName: string): void {
		this.#database.prepare("INSERT OR REPLACE INTO meta VALUES ('index', ?)").run(folderName);
	}

	close(): void {
		this.#database.close();
	}

	#transaction(work: () => void): void {
		this.#database.exec('BEGIN IMMEDIATE');
		try {
			work();
			this.#database.exec('COMMIT');
		} catch (thrown) {
			this.#database.exec('ROLLBACK');
			throw thrown;
		}
	}
}
