import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseConfig } from '#lib/server/config.ts';
import { ingest } from '#lib/server/ingest/ingest.ts';
import { createServices } from '#lib/server/services.ts';
import { answer, startModelServer, type ModelCall } from '../fixtures/model-server.ts';
import { tempFolder } from '../fixtures/temp-folder.ts';

const MAIN = 'sk-main-0123456789abcdef';
const OWN = 'sk-other-0123456789abcdef';

/** Indexes a page and asks about it; everything happens that a key could be sent with. */
async function askOnce(settings: Record<string, string>): Promise<void> {
	await using folder = await tempFolder({ 'docs/door.md': '# Doors\n\nTurn the brass key twice.\n' });
	const services = await createServices(
		parseConfig({ DATA_DIR: join(folder.path, 'data'), OPENAI_API_KEY: MAIN, ...settings })
	);
	try {
		const { signal } = new AbortController();
		const sources = [join(folder.path, 'docs')];
		await ingest({ corpus: services.corpus, sources, library: 'docs', prune: true, signal });
		await services.publish(() => {}, signal);
		const question = 'How often do I turn the brass key?';
		const trace = await services.runs.start({ question, limit: 5 }, 'ask').finished;
		expect(trace.status).toBe('success');
	} finally {
		await services.close();
	}
}

const keysOf = (calls: readonly ModelCall[]) => [
	...new Set(calls.map(({ headers }) => headers.authorization ?? null))
];

it.each<[name: string, settings: Record<string, string>, shown: (string | null)[]]>([
	['no key of its own', {}, ['Bearer none', null]],
	['keys of its own', { EMBEDDING_API_KEY: OWN, RERANK_API_KEY: OWN }, [`Bearer ${OWN}`]]
])(
	'the key of the model endpoint is shown to no other host: one with %s',
	async (_name, settings, allowed) => {
		await using main = await startModelServer({ script: answer(['Twice [1].']) });
		await using other = await startModelServer();
		await askOnce({
			OPENAI_BASE_URL: main.url,
			EMBEDDING_MODEL: 'test-embedder',
			EMBEDDING_BASE_URL: other.url,
			RERANK_URL: `${other.url}/rerank`,
			...settings
		});
		expect(keysOf(main.calls)).toEqual([`Bearer ${MAIN}`]);
		expect(new Set(other.calls.map(({ path }) => path))).toEqual(new Set(['/v1/embeddings', '/v1/rerank']));
		for (const shown of keysOf(other.calls)) expect(allowed).toContain(shown);
		expect(JSON.stringify(other.calls)).not.toContain(MAIN);
	}
);

it('the key of the model endpoint serves for embeddings and reranking on the same host', async () => {
	await using main = await startModelServer({ script: answer(['Twice [1].']) });
	await askOnce({
		OPENAI_BASE_URL: main.url,
		EMBEDDING_MODEL: 'test-embedder',
		RERANK_URL: `${main.url}/rerank`
	});
	expect(new Set(main.calls.map(({ path }) => path)).size).toBe(3);
	expect(keysOf(main.calls)).toEqual([`Bearer ${MAIN}`]);
});
