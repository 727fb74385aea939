import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseConfig } from '#lib/server/config.ts';
import { ingest } from '#lib/server/ingest/ingest.ts';
import { createServices, type Services } from '#lib/server/services.ts';
import { answer, json, startModelServer, type ModelServer } from '../fixtures/model-server.ts';
import { tempFolder } from '../fixtures/temp-folder.ts';

const { signal } = new AbortController();

/** A model endpoint whose vectors can be made to have another length, as when the model behind a name is exchanged. */
async function startChangingModel(): Promise<{ model: ModelServer; width: { is: number } }> {
	const width = { is: 8 };
	const model = await startModelServer({
		script: answer(['Twice [1].']),
		embeddings: ({ body }) =>
			json({
				data: [body?.input].flat().map((text, index) => ({
					index,
					embedding: Array.from({ length: width.is }, (_, at) => 1 + (String(text).charCodeAt(at) || 0))
				}))
			})
	});
	return { model, width };
}

/** What a process does from its start to its end. */
async function inProcess<T>(
	folder: string,
	url: string,
	work: (services: Services) => Promise<T>
): Promise<T> {
	const services = await createServices(
		parseConfig({ DATA_DIR: join(folder, 'data'), OPENAI_BASE_URL: url, EMBEDDING_MODEL: 'test-embedder' })
	);
	try {
		return await work(services);
	} finally {
		await services.close();
	}
}

async function index(services: Services, folder: string, pages: string): Promise<void> {
	const sources = [join(folder, pages)];
	await ingest({ corpus: services.corpus, sources, library: pages, prune: true, signal });
	await services.publish(() => {}, signal);
}

const pages = {
	'house/door.md': '# Doors\n\nTurn the brass key twice.\n',
	'garden/roses.md': '# Roses\n\nWater the roses every morning.\n'
};
const question = 'How often do I turn the brass key?';

it.each([5, 12])(
	'a question whose vector has %i values, not 8 as the index, is answered from the words alone',
	async (other) => {
		await using folder = await tempFolder(pages);
		const { model, width } = await startChangingModel();
		await using _ = model;
		await inProcess(folder.path, model.url, (services) => index(services, folder.path, 'house'));
		width.is = other;
		const trace = await inProcess(
			folder.path,
			model.url,
			async ({ runs }) => runs.start({ question, limit: 5 }, 'ask').finished
		);
		expect(trace).toMatchObject({ status: 'success', answer: 'Twice [1].' });
		expect(trace.steps.find(({ name }) => name === 'query_embedding')).toMatchObject({
			status: 'skipped',
			details: { error: 'upstream_malformed' }
		});
		expect(trace.steps.map(({ name }) => name)).not.toContain('retrieval_semantic');
	}
);

it('passages whose vectors have another length are not mixed into an index', async () => {
	await using folder = await tempFolder(pages);
	const { model, width } = await startChangingModel();
	await using _ = model;
	await inProcess(folder.path, model.url, (services) => index(services, folder.path, 'house'));
	width.is = 5;
	await expect(
		inProcess(folder.path, model.url, (services) => index(services, folder.path, 'garden'))
	).rejects.toMatchObject({
		code: 'upstream_malformed',
		message: expect.stringMatching(/5 values, expected 8/)
	});
	width.is = 8;
	const found = await inProcess(folder.path, model.url, async (services) => {
		// What was served goes on being served, and indexing works again with the right model.
		expect(services.index.libraries()).toEqual(['house']);
		await index(services, folder.path, 'garden');
		return services.search({ question: 'When are the roses watered?', library: 'garden', limit: 5 }, signal);
	});
	expect(found.results.map(({ document }) => document)).toEqual(['roses.md']);
});
