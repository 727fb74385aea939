import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseConfig } from '#lib/server/config.ts';
import { ingest } from '#lib/server/ingest/ingest.ts';
import { createServices } from '#lib/server/services.ts';
import { json, startModelServer } from '../../fixtures/model-server.ts';
import { tempFolder } from '../../fixtures/temp-folder.ts';

const QUESTION = 'Which knob lets everyone on the network listen in?';
const RIGHT = 'docs/bind.md';
/** Words of the question are in every page but the right one. */
const pages = {
	[RIGHT]: '# Binding\n\nSet the address to 0.0.0.0 so that other machines can reach it.\n',
	...Object.fromEntries(
		Array.from({ length: 30 }, (_, page) => [
			`docs/other${page}.md`,
			`# Chapter ${page}\n\nEveryone turns a knob. The network is number ${page}, and we listen to ${'it '.repeat(page % 5)}.\n`
		])
	)
};

/** Stands for a model that knows what the question means: its vector is near that of the right passage, and no other's is. */
function meaning(text: string): number[] {
	if (text === QUESTION) return [1, 0.1, 0, 0];
	if (text.includes('0.0.0.0')) return [1, 0, 0, 0];
	return [0.1, Math.sin(text.length), Math.cos(text.length), 1];
}

/** Documents in the order found. */
async function search(settings: Record<string, string>): Promise<string[]> {
	await using folder = await tempFolder(pages);
	const services = await createServices(parseConfig({ DATA_DIR: join(folder.path, 'data'), ...settings }));
	const { signal } = new AbortController();
	try {
		const sources = [join(folder.path, 'docs')];
		await ingest({ corpus: services.corpus, sources, library: 'docs', prune: true, signal });
		await services.publish(() => {}, signal);
		const { results } = await services.search({ question: QUESTION, library: null, limit: 5 }, signal);
		return results.map((result) => result.document);
	} finally {
		await services.close();
	}
}

it('puts first what only the vectors of an embeddings endpoint know', async () => {
	await using model = await startModelServer({
		embeddings: ({ body }) =>
			json({
				model: 'meaning',
				data: [body?.input].flat().map((text, index) => ({ index, embedding: meaning(String(text)) }))
			})
	});
	const settings = { EMBEDDING_MODEL: 'meaning', EMBEDDING_BASE_URL: model.url, EMBEDDING_API_KEY: 'none' };
	expect((await search(settings))[0]).toBe('bind.md');
});

it('does not know it from words alone', async () => {
	expect(await search({})).not.toContain('bind.md');
});
