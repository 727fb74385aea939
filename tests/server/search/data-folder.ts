import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Corpus, type CorpusDocument } from '#lib/server/search/corpus.ts';
import { INDEX_FOLDER } from '#lib/server/search/publish.ts';
import { passage } from '../../fixtures/passages.ts';

/** A data folder with a corpus, both gone after `using`. */
export class DataFolder implements Disposable {
	readonly path = mkdtempSync(join(tmpdir(), 'citelight-search-'));
	readonly corpus = new Corpus(this.path);

	/** Folders of published indexes. */
	generations(): string[] {
		return readdirSync(join(this.path, INDEX_FOLDER)).toSorted();
	}

	[Symbol.dispose](): void {
		this.corpus.close();
		rmSync(this.path, { recursive: true, force: true });
	}
}

/** A document of one passage a text; its hash is that of its texts. */
export function document(name: string, texts: string[], library = 'demo', source = 'here'): CorpusDocument {
	return {
		library,
		document: name,
		hash: texts.join('\n'),
		source,
		chunks: texts.map((text, position) =>
			passage({
				chunk_id: `${library}/${name}#${position}:${text}`,
				library,
				document: name,
				title: name,
				text
			})
		)
	};
}
