import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Corpus } from '#lib/server/search/corpus.ts';

/** A folder of documents and a corpus, both real and both gone after `using`. */
export class CorpusFolder implements Disposable {
	readonly root = mkdtempSync(join(tmpdir(), 'citelight-ingest-'));
	readonly docs = join(this.root, 'docs');
	readonly corpus = new Corpus(join(this.root, 'data'));

	constructor(files: Record<string, string | Uint8Array> = {}) {
		mkdirSync(this.docs);
		this.write(files);
	}

	/** @param files content by path below the docs folder. */
	write(files: Record<string, string | Uint8Array>): void {
		for (const [path, content] of Object.entries(files)) {
			const file = join(this.docs, path);
			mkdirSync(dirname(file), { recursive: true });
			writeFileSync(file, content);
		}
	}

	delete(path: string): void {
		rmSync(join(this.docs, path), { recursive: true });
	}

	/** Texts of the passages by document, in order. */
	texts(): Record<string, string[]> {
		const texts: Record<string, string[]> = {};
		for (const { chunk } of this.corpus.passages()) (texts[chunk.document] ??= []).push(chunk.text);
		return texts;
	}

	[Symbol.dispose](): void {
		this.corpus.close();
		rmSync(this.root, { recursive: true, force: true });
	}
}
