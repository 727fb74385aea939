import type { Embedder, PassageText } from '#lib/server/model/embedder.ts';
import { WordEmbedder } from '#lib/server/model/word-embedder.ts';
import { sharedVector, type QuestionVectors } from '#lib/server/model/question-vectors.ts';
import { analyze } from '#lib/server/search/analyze.ts';
import { LiveIndex } from '#lib/server/search/live-index.ts';
import { publishIndex } from '#lib/server/search/publish.ts';
import type { DataFolder } from './data-folder.ts';

export const signal = new AbortController().signal;
export const words = new WordEmbedder(analyze);
/** A question that lies as the first axis does, for any library. */
export const east = sharedVector(Float32Array.from([1, 0]));

/** Stands for an endpoint: tells length and first letter apart, and keeps what it was asked. */
export class CountingEmbedder implements Embedder {
	readonly dimensions = 0;
	readonly inProcess = false;
	readonly asked: string[] = [];
	readonly model: string;

	constructor(model = 'counting') {
		this.model = model;
	}

	async embedPassages(passages: readonly PassageText[]): Promise<Float32Array[]> {
		this.asked.push(...passages.map(({ text }) => text));
		return passages.map(({ text }) => Float32Array.from([Math.cos(text.length), Math.sin(text.length)]));
	}

	async embedQuestion(): Promise<QuestionVectors> {
		return east;
	}
}

/** The index that is published now. */
export async function open(
	data: DataFolder,
	embedder: Parameters<typeof publishIndex>[0]['embedder'] = null
) {
	const live = new LiveIndex({ corpus: data.corpus, dataFolder: data.path, embedder, poll_ms: 0 });
	await live.refresh();
	return live;
}

export const publish = (data: DataFolder, embedder: Parameters<typeof publishIndex>[0]['embedder'] = null) =>
	publishIndex({ corpus: data.corpus, dataFolder: data.path, embedder, signal });

/** Texts of the passages that are found, best first. */
export const search = async (live: LiveIndex, question: string) =>
	(await live.get((await live.searchText(question, { limit: 10 })).map(({ chunk_id }) => chunk_id))).map(
		({ chunk }) => chunk.text
	);
