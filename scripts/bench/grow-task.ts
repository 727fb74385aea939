import type { Chunk } from '#lib/contract/chunk.ts';
import { parseConfig } from '#lib/server/config.ts';
import { Corpus } from '#lib/server/search/corpus.ts';
import { createServices } from '#lib/server/services.ts';
import { answerParent, peakMegabytes } from './isolated.ts';
import { timeOnce } from './measure.ts';

/** Documents that are written in one transaction. */
const BATCH = 100;
/** One word in this many is changed in a copy. */
const CHANGED = 3;

export interface GrowTask {
	/** Folder with the corpus that is repeated. */
	from: string;
	/** Data folder that gets the repeated one and its index. */
	to: string;
	/** How often every passage is there in the end. */
	times: number;
}

export interface GrowMeasurement {
	passages: number;
	/** Fitting, embedding, indexing and writing. */
	index_ms: number;
	peak_mb: number;
}

await answerParent(async ({ from, to, times }: GrowTask): Promise<GrowMeasurement> => {
	const source = new Corpus(from);
	const services = await createServices(parseConfig({ DATA_DIR: to }));
	const documents = source.documents();
	for (let copy = 0; copy < times; copy += 1) {
		for (let at = 0; at < documents.length; at += BATCH) {
			services.corpus.replace(
				documents.slice(at, at + BATCH).map(({ library, document, hash }) => ({
					library,
					document: named(document, copy),
					hash: named(hash, copy),
					source: 'copies',
					chunks: source.passagesOf(library, document).map(({ chunk }) => change(chunk, copy))
				}))
			);
		}
	}
	source.close();
	let passages = 0;
	const index_ms = await timeOnce(async () => {
		({ passages } = await services.publish(() => {}, new AbortController().signal));
	});
	await services.close();
	return { passages, index_ms, peak_mb: peakMegabytes() };
});

function named(name: string, copy: number): string {
	return copy === 0 ? name : `copy-${copy}/${name}`;
}

/** A passage of the same size and shape with other words in part: which ones depends on the word and the copy only. */
function change(chunk: Chunk, copy: number): Chunk {
	if (copy === 0) return chunk;
	const changed = (text: string) =>
		text.replace(/[A-Za-z]{4,}/g, (word) => (hash(word, copy) % CHANGED === 0 ? shift(word, copy) : word));
	return {
		...chunk,
		chunk_id: named(chunk.chunk_id, copy),
		document: named(chunk.document, copy),
		title: changed(chunk.title),
		heading_path: chunk.heading_path.map(changed),
		text: changed(chunk.text)
	};
}

/** FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/ */
function hash(word: string, copy: number): number {
	let value = 2_166_136_261 ^ copy;
	for (let at = 0; at < word.length; at += 1) value = Math.imul(value ^ word.charCodeAt(at), 16_777_619);
	return (value ^ (value >>> 15)) >>> 0;
}

/** The word with its letters moved on in the alphabet, upper and lower case as they were. */
function shift(word: string, copy: number): string {
	return word.replace(/[a-z]/gi, (letter) => {
		const first = letter <= 'Z' ? 65 : 97;
		return String.fromCharCode(first + ((letter.charCodeAt(0) - first + copy) % 26));
	});
}
