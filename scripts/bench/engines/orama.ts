import { create, insertMultiple, load, save, search, type Results } from '@orama/orama';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stopWords } from '#lib/server/search/stop-words.ts';
import type { Contestant, Engine } from './engine.ts';

const schema = { title: 'string', heading: 'string', text: 'string', library: 'enum' } as const;

/** Orama as it comes: words as they are, found by prefix. */
export const orama: Contestant = {
	id: 'orama',
	name: 'Orama, default',
	mostQuestions: 15,
	open: (folder) => openOrama(folder, false)
};

/** Orama with its English stemmer and our stop words. */
export const oramaStemmed: Contestant = {
	id: 'orama_stemmed',
	name: 'Orama, stemmer and stop words',
	mostQuestions: 60,
	open: (folder) => openOrama(folder, true)
};

function openOrama(folder: string, stemmed: boolean): Engine {
	const tokenizer = stemmed ? { stemming: true, stopWords: [...stopWords] } : {};
	const empty = () => create({ schema, sort: { enabled: false }, components: { tokenizer } });
	const file = join(folder, 'orama.json');
	let database = empty();
	return {
		async build(passages) {
			const documents = passages.map(({ chunk }) => ({
				id: chunk.chunk_id,
				title: chunk.title,
				heading: chunk.heading_path.join('\n'),
				text: chunk.text,
				library: chunk.library
			}));
			await insertMultiple(database, documents, 1000);
		},
		search(question, library, limit) {
			const where = library === null ? {} : { where: { library: { eq: library } } };
			const results = search(database, { term: question, limit, ...where }) as Results<unknown>;
			return results.hits.map((hit) => hit.id);
		},
		save: () => writeFile(file, JSON.stringify(save(database))),
		async load() {
			database = empty();
			load(database, JSON.parse(await readFile(file, 'utf8')));
		}
	};
}
