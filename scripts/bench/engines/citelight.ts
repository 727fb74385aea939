import { OramaIndex } from '#lib/server/search/orama.ts';
import type { Contestant } from './engine.ts';

/** Our index behind Orama's API, text only. */
export const citelight: Contestant = {
	id: 'citelight',
	name: 'Citelight',
	open(folder) {
		let index = OramaIndex.create(null);
		return {
			build: (passages) => index.add(passages),
			async search(question, library, limit) {
				const hits = await index.searchText(question, { library, limit });
				return hits.map((hit) => hit.chunk_id);
			},
			save: () => index.save(folder),
			async load() {
				index = await OramaIndex.load(folder);
			}
		};
	}
};
