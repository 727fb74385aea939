import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, startModelServer, type ModelServer } from '../fixtures/model-server.ts';
import { startApp, type App } from '../fixtures/app-server.ts';
import { MARKUP_ATTACKS } from '../fixtures/markup-attacks.ts';
import { tempFolder, type TempFolder } from '../fixtures/temp-folder.ts';
import type { Browser, Page } from 'playwright-core';
import { openBrowser } from './browser.ts';
import { ChatPage } from './chat-page.ts';
import { openPage } from './page-checks.ts';

/** Each of them a page: its text, and as much of it as may stand in a title or a heading. */
const PAGES = Object.fromEntries(
	MARKUP_ATTACKS.map(({ text }, index) => {
		const line = text.toWellFormed().replaceAll(/\s+/g, ' ');
		const title = `title: ${JSON.stringify(`Apple ${line}`)}`;
		return [
			`page-${index}.md`,
			`---\n${title}\n---\n\n# Apple trees ${line}\n\nPlant apple trees in autumn.\n\n${text}\n`
		];
	})
);
const TEXTS = MARKUP_ATTACKS.map(({ text }) => text.toWellFormed());

let docs: TempFolder;
let model: ModelServer;
let app: App;
let browser: Browser;

beforeAll(async () => {
	docs = await tempFolder(PAGES);
	model = await startModelServer();
	[app, browser] = await Promise.all([
		startApp({ docs: { orchard: docs.path }, env: { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'key' } }),
		openBrowser()
	]);
});
afterAll(async () => {
	await browser?.close();
	await app?.[Symbol.asyncDispose]();
	await model?.[Symbol.asyncDispose]();
	await docs?.[Symbol.asyncDispose]();
});

/** Runs in the page: what the payloads call. */
function arm(): void {
	Object.assign(globalThis, { hits: 0, hit: () => ((globalThis as unknown as { hits: number }).hits += 1) });
}

/** Notes every request that leaves, then does what the test does and checks that nothing ran and nothing left. */
async function expectHarmless(use: (page: Page, chat: ChatPage) => Promise<void>): Promise<void> {
	await using opened = await openPage(browser, app.url);
	const { page, context } = opened;
	await page.evaluate(arm);
	await context.addInitScript(arm);
	const left: string[] = [];
	context.on('request', (request) => {
		if (new URL(request.url()).host !== new URL(app.url).host) left.push(request.url());
	});
	const chat = new ChatPage(page);
	await chat.ready();
	await use(page, chat);
	expect(await page.evaluate(() => Reflect.get(window, 'hits') as unknown)).toBe(0);
	expect(left).toEqual([]);
	const found = await page
		.locator('.markdown')
		.evaluateAll((roots) =>
			roots.flatMap((root) =>
				[...root.querySelectorAll('*')].flatMap((element) => [
					...(/^(script|img|iframe|style|link|form|svg|object|embed|details|base|meta)$/i.test(
						element.tagName
					)
						? [element.tagName]
						: []),
					...[...element.attributes]
						.filter(
							({ name, value }) =>
								name.startsWith('on') ||
								name === 'style' ||
								name === 'src' ||
								(name === 'href' && !/^https?:/.test(value))
						)
						.map(({ name, value }) => `${name}=${value}`)
				])
			)
		);
	expect(found).toEqual([]);
}

describe('an answer full of traps', () => {
	it.each([
		['whole', TEXTS.map((text) => `${text}\n\n`)],
		['cut into pieces of three characters', TEXTS.join('\n\n').match(/[^]{1,3}/gu)!]
	])('runs nothing and asks nothing of anybody: %s', async (_, tokens) => {
		await expectHarmless(async (page, chat) => {
			model.queue(answer(['Traps [1]:\n\n', ...tokens, '\n\n~~~~~\n`````\n\nThe end.']));
			await chat.ask('How do I plant apple trees?');
			await chat.answer.getByText('The end.').waitFor();
			await chat.over();
			// Everything that can be pressed in it is pressed, besides links that really lead to the web.
			const buttons = await chat.answer.getByRole('button').all();
			expect(buttons.length).toBeGreaterThan(0);
			for (const button of buttons) {
				await button.click();
				await page.keyboard.press('Escape');
			}
		});
	});
});

describe('pages full of traps', () => {
	it('run nothing and ask nothing of anybody, as passages and in the trace', async () => {
		await expectHarmless(async (page, chat) => {
			for (const text of TEXTS.filter((_, index) => index % 12 === 0)) {
				model.queue(answer(['Plant them [1] ', '[2].']));
				await chat.ask(`Apple trees ${text}`.slice(0, 300));
				await chat.over();
				const sources = await chat.turn.getByRole('list', { name: 'Sources' }).getByRole('button').all();
				expect(sources.length).toBeGreaterThan(0);
				for (const source of sources) {
					await source.click();
					await chat.passage.waitFor();
					await chat.button('Close the passage').click();
					await chat.passage.waitFor({ state: 'detached' });
				}
			}
			await chat.turn.getByRole('link', { name: 'Trace' }).click();
			await page.getByRole('heading', { name: 'Ledger' }).waitFor();
			for (const summary of await page.locator('li details > summary').all()) await summary.click();
			await page.locator('.markdown').first().waitFor();
		});
	});
});
