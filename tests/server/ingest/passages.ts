import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Chunk } from '#lib/contract/chunk.ts';
import { chunkDocument } from '#lib/server/ingest/chunk.ts';
import { parseDocument, type DocumentFormat } from '#lib/server/ingest/parse-document.ts';

export const docsFolder = join(import.meta.dirname, '../../fixtures/docs');

/** Passages of a text, as ingest would cut it. */
export function passagesOf(source: string, format: DocumentFormat = 'markdown'): Chunk[] {
	const parsed = parseDocument(source, format);
	return chunkDocument(parsed, {
		library: 'lantern',
		document: 'page',
		title: parsed.title ?? 'page',
		url: null
	});
}

export function passagesOfFixture(path: string, format: DocumentFormat): Chunk[] {
	return passagesOf(readFileSync(join(docsFolder, path), 'utf8'), format);
}

/** All texts in reading order. */
export function textOf(passages: readonly Chunk[]): string {
	return passages.map((passage) => passage.text).join('\n\n');
}

/** The first passage under a heading. */
export function under(passages: readonly Chunk[], heading: string): Chunk {
	const found = passages.find((passage) => passage.heading_path.at(-1) === heading);
	if (!found)
		throw new Error(
			`no passage under ${heading}: ${passages.map((p) => p.heading_path.join(' > ')).join(' | ')}`
		);
	return found;
}
