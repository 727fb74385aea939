import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LiveIndex } from '#lib/server/search/live-index.ts';
import { INDEX_FOLDER } from '#lib/server/search/publish.ts';
import { DataFolder, document } from './data-folder.ts';
import { CountingEmbedder, open, publish, search, signal, words } from './published.ts';

describe('LiveIndex', () => {
	it('is not ready, says so, and finds out by itself when asked to look again', async () => {
		using data = new DataFolder();
		const live = await open(data);
		expect(live.ready).toBe(false);
		expect(live.libraries()).toEqual([]);
		await expect(live.searchText('x', { limit: 1 })).rejects.toMatchObject({ code: 'index_not_ready' });
		data.corpus.replace([document('a.md', ['walrus'])]);
		await publish(data);
		expect(await live.refresh()).toBe(true);
		expect(live.ready).toBe(true);
		expect(await live.refresh()).toBe(false);
	});

	it('changes over to a new index; a run keeps the one it began with', async () => {
		using data = new DataFolder();
		data.corpus.replace([document('a.md', ['walrus'])]);
		await publish(data);
		const live = await open(data);
		const { index: begunWith } = live.current();
		data.corpus.replace([document('a.md', ['seal'])]);
		await publish(data);
		await live.refresh();
		expect(await search(live, 'seal')).toEqual(['seal']);
		expect(await begunWith.searchText('walrus', { limit: 1 })).toHaveLength(1);
	});

	it('gives the embedder that made the vectors', async () => {
		using data = new DataFolder();
		data.corpus.replace([document('a.md', ['walrus tusks', 'penguin gull'])]);
		await publish(data, words);
		const { index, embedder } = (await open(data, words)).current();
		expect(embedder?.model).toBe(index.embeddingModel);
		const vectors = await embedder!.embedQuestion({ text: 'penguin', library: null }, signal);
		const [best] = await index.searchVector(vectors, { limit: 1 });
		expect((await index.get([best!.chunk_id]))[0]!.chunk.text).toBe('penguin gull');
	});

	it('gives no embedder when the configured one did not make the vectors', async () => {
		using data = new DataFolder();
		data.corpus.replace([document('a.md', ['walrus'])]);
		await publish(data, new CountingEmbedder('old'));
		expect((await open(data, new CountingEmbedder('new'))).current().embedder).toBeNull();
		expect((await open(data, null)).current().embedder).toBeNull();
	});

	it('keeps the old index when the new one cannot be read, and takes the next', async () => {
		using data = new DataFolder();
		data.corpus.replace([document('a.md', ['walrus'])]);
		await publish(data);
		const live = await open(data);
		data.corpus.replace([document('a.md', ['seal'])]);
		const { folder } = await publish(data);
		writeFileSync(join(data.path, INDEX_FOLDER, folder!, 'passages.bin'), 'garbage');
		await expect(live.refresh()).rejects.toThrow();
		expect(await search(live, 'walrus')).toEqual(['walrus']);
		data.corpus.replace([document('a.md', ['otter'])]);
		await publish(data);
		await live.refresh();
		expect(await search(live, 'otter')).toEqual(['otter']);
	});

	it('looks no further once it is closed', async () => {
		using data = new DataFolder();
		data.corpus.replace([document('a.md', ['walrus'])]);
		await publish(data);
		const live = new LiveIndex({ corpus: data.corpus, dataFolder: data.path, embedder: null });
		live.close();
		expect(await live.refresh()).toBe(false);
		expect(live.ready).toBe(false);
	});
});
