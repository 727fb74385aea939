import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ingest, type IngestOptions } from '#lib/server/ingest/ingest.ts';
import { CorpusFolder } from './corpus-folder.ts';
import { docsFolder } from './passages.ts';

const library = 'lantern';
const run = (folder: CorpusFolder, options: Partial<IngestOptions> = {}) =>
	ingest({ sources: [folder.docs], library, corpus: folder.corpus, ...options });

describe('ingest', () => {
	it('reads every format of a folder, in order, with paths and titles', async () => {
		using folder = new CorpusFolder();
		const report = await run(folder, { sources: [docsFolder] });
		expect(report.documents).toEqual({ added: 5, changed: 0, unchanged: 0, removed: 0 });
		expect(report.failures).toEqual([]);
		const passages = [...folder.corpus.passages()];
		expect(report.chunks).toBe(passages.length);
		expect(Object.keys(folder.texts())).toEqual([
			'guide/first-steps.mdx',
			'index.md',
			'library.rst',
			'notes.txt',
			'page.html'
		]);
		expect(
			passages.filter(({ chunk }) => chunk.document === 'index.md').map(({ position }) => position)
		).toEqual([0, 1]);
	});

	it('reads a single file under its name, whatever its extension', async () => {
		using folder = new CorpusFolder({
			NOTES: '# Notes\n\nWords.',
			'sub/page': '<!doctype html><title>P</title><p>Html.'
		});
		await run(folder, { sources: [join(folder.docs, 'NOTES'), join(folder.docs, 'sub/page')] });
		expect(folder.texts()).toEqual({ NOTES: ['Words.'], page: ['Html.'] });
	});

	it('leaves out hidden folders, node_modules, other files and links that lead outside', async () => {
		using folder = new CorpusFolder({
			'a.md': 'a',
			'.git/b.md': 'b',
			'node_modules/x/README.md': 'c',
			'picture.png': 'd',
			'data.json': '{}'
		});
		writeFileSync(join(folder.root, 'secret.md'), 'secret');
		symlinkSync(join(folder.root, 'secret.md'), join(folder.docs, 'outside.md'));
		symlinkSync(join(folder.docs, 'a.md'), join(folder.docs, 'inside.md'));
		symlinkSync(folder.docs, join(folder.docs, 'loop'));
		await run(folder);
		expect(Object.keys(folder.texts())).toEqual(['a.md', 'inside.md']);
	});

	it('does nothing the second time', async () => {
		using folder = new CorpusFolder({ 'a.md': 'a', 'b.md': 'b' });
		await run(folder);
		const indexedAt = folder.corpus.libraries()[0]?.indexed_at;
		const report = await run(folder);
		expect(report).toMatchObject({
			documents: { added: 0, changed: 0, unchanged: 2, removed: 0 },
			chunks: 0
		});
		expect(folder.corpus.libraries()[0]?.indexed_at).toBe(indexedAt);
	});

	it('cuts only what changed, follows renames and prunes what is gone', async () => {
		using folder = new CorpusFolder({ 'a.md': 'old', 'b.md': 'b', 'c.md': 'c', 'd.md': 'd' });
		await run(folder);
		folder.write({ 'a.md': 'new' });
		renameSync(join(folder.docs, 'b.md'), join(folder.docs, 'e.md'));
		folder.delete('c.md');
		const report = await run(folder);
		expect(report.documents).toEqual({ added: 1, changed: 1, unchanged: 1, removed: 2 });
		expect(folder.texts()).toEqual({ 'a.md': ['new'], 'd.md': ['d'], 'e.md': ['b'] });
	});

	it('keeps what is gone without prune', async () => {
		using folder = new CorpusFolder({ 'a.md': 'a', 'b.md': 'b' });
		await run(folder);
		folder.delete('a.md');
		expect((await run(folder, { prune: false })).documents.removed).toBe(0);
		expect(Object.keys(folder.texts())).toEqual(['a.md', 'b.md']);
	});

	it('prunes nothing of other libraries and other sources', async () => {
		using folder = new CorpusFolder({ 'one/a.md': 'a', 'two/b.md': 'b' });
		await run(folder, { sources: [join(folder.docs, 'one')] });
		await run(folder, { sources: [join(folder.docs, 'one')], library: 'other' });
		await run(folder, { sources: [join(folder.docs, 'two')] });
		expect(folder.corpus.libraries().map(({ name, documents }) => [name, documents])).toEqual([
			[library, 2],
			['other', 1]
		]);
	});

	it('keeps documents of the same name from two sources apart, also the next time', async () => {
		using folder = new CorpusFolder({ 'one/index.md': 'first', 'two/index.md': 'second' });
		const sources = [join(folder.docs, 'one'), join(folder.docs, 'two')];
		await run(folder, { sources });
		expect(folder.texts()).toEqual({ 'index.md': ['first'], 'two/index.md': ['second'] });
		expect((await run(folder, { sources })).documents).toMatchObject({ unchanged: 2, removed: 0 });
		expect((await run(folder, { sources: sources.toReversed() })).documents).toMatchObject({
			unchanged: 2,
			removed: 0
		});
	});

	it('keeps documents apart even when their folders have the same name, too', async () => {
		using folder = new CorpusFolder({
			'a/docs/x.md': 'a',
			'b/docs/x.md': 'b',
			'c/docs/x.md': 'c',
			'd/x.md': 'd'
		});
		const sources = ['a/docs', 'b/docs', 'c/docs', 'd/x.md'].map((path) => join(folder.docs, path));
		await run(folder, { sources });
		expect(folder.texts()).toEqual({
			'x.md': ['a'],
			'docs/x.md': ['b'],
			'docs-2/x.md': ['c'],
			'd/x.md': ['d']
		});
		expect((await run(folder, { sources })).documents).toEqual({
			added: 0,
			changed: 0,
			unchanged: 4,
			removed: 0
		});
	});

	it('takes over the documents of a folder that has moved', async () => {
		using folder = new CorpusFolder({ 'a.md': 'a', 'b.md': 'b' });
		await run(folder);
		const moved = join(folder.root, 'moved');
		renameSync(folder.docs, moved);
		rmSync(join(moved, 'b.md'));
		await run(folder, { sources: [moved] });
		expect(Object.keys(folder.texts())).toEqual(['a.md', 'b.md']);
		expect(folder.corpus.documentsFrom(library, moved)).toEqual(['a.md']);
	});

	it('reports a file that is not text and goes on; wrong bytes do not stop it', async () => {
		const binary = Uint8Array.from({ length: 4000 }, (_, index) => (index * 37) % 256);
		using folder = new CorpusFolder({
			'a.md': binary,
			'b.md': Uint8Array.of(0x63, 0x61, 0x66, 0xe9, 0x21),
			'c.md': '%PDF-1.7 …',
			'd.md': 'd'
		});
		const report = await run(folder);
		expect(report.failures.map(({ document }) => document)).toEqual(['a.md', 'c.md']);
		expect(report.failures[0]?.reason).toBe('It is not a text file.');
		expect(folder.texts()).toEqual({ 'b.md': ['caf\ufffd!'], 'd.md': ['d'] });
	});

	it('reads UTF-16 with a byte order mark', async () => {
		using folder = new CorpusFolder({ 'a.md': Buffer.from('\ufeff# Größe\n\nWörter', 'utf16le') });
		await run(folder);
		expect(folder.texts()).toEqual({ 'a.md': ['Wörter'] });
	});

	it('reports a file that goes away while it works', async () => {
		using folder = new CorpusFolder({ 'a.md': 'a', 'b.md': 'b' });
		const { failures } = await run(folder, { onProgress: ({ done }) => done === 1 && folder.delete('b.md') });
		expect(failures).toEqual([{ document: 'b.md', reason: 'It could not be read (ENOENT).' }]);
		expect(folder.texts()).toEqual({ 'a.md': ['a'] });
	});

	it('keeps the old passages of a document that cannot be read any more', async () => {
		using folder = new CorpusFolder({ 'a.md': 'good' });
		await run(folder);
		folder.write({ 'a.md': new Uint8Array(5000) });
		const report = await run(folder);
		expect(report.failures).toHaveLength(1);
		expect(folder.texts()).toEqual({ 'a.md': ['good'] });
	});

	it.each([
		'http://127.0.0.1:9',
		'HTTP://LOCALHOST:9/a#b',
		'http://127.0.0.1:9/a b',
		'./nowhere',
		'nowhere/'
	])('says that all of %s failed, however it is written', async (source) => {
		using folder = new CorpusFolder();
		const { failures } = await run(folder, { sources: [source] });
		expect(failures).toEqual([expect.objectContaining({ source: expect.any(String) })]);
	});

	it('says of a file whether it was named, or is one of a folder', async () => {
		using folder = new CorpusFolder({ 'a.md': new Uint8Array(5000) });
		const file = join(folder.docs, 'a.md');
		const inFolder = { document: 'a.md', reason: 'It is not a text file.' };
		expect((await run(folder)).failures).toEqual([inFolder]);
		expect((await run(folder, { sources: [file] })).failures).toEqual([{ ...inFolder, source: file }]);
	});

	it('reports a source that does not exist, reads the others, and prunes nothing of it', async () => {
		using folder = new CorpusFolder({ 'a.md': 'a' });
		await run(folder);
		rmSync(folder.docs, { recursive: true });
		const report = await run(folder, { sources: [folder.docs, join(docsFolder, 'notes.txt')] });
		const reason = 'There is no such file or folder.';
		expect(report.failures).toEqual([{ document: folder.docs, reason, source: folder.docs }]);
		expect(report.documents).toMatchObject({ added: 1, removed: 0 });
		expect(Object.keys(folder.texts())).toEqual(['a.md', 'notes.txt']);
	});

	it('tells how far it is', async () => {
		using folder = new CorpusFolder({ 'a.md': 'a', 'b.md': new Uint8Array(5000), 'c.md': 'c' });
		const seen: unknown[] = [];
		await run(folder, { onProgress: (progress) => seen.push(progress) });
		expect(seen).toEqual([
			{ done: 1, total: 3, document: 'a.md' },
			{ done: 2, total: 3, document: 'b.md' },
			{ done: 3, total: 3, document: 'c.md' }
		]);
	});

	it('stops when it is told to', async () => {
		using folder = new CorpusFolder({ 'a.md': 'a', 'b.md': 'b' });
		const controller = new AbortController();
		const stopped = run(folder, { signal: controller.signal, onProgress: () => controller.abort() });
		await expect(stopped).rejects.toMatchObject({ code: 'cancelled' });
	});

	it('gives passages the address of their page', async () => {
		using folder = new CorpusFolder({ 'guide/index.md': 'a' });
		await run(folder, { baseUrl: 'https://docs.example.com/' });
		const [first] = folder.corpus.passages();
		expect(first?.chunk.url).toBe('https://docs.example.com/guide/');
		await run(folder);
		const [again] = folder.corpus.passages();
		expect(again?.chunk.url).toBe(null);
	});
});
