import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, startModelServer, type ModelServer } from '../fixtures/model-server.ts';
import { startApp, type App } from '../fixtures/app-server.ts';
import { tempFolder, type TempFolder } from '../fixtures/temp-folder.ts';
import type { Browser, Page } from 'playwright-core';
import { openBrowser } from './browser.ts';
import { ChatPage } from './chat-page.ts';
import { openPage } from './page-checks.ts';

/** A host that nothing may ever be asked of. */
const CANARY = 'canary.invalid';
const PAYLOADS = [
	`<script>window.hacked = 1</script>`,
	`<script src="https://${CANARY}/a.js"></script>`,
	`<img src=x onerror="window.hacked = 2">`,
	`<img src="https://${CANARY}/b.png">`,
	`![picture](https://${CANARY}/c.png)`,
	`![picture](javascript:window.hacked=3)`,
	`[link](javascript:window.hacked=4)`,
	`[link](data:text/html,<script>window.hacked=5</script>)`,
	`[link](vbscript:msgbox(1))`,
	`<a href="javascript:window.hacked=6">link</a>`,
	`<javascript:window.hacked=7>`,
	`<svg onload="window.hacked=8"><use href="https://${CANARY}/d.svg#x"/></svg>`,
	`<iframe src="https://${CANARY}/e"></iframe>`,
	`<style>@import url(https://${CANARY}/f.css);</style>`,
	`<p style="background:url(https://${CANARY}/g.png)">styled</p>`,
	`<link rel="prefetch" href="https://${CANARY}/h">`,
	`<form action="https://${CANARY}/i"><button>Send</button></form>`,
	`[ref]\n\n[ref]: javascript:window.hacked=9`,
	`<details open ontoggle="window.hacked=10">more</details>`,
	`<button data-citation="1" onclick="window.hacked=11">1</button>`
];

let docs: TempFolder;
let model: ModelServer;
let app: App;
let browser: Browser;

beforeAll(async () => {
	docs = await tempFolder({
		'page.md': `# Apple trees\n\nPlant apple trees in autumn.\n\n${PAYLOADS.join('\n\n')}\n`
	});
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

/** Notes every request that leaves, then does what the test does and checks that nothing ran and nothing left. */
async function expectHarmless(use: (page: Page, chat: ChatPage) => Promise<void>): Promise<void> {
	await using opened = await openPage(browser, app.url);
	const { page, context } = opened;
	const left: string[] = [];
	context.on('request', (request) => {
		if (new URL(request.url()).host !== new URL(app.url).host) left.push(request.url());
	});
	const chat = new ChatPage(page);
	await chat.ready();
	await use(page, chat);
	expect(await page.evaluate(() => Reflect.get(window, 'hacked') as unknown)).toBeUndefined();
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
		['whole', PAYLOADS.map((payload) => `${payload}\n\n`)],
		['cut into pieces of three characters', PAYLOADS.join('\n\n').match(/[^]{1,3}/g)!]
	])('runs nothing and asks nothing of anybody: %s', async (_, tokens) => {
		await expectHarmless(async (page, chat) => {
			model.queue(answer(['Traps [1]:\n\n', ...tokens, '\n\nThe end.']));
			await chat.ask('How do I plant apple trees?');
			await chat.answer.getByText('The end.').waitFor();
			await chat.over();
			// Everything that can be pressed in it is pressed, besides links that really lead to the web.
			for (const button of await chat.answer.getByRole('button').all()) {
				await button.click();
				await page.keyboard.press('Escape');
			}
			expect(await chat.answer.getByRole('button').count()).toBe(1);
		});
	});
});

describe('a passage full of traps', () => {
	it('runs nothing and asks nothing of anybody', async () => {
		await expectHarmless(async (_, chat) => {
			model.queue(answer(['Plant them [1].']));
			await chat.ask('How do I plant apple trees?');
			await chat.over();
			const sources = await chat.turn.getByRole('list', { name: 'Sources' }).getByRole('button').all();
			expect(sources.length).toBeGreaterThan(0);
			for (const source of sources) {
				await source.click();
				await chat.passage.waitFor();
				await chat.button('Close the passage').click();
				await chat.passage.waitFor({ state: 'detached' });
			}
		});
	});
});
