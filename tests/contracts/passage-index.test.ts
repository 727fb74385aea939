import { OramaIndex } from '#lib/server/search/orama.ts';
import { PlainIndex } from '../fixtures/plain-index.ts';
import { describePassageIndex, type IndexKind } from './passage-index.ts';
import { describeSections } from './passage-section.ts';

const model = 'test-model';
const KINDS: [name: string, kind: IndexKind][] = [
	[
		'Orama with typed arrays',
		{
			create: (dimensions) => OramaIndex.create(dimensions === null ? null : { model, dimensions }),
			load: (folder) => OramaIndex.load(folder)
		}
	],
	[
		'the plain reference',
		{
			create: (dimensions) => new PlainIndex(dimensions === null ? null : model),
			load: async (folder) => PlainIndex.load(folder)
		}
	]
];

for (const [name, kind] of KINDS) {
	describePassageIndex(name, kind);
	describeSections(name, kind);
}
