import MiniSearch from 'minisearch';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stemmer } from 'stemmer';
import { stopWords } from '#lib/server/search/stop-words.ts';
import type { Contestant } from './engine.ts';

const options = {
	fields: ['title', 'heading', 'text'],
	storeFields: ['library'],
	processTerm(word: string) {
		const lower = word.toLowerCase();
		return stopWords.has(lower) ? null : stemmer(lower);
	},
	searchOptions: { combineWith: 'OR', boost: { title: 2, heading: 3 } } as const
};

/** MiniSearch with stemming, stop words and weights by field. */
export const miniSearch: Contestant = {
	id: 'minisearch',
	name: 'MiniSearch, tuned',
	open(folder) {
		const file = join(folder, 'minisearch.json');
		let index = new MiniSearch(options);
		return {
			async build(passages) {
				const documents = passages.map(({ chunk }) => ({
					id: chunk.chunk_id,
					title: chunk.title,
					heading: chunk.heading_path.join('\n'),
					text: chunk.text,
					library: chunk.library
				}));
				index.addAll(documents);
			},
			search(question, library, limit) {
				const filter = library === null ? {} : { filter: (result: object) => owner(result) === library };
				return index
					.search(question, filter)
					.slice(0, limit)
					.map((result) => String(result.id));
			},
			save: () => writeFile(file, JSON.stringify(index)),
			async load() {
				index = MiniSearch.loadJSON(await readFile(file, 'utf8'), options);
			}
		};
	}
};

const owner = (result: object) => (result as { library?: unknown }).library;
