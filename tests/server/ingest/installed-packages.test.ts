import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ingest } from '#lib/server/ingest/ingest.ts';
import { installedPackageDocs } from '#lib/server/ingest/installed-packages.ts';
import { CorpusFolder } from './corpus-folder.ts';

const manifest = (content: object) => JSON.stringify(content);

it('finds the docs of the packages that were chosen, and only their docs', async () => {
	using folder = new CorpusFolder({
		'package.json': manifest({
			dependencies: { wick: '1', '@lamp/oil': '1', missing: '1' },
			devDependencies: { glass: '1' }
		}),
		'node_modules/wick/package.json': manifest({ repository: 'github:lamp/wick' }),
		'node_modules/wick/README.md': '# Wick\n\nBurns.',
		'node_modules/wick/CHANGELOG.md': 'Old.',
		'node_modules/wick/docs/use/index.md': 'Use it.',
		'node_modules/wick/dist/notes.md': 'Internal.',
		'node_modules/wick/node_modules/inner/README.md': 'Inner.',
		'node_modules/@lamp/oil/package.json': manifest({
			repository: { type: 'git', url: 'git+https://github.com/lamp/all.git', directory: 'packages/oil' }
		}),
		'node_modules/@lamp/oil/readme.md': 'Oil.',
		'node_modules/glass/package.json': '{ broken',
		'node_modules/glass/README.md': 'Glass.',
		'node_modules/indirect/package.json': manifest({}),
		'node_modules/indirect/README.md': 'Nobody asked.'
	});
	const packages = await installedPackageDocs(join(folder.docs, 'node_modules'));
	expect(packages.map((found) => found.library)).toEqual(['@lamp/oil', 'wick']);
	for (const { library, sources, baseUrl } of packages)
		await ingest({ library, sources, baseUrl, corpus: folder.corpus });
	const found = [...folder.corpus.passages()].map(({ chunk }) => [
		chunk.library,
		chunk.document,
		chunk.url,
		chunk.text
	]);
	expect(found).toEqual([
		['@lamp/oil', 'readme.md', 'https://github.com/lamp/all/blob/HEAD/packages/oil/readme.md', 'Oil.'],
		['wick', 'README.md', 'https://github.com/lamp/wick/blob/HEAD/README.md', 'Burns.'],
		['wick', 'docs/use/index.md', 'https://github.com/lamp/wick/blob/HEAD/docs/use/index.md', 'Use it.']
	]);
});

it('finds nothing without a package.json', async () => {
	using folder = new CorpusFolder({ 'node_modules/wick/README.md': 'x' });
	expect(await installedPackageDocs(join(folder.docs, 'node_modules'))).toEqual([]);
});

it.each([
	['git@github.com:o/r.git', 'https://github.com/o/r/blob/HEAD/'],
	['https://github.com/o/r/tree/main/packages/x', 'https://github.com/o/r/blob/HEAD/packages/x/'],
	['gitlab:o/r', 'https://gitlab.com/o/r/-/blob/HEAD/'],
	['o/r', 'https://github.com/o/r/blob/HEAD/'],
	['https://example.com/o/r', undefined]
])('understands the repository %s', async (repository, baseUrl) => {
	using folder = new CorpusFolder({
		'package.json': manifest({ dependencies: { wick: '1' } }),
		'node_modules/wick/package.json': manifest({ repository }),
		'node_modules/wick/README.md': 'x'
	});
	expect((await installedPackageDocs(join(folder.docs, 'node_modules')))[0]?.baseUrl).toBe(baseUrl);
});
