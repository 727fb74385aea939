import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Trace } from '#lib/contract/trace.ts';
import { TracePrivacy } from '#lib/server/privacy/trace-privacy.ts';
import { SqliteTraceStore } from '#lib/server/store/sqlite.ts';
import { startApp, type App } from '../fixtures/app-server.ts';
import { tempFolder, type TempFolder } from '../fixtures/temp-folder.ts';
import { openBrowser } from './browser.ts';
import { eventually, expectSound, LOOKS, openPage, plain } from './page-checks.ts';
import { randomNumbers, sampleTrace } from './sample-traces.ts';

let data: TempFolder;
let app: App;
let browser: Browser;
let textless: Trace;
let whole: Trace;

beforeAll(async () => {
	data = await tempFolder();
	const random = randomNumbers(4);
	const [first, second] = [
		sampleTrace(random, { status: 'success' }),
		sampleTrace(random, { status: 'success' })
	];
	textless = new TracePrivacy('none').kept(first);
	whole = second;
	const store = new SqliteTraceStore(data.path);
	for (const trace of [textless, whole]) store.create(trace);
	store.close();
	[app, browser] = await Promise.all([startApp({ dataDir: data.path }), openBrowser()]);
});
afterAll(async () => {
	await browser?.close();
	await app?.[Symbol.asyncDispose]();
	await data?.[Symbol.asyncDispose]();
});

const address = (trace: Trace) => `${app.url}/dashboard/traces/${trace.trace_id}`;

describe('a trace whose text was not kept', () => {
	it.each(LOOKS)('says so in place of each text: $name', async (look) => {
		await using opened = await openPage(browser, address(textless), look);
		const { page } = opened;
		await page.getByRole('heading', { level: 1, name: 'Question not kept' }).waitFor();
		const panel = async (title: string) =>
			plain(await page.locator('section', { has: page.getByRole('heading', { name: title }) }).innerText());
		expect(await panel('Answer')).toContain('Not kept.');
		expect(await panel('Prompt')).toContain('Not kept.');
		const source = page.locator('#source-1');
		await source.locator('summary').click();
		expect(plain(await source.innerText())).toContain('Its text was not kept.');
		expect(plain(await source.innerText())).toContain(textless.sources[0]!.document);
		expect(await page.locator('tr[data-chunk]').count()).toBe(textless.candidates.length);
		await expectSound(page);
	});

	it('has a row that can be opened in the list', async () => {
		await using opened = await openPage(browser, `${app.url}/dashboard?window=all`);
		const { page } = opened;
		await page.locator(`tr[data-trace="${textless.trace_id}"] a`).click();
		await page.waitForURL(`**/traces/${textless.trace_id}`);
	});
});

describe('deleting a trace from its page', () => {
	const get = () => fetch(`${app.url}/traces/${whole.trace_id}`);

	it('asks once more, and can be left', async () => {
		await using opened = await openPage(browser, address(whole));
		const { page } = opened;
		await page.getByRole('button', { name: 'Delete…' }).click();
		const question = page.getByRole('group', { name: 'Delete this trace?' });
		await question.waitFor();
		// The careful answer has the focus.
		await eventually(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Keep');
		await expectSound(page);
		await page.keyboard.press('Escape');
		await question.waitFor({ state: 'hidden' });
		await eventually(() => page.evaluate(() => document.activeElement?.textContent?.trim())).toBe('Delete…');
		expect((await get()).status).toBe(200);
	});

	it('deletes it for good, and leads to the dashboard', async () => {
		await using opened = await openPage(browser, address(whole));
		const { page } = opened;
		await page.getByRole('button', { name: 'Delete…' }).click();
		await page.getByRole('button', { name: 'Delete', exact: true }).click();
		await page.waitForURL('**/dashboard');
		expect((await get()).status).toBe(404);
	});
});
