import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '#lib/server/config.ts';
import { ingest } from '#lib/server/ingest/ingest.ts';
import { createServices, type Services } from '#lib/server/services.ts';
import { languagePages } from '../../fixtures/languages.ts';
import { tempFolder, type TempFolder } from '../../fixtures/temp-folder.ts';

const { signal } = new AbortController();
const cases = languagePages.flatMap(({ language, pages }) =>
	pages.flatMap(({ page, questions }) =>
		questions.map((question) => ({ question, document: `${language}-${page}.md` }))
	)
);

let folder: TempFolder;
let services: Services;

beforeAll(async () => {
	folder = await tempFolder(
		Object.fromEntries(
			languagePages.flatMap(({ language, pages }) =>
				pages.map(({ page, text }) => [`docs/${language}-${page}.md`, text])
			)
		)
	);
	services = await createServices(parseConfig({ DATA_DIR: join(folder.path, 'data') }));
	const sources = [join(folder.path, 'docs')];
	await ingest({ corpus: services.corpus, sources, library: 'greenhouse', prune: true, signal });
	await services.publish(() => {}, signal);
});
afterAll(async () => {
	await services.close();
	await folder[Symbol.asyncDispose]();
});

describe('a question in the words of its language', () => {
	it.each(cases)(
		'$question is found in $document, and by more than any other page',
		async ({ question, document }) => {
			const request = { question, library: 'greenhouse', limit: 50 };
			const { results } = await services.search(request, signal);
			const [first] = results;
			const other = results.find((result) => result.document !== document);
			expect(first?.document).toBe(document);
			expect(first!.scores.rerank!.score).toBeGreaterThan(other?.scores.rerank?.score ?? -Infinity);
		}
	);
});
