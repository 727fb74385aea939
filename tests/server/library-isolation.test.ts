import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseConfig } from '#lib/server/config.ts';
import type { CorpusDocument } from '#lib/server/search/corpus.ts';
import { createServices, type Services } from '#lib/server/services.ts';
import { passage } from '../fixtures/passages.ts';
import { tempFolder } from '../fixtures/temp-folder.ts';

const { signal } = new AbortController();

/** The library that is asked, and others; one is called as a word of the questions. */
const ASKED = 'guide';
const OTHERS = ['manual', 'read_file', 'seal'];

const word = fc.constantFrom(
	...['walrus', 'seals', 'otter', 'read_file', 'os.path', 'HTTPException', '--reload', 'guide', 'manual'],
	...['endpoint', 'route', 'delete', 'remove', 'the', 'create', 'unheard', 'error', 'café', '异步任务']
);
const words = (maxLength: number) =>
	fc.array(word, { minLength: 1, maxLength }).map((picked) => picked.join(' '));
const section = fc.record({ heading: words(3), text: words(12), code: fc.option(words(4)) });
const page = fc.record({
	document: fc.integer({ min: 0, max: 7 }).map((number) => `page-${number}.md`),
	title: words(2),
	sections: fc.array(section, { minLength: 1, maxLength: 4 })
});
const pages = (minLength: number) =>
	fc.uniqueArray(page, { minLength, maxLength: 8, selector: ({ document }) => document });
const change = fc.oneof(
	{ weight: 3, arbitrary: fc.record({ library: fc.constantFrom(...OTHERS), replace: pages(1) }) },
	{ weight: 1, arbitrary: fc.record({ library: fc.constantFrom(...OTHERS) }) }
);
const questions = fc.array(words(6), { minLength: 1, maxLength: 4 });

type Page = typeof page extends fc.Arbitrary<infer T> ? T : never;

function toDocument(library: string, { document, title, sections }: Page): CorpusDocument {
	const chunks = sections.map(({ heading, text, code }, position) =>
		passage({
			chunk_id: `${library}/${document}#${position}`,
			library,
			document,
			title,
			heading_path: [title, heading],
			text: code === null ? text : `${text}\n\`\`\`\n${code}\n\`\`\`\n`
		})
	);
	return { library, document, hash: JSON.stringify(sections) + title, source: 'here', chunks };
}

/** Everything that can be found within the library, without the times that it took. */
async function ask({ index, search }: Services, question: string) {
	const { index: passages, embedder } = index.current();
	const options = { library: ASKED, limit: 200 };
	const vectors = await embedder!.embedQuestion({ text: question, library: ASKED }, signal);
	const found = await search({ question, library: ASKED, limit: 50 }, signal);
	return {
		text: await passages.searchText(question, options),
		semantic: await passages.searchVector(vectors, options),
		results: found.results,
		steps: found.steps.map(({ name, status, details }) => ({ name, status, details }))
	};
}

const documents = (library: string, given: readonly Page[]) => given.map((one) => toDocument(library, one));

async function withServices(work: (services: Services) => Promise<void>): Promise<void> {
	await using folder = await tempFolder();
	const services = await createServices(parseConfig({ DATA_DIR: folder.path }));
	try {
		await work(services);
	} finally {
		await services.close();
	}
}

const publish = (services: Services) => services.publish(() => {}, signal);
const askAll = (services: Services, asked: readonly string[]) =>
	Promise.all(asked.map((question) => ask(services, question)));

it('what happens to other libraries changes nothing that is found within one, to the last score', async () => {
	await fc.assert(
		fc.asyncProperty(
			pages(2),
			fc.array(change, { minLength: 1, maxLength: 4 }),
			questions,
			async (own, changes, asked) => {
				await withServices(async (services) => {
					const { corpus } = services;
					corpus.replace(documents(ASKED, own));
					await publish(services);
					const before = await askAll(services, asked);
					for (const { library, ...step } of changes) {
						if ('replace' in step) corpus.replace(documents(library, step.replace));
						else corpus.remove(library, [...corpus.hashes(library).keys()]);
						await publish(services);
						expect(await askAll(services, asked)).toEqual(before);
					}
				});
			}
		),
		{ numRuns: 30, interruptAfterTimeLimit: 25_000 }
	);
});

it('a library that comes after others is found as if it were alone', async () => {
	await fc.assert(
		fc.asyncProperty(pages(2), pages(1), questions, async (own, other, asked) => {
			let alone: unknown;
			await withServices(async (services) => {
				services.corpus.replace(documents(ASKED, own));
				await publish(services);
				alone = await askAll(services, asked);
			});
			await withServices(async (services) => {
				for (const library of OTHERS) services.corpus.replace(documents(library, other));
				await publish(services);
				services.corpus.replace(documents(ASKED, own));
				await publish(services);
				expect(await askAll(services, asked)).toEqual(alone);
			});
		}),
		{ numRuns: 15, interruptAfterTimeLimit: 25_000 }
	);
});
