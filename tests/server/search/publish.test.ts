import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { INDEX_FOLDER, publishIndex, type PublishProgress } from '#lib/server/search/publish.ts';
import { DataFolder, document } from './data-folder.ts';
import { CountingEmbedder, east, open, publish, search, signal, words } from './published.ts';

describe('publishIndex', () => {
	it('makes the corpus searchable, and does nothing when nothing changed', async () => {
		using data = new DataFolder();
		data.corpus.replace([document('a.md', ['walrus tusks', 'walrus whiskers'])]);
		expect(await publish(data)).toMatchObject({ changed: true, passages: 2, embedded: 0 });
		expect(await search(await open(data), 'tusk')).toEqual(['walrus tusks']);
		const before = data.generations();
		expect(await publish(data)).toMatchObject({ changed: false, passages: 2 });
		expect(data.generations()).toEqual(before);
	});

	it('makes an index of an older version anew, though no document has changed', async () => {
		using data = new DataFolder();
		data.corpus.replace([document('a.md', ['walrus tusks'])]);
		const { folder } = await publish(data);
		const manifest = join(data.path, 'index', folder!, 'manifest.json');
		writeFileSync(manifest, JSON.stringify({ ...JSON.parse(readFileSync(manifest, 'utf8')), format: 0 }));
		expect(await publish(data)).toMatchObject({ changed: true, passages: 1 });
		expect(await search(await open(data), 'tusk')).toEqual(['walrus tusks']);
	});

	it('publishes nothing for a corpus that never held anything', async () => {
		using data = new DataFolder();
		expect(await publish(data)).toMatchObject({ folder: null, changed: false });
		expect(data.corpus.currentIndex()).toBeNull();
	});

	it('follows changed, added and removed documents to the same answers as an index built anew', async () => {
		using data = new DataFolder();
		data.corpus.replace([
			document('a.md', ['walrus']),
			document('b.md', ['seal', 'otter']),
			document('c.md', ['seal'])
		]);
		await publish(data);
		data.corpus.replace([document('b.md', ['seal and walrus']), document('d.md', ['walrus walrus'])]);
		data.corpus.remove('demo', ['a.md']);
		await publish(data);
		const followed = await open(data);

		using fresh = new DataFolder();
		fresh.corpus.replace([
			document('b.md', ['seal and walrus']),
			document('c.md', ['seal']),
			document('d.md', ['walrus walrus'])
		]);
		await publish(fresh);
		const built = await open(fresh);
		for (const question of ['walrus', 'seal', 'otter']) {
			expect(await followed.searchText(question, { limit: 10 })).toEqual(
				await built.searchText(question, { limit: 10 })
			);
		}
		expect(followed.size).toBe(3);
	});

	it('empties the index with the corpus', async () => {
		using data = new DataFolder();
		const embedder = new CountingEmbedder();
		data.corpus.replace([document('a.md', ['walrus'])]);
		await publish(data, embedder);
		data.corpus.remove('demo', ['a.md']);
		expect(await publish(data, embedder)).toMatchObject({ changed: true, passages: 0 });
		const live = await open(data, embedder);
		expect(live.size).toBe(0);
		expect(await live.searchVector(east, { limit: 1 })).toEqual([]);
	});

	it('asks an endpoint for each text once, over changes and even when the index is lost', async () => {
		using data = new DataFolder();
		const embedder = new CountingEmbedder();
		data.corpus.replace([document('a.md', ['one', 'two']), document('b.md', ['three'])]);
		expect(await publish(data, embedder)).toMatchObject({ embedded: 3 });
		data.corpus.replace([document('b.md', ['three', 'four'])]);
		expect(await publish(data, embedder)).toMatchObject({ embedded: 1 });
		rmSync(join(data.path, INDEX_FOLDER), { recursive: true });
		expect(await publish(data, embedder)).toMatchObject({ changed: true, embedded: 0 });
		expect(embedder.asked.length).toBe(4);
		expect(await (await open(data, embedder)).searchVector(east, { limit: 10 })).toHaveLength(4);
	});

	it('deletes the vectors of what is gone, and keeps those of the same text elsewhere', async () => {
		using data = new DataFolder();
		const embedder = new CountingEmbedder();
		const database = () => new DatabaseSync(join(data.path, 'corpus.sqlite'), { readOnly: true });
		const count = () => {
			using corpus = database();
			return Number(corpus.prepare('SELECT COUNT(*) AS count FROM embeddings').get()!.count);
		};
		data.corpus.replace([document('a.md', ['one', 'two']), document('b.md', ['three'])]);
		data.corpus.replace([document('a.md', ['two'], 'other')]);
		await publish(data, embedder);
		expect(count()).toBe(3);
		// The other library still has the text.
		data.corpus.replace([document('a.md', ['one'])]);
		await publish(data, embedder);
		expect(count()).toBe(3);
		data.corpus.remove('demo', ['b.md']);
		await publish(data, embedder);
		expect(count()).toBe(2);
		data.corpus.remove('demo', ['a.md']);
		data.corpus.remove('other', ['a.md']);
		await publish(data, embedder);
		expect(count()).toBe(0);
		data.corpus.replace([document('a.md', ['one', 'two'])]);
		expect(await publish(data, embedder)).toMatchObject({ embedded: 2 });
	});

	it('makes all vectors anew for another model', async () => {
		using data = new DataFolder();
		data.corpus.replace([document('a.md', ['one', 'two'])]);
		await publish(data, new CountingEmbedder('first'));
		const second = new CountingEmbedder('second');
		expect(await publish(data, second)).toMatchObject({ changed: true, embedded: 2 });
		expect((await open(data, second)).embeddingModel).toBe('second');
	});

	const pages = (from: number, to: number, library = 'demo') =>
		Array.from({ length: to - from }, (_, at) =>
			document(`${from + at}.md`, [`walrus seal otter ${library} ${from + at}`], library)
		);

	it('embeds nothing of a library when another one comes, grows, or goes', async () => {
		using data = new DataFolder();
		data.corpus.replace(pages(0, 12));
		await publish(data, words);
		data.corpus.replace(pages(0, 8, 'other'));
		expect(await publish(data, words)).toMatchObject({ embedded: 8, passages: 20 });
		data.corpus.replace(pages(8, 20, 'other'));
		expect(await publish(data, words)).toMatchObject({ embedded: 12, passages: 32 });
		data.corpus.remove(
			'other',
			pages(0, 20, 'other').map(({ document }) => document)
		);
		expect(await publish(data, words)).toMatchObject({ embedded: 0, passages: 12 });
	});

	it('keeps the folder before the current one for its readers, and no more', async () => {
		using data = new DataFolder();
		for (const text of ['one', 'two', 'three', 'four']) {
			data.corpus.replace([document('a.md', [text])]);
			await publish(data);
		}
		expect(data.generations()).toHaveLength(2);
		expect(data.generations()).toContain(data.corpus.currentIndex());
	});

	it('reports its progress', async () => {
		using data = new DataFolder();
		data.corpus.replace([document('a.md', ['one']), document('b.md', ['two'])]);
		const seen: PublishProgress[] = [];
		const onProgress = (progress: PublishProgress) => seen.push(progress);
		await publishIndex({ corpus: data.corpus, dataFolder: data.path, embedder: words, onProgress, signal });
		expect(seen.map(({ stage }) => stage)).toEqual(['indexing', 'saving']);
	});

	it('publishes nothing when it is stopped', async () => {
		using data = new DataFolder();
		data.corpus.replace([document('a.md', ['one'])]);
		const stop = new AbortController();
		const options = { corpus: data.corpus, dataFolder: data.path, embedder: null, signal: stop.signal };
		await expect(publishIndex({ ...options, onProgress: () => stop.abort() })).rejects.toMatchObject({
			code: 'cancelled'
		});
		expect(data.corpus.currentIndex()).toBeNull();
	});
});
