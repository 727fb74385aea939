import { OramaIndex } from '#lib/server/search/orama.ts';
import { PlainIndex } from '../fixtures/plain-index.ts';
import { describePassageIndex } from './passage-index.ts';

const model = 'test-model';

describePassageIndex('Orama with typed arrays', {
	create: (dimensions) => OramaIndex.create(dimensions === null ? null : { model, dimensions }),
	load: (folder) => OramaIndex.load(folder)
});

describePassageIndex('the plain reference', {
	create: (dimensions) => new PlainIndex(dimensions === null ? null : model),
	load: async (folder) => PlainIndex.load(folder)
});
