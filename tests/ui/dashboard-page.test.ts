import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stats } from '#lib/contract/stats.ts';
import type { TraceSummary } from '#lib/contract/trace.ts';
import { SqliteTraceStore } from '#lib/server/store/sqlite.ts';
import { describeBottleneck } from '#lib/ui/dashboard/bottleneck.ts';
import { formatCompact, formatCost, formatDuration } from '#lib/ui/format/index.ts';
import { STATUS_LABELS } from '#lib/ui/trace/labels.ts';
import { startApp, type App } from '../fixtures/app-server.ts';
import { tempFolder, type TempFolder } from '../fixtures/temp-folder.ts';
import { openBrowser } from './browser.ts';
import { eventually, expectSound, LOOKS, openPage, plain, textOf } from './page-checks.ts';
import { sampleTraces } from './sample-traces.ts';

const TRACES = 120;
const ROW = 'tr[data-trace]';

let data: TempFolder;
let app: App;
let browser: Browser;

beforeAll(async () => {
	data = await tempFolder();
	const store = new SqliteTraceStore(data.path);
	for (const trace of sampleTraces(TRACES, 3, new Date(), 20 * 3_600_000)) store.create(trace);
	store.close();
	[app, browser] = await Promise.all([startApp({ dataDir: data.path }), openBrowser()]);
});
afterAll(async () => {
	await browser?.close();
	await app?.[Symbol.asyncDispose]();
	await data?.[Symbol.asyncDispose]();
});

const json = async <T>(path: string) => (await (await fetch(app.url + path)).json()) as T;
const idsOf = (page: Page) =>
	page.locator(ROW).evaluateAll((rows) => rows.map((row) => row.getAttribute('data-trace')));
const listed = async (query: string) =>
	(await json<TraceSummary[]>(`/traces?limit=25&${query}`)).map((trace) => trace.trace_id);
/** Waits until the table shows exactly what the server lists for a query. */
const expectListed = async (page: Page, query: string) => {
	const ids = await listed(query);
	await eventually(() => idsOf(page)).toEqual(ids);
	return ids;
};

describe('figures', () => {
	it('are those of /stats', async () => {
		await using opened = await openPage(browser, `${app.url}/dashboard`);
		const { page } = opened;
		await page.getByTestId('bottleneck').waitFor();
		const stats = await json<Stats>('/stats');
		const figure = (id: string) => textOf(page, `[data-testid="figure-${id}"]`);
		expect(stats.total_queries).toBe(TRACES);
		expect(await figure('total-queries')).toBe(String(TRACES));
		expect(await figure('average-latency')).toBe(plain(formatDuration(stats.avg_latency_ms)));
		expect(await figure('p95-latency')).toBe(plain(formatDuration(stats.p95_latency_ms)));
		expect(await figure('first-token')).toBe(plain(formatDuration(stats.time_to_first_token_ms.p50)));
		expect(await figure('tokens')).toBe(formatCompact(stats.tokens.prompt! + stats.tokens.completion!));
		expect(await figure('cost')).toBe(formatCost(stats.cost_usd));
		for (const [status, count] of Object.entries(stats.statuses)) {
			expect(await textOf(page, `[data-testid="status-${status}"] b`)).toBe(String(count));
		}
		expect(await textOf(page, '[data-testid="bottleneck"]')).toBe(plain(describeBottleneck(stats)!.sentence));
	});

	it('of each step and of each library are those of /stats', async () => {
		await using opened = await openPage(browser, `${app.url}/dashboard`);
		const { page } = opened;
		await page.locator('tr[data-step]').first().waitFor();
		const stats = await json<Stats>('/stats');
		const steps = await page
			.locator('tr[data-step]')
			.evaluateAll((rows) =>
				rows.map((row) => [
					row.getAttribute('data-step'),
					...[...row.querySelectorAll('td')].map((cell) => cell.textContent)
				])
			);
		expect(Object.fromEntries(steps.map(([name, ...cells]) => [name, cells]))).toEqual(
			Object.fromEntries(
				Object.entries(stats.steps).map(([name, { count, avg_ms, p50_ms, p95_ms, p99_ms }]) => [
					name,
					[String(count), ...[avg_ms, p50_ms, p95_ms, p99_ms].map((each) => formatDuration(each))]
				])
			)
		);
		const libraries = await page
			.locator('a[data-library]')
			.evaluateAll((links) =>
				links.map((link) => [
					link.getAttribute('data-library'),
					Number(link.querySelector('.count')?.firstChild?.textContent)
				])
			);
		expect(Object.fromEntries(libraries)).toEqual(stats.queries_per_library);
	});

	it('over time are in a table too, with a gap said to be no data', async () => {
		await using opened = await openPage(browser, `${app.url}/dashboard?window=24h`);
		const { page } = opened;
		await page.getByText('Show as a table').first().click();
		const rows = page.getByRole('region', { name: 'Latency over time, as a table' }).locator('tbody tr');
		await rows.first().waitFor();
		const { series } = await json<Stats>('/stats?window=24h');
		expect(await rows.count()).toBe(series.length);
		const shown = await rows.evaluateAll((all) => all.map((row) => row.lastElementChild?.textContent));
		expect(shown.filter((text) => text === 'no data').length).toBeGreaterThan(0);
		expect(shown).not.toContain(formatDuration(0));
	});
});

describe('the view', () => {
	it('is narrowed by period and library through the address, which can be shared', async () => {
		await using opened = await openPage(browser, `${app.url}/dashboard`);
		const { page } = opened;
		await page.getByRole('link', { name: '24 hours' }).click();
		await page.waitForURL('**/dashboard?window=24h');
		await page.getByRole('combobox', { name: 'Library' }).selectOption('fastapi');
		await page.waitForURL('**/dashboard?window=24h&library=fastapi');
		const stats = await json<Stats>('/stats?window=24h&library=fastapi');
		await eventually(() => textOf(page, '[data-testid="figure-total-queries"]')).toBe(
			String(stats.total_queries)
		);
		await expectListed(page, 'library=fastapi');

		await using shared = await openPage(browser, page.url());
		await expectListed(shared.page, 'library=fastapi');
		expect(await shared.page.getByRole('combobox', { name: 'Library' }).inputValue()).toBe('fastapi');
		expect(await textOf(shared.page, 'nav[aria-label="Period"] [aria-current]')).toBe('24 hours');
	});

	it('says that nobody asked, and shows the way back, when a period or library has no questions', async () => {
		await using opened = await openPage(browser, `${app.url}/dashboard?library=nothing-like-it`);
		const { page } = opened;
		await page.getByRole('heading', { name: 'No questions so far' }).waitFor();
		await page.getByRole('link', { name: 'Show all questions' }).click();
		await expectListed(page, '');
	});
});

describe('the table of traces', () => {
	it('is filtered by status, words and duration, all in the address', async () => {
		await using opened = await openPage(browser, `${app.url}/dashboard`);
		const { page } = opened;
		await expectListed(page, '');
		await page.getByRole('combobox', { name: 'Status' }).selectOption('success');
		await page.waitForURL('**/dashboard?status=success');
		await expectListed(page, 'status=success');
		const labels = await page.locator(`${ROW} .status`).allTextContents();
		expect(new Set(labels.map(plain))).toEqual(new Set([STATUS_LABELS.success]));

		await page.getByRole('searchbox', { name: 'Words of the question' }).pressSequentially('POST endpoint');
		await page.waitForURL('**/dashboard?status=success&q=POST+endpoint');
		await expectListed(page, 'status=success&q=POST+endpoint');

		await page.getByRole('spinbutton', { name: 'At least, in milliseconds' }).pressSequentially('2000');
		await page.waitForURL('**/dashboard?status=success&q=POST+endpoint&min_ms=2000');
		const ids = await expectListed(page, 'status=success&q=POST+endpoint&min_ms=2000');
		expect(ids.length).toBeGreaterThan(0);

		await page.reload();
		await expectListed(page, 'status=success&q=POST+endpoint&min_ms=2000');
		expect(await page.getByRole('searchbox').inputValue()).toBe('POST endpoint');
	});

	it('says that nothing matches, and clears the filters', async () => {
		await using opened = await openPage(browser, `${app.url}/dashboard?q=nobody+asked+this`);
		const { page } = opened;
		await page.getByRole('heading', { name: 'No traces match' }).waitFor();
		await page.getByRole('link', { name: 'Clear the filters' }).click();
		await expectListed(page, '');
		expect(await page.getByRole('searchbox').inputValue()).toBe('');
	});

	it('has pages of older traces up to the first', async () => {
		await using opened = await openPage(browser, `${app.url}/dashboard`);
		const { page } = opened;
		const all = await json<TraceSummary[]>('/traces?limit=200');
		const seen: (string | null)[] = [];
		for (let at = 0; at < TRACES; at += 25) {
			const ids = all.slice(at, at + 25).map((trace) => trace.trace_id);
			await eventually(() => idsOf(page)).toEqual(ids);
			seen.push(...ids);
			if (at + 25 < TRACES) await page.getByRole('link', { name: 'Older' }).click();
		}
		expect(seen.length).toBe(TRACES);
		expect(await page.getByRole('link', { name: 'Older' }).count()).toBe(0);
		await page.getByRole('link', { name: 'Newest' }).click();
		await expectListed(page, '');
	});

	it('opens the trace of a row, by pointer anywhere on the row and by keyboard', async () => {
		await using opened = await openPage(browser, `${app.url}/dashboard`);
		const { page } = opened;
		const [first, second] = await json<TraceSummary[]>('/traces?limit=2');
		// The link covers the row, so a click lands on it wherever it is made.
		const cell = page.locator(`tr[data-trace="${first!.trace_id}"] td.total`);
		await cell.evaluate((element) => element.scrollIntoView({ block: 'center' }));
		const { x, y, width, height } = (await cell.boundingBox())!;
		await page.mouse.click(x + width / 2, y + height / 2);
		await page.waitForURL(`**/dashboard/traces/${first!.trace_id}`);
		expect(await textOf(page, 'h1')).toBe(first!.question);
		await page.goBack();
		const link = page.locator(`tr[data-trace="${second!.trace_id}"] a`);
		await link.focus();
		await page.keyboard.press('Enter');
		await page.waitForURL(`**/dashboard/traces/${second!.trace_id}`);
	});
});

describe('trouble', () => {
	it('is said with a way to try again, which brings everything', async () => {
		await using opened = await openPage(browser, 'about:blank');
		const { page, context } = opened;
		await context.route('**/trpc/**', (route) => route.fulfill({ status: 503, body: 'down' }));
		await page.goto(`${app.url}/dashboard`);
		await page.getByText('The figures could not be loaded.').waitFor();
		await page.getByText('The traces could not be loaded.').waitFor();
		expect(await textOf(page, '[data-testid="liveliness"]')).toBe('Not connected');
		await expectSound(page);
		// The news stay away, for they would bring everything too, and take the button from under the pointer.
		await context.route('**/trpc/traces.live**', (route) => route.fulfill({ status: 503, body: 'down' }));
		await context.unroute('**/trpc/**');
		await page.getByRole('button', { name: 'Try again' }).first().click();
		await expectListed(page, '');
		await page.getByTestId('bottleneck').waitFor();
		await eventually(() => page.getByRole('alert').count()).toBe(0);
	});
});

describe.each(LOOKS)('in $name', (look) => {
	it('has no axe violation, fits the window, and every control is reached by keyboard', async () => {
		await using opened = await openPage(browser, `${app.url}/dashboard?q=a`, look);
		const { page } = opened;
		await page.getByTestId('bottleneck').waitFor();
		await page.locator(ROW).first().waitFor();
		for (const summary of await page.getByText('Show as a table').all()) await summary.click();
		await expectSound(page);

		const wanted = await page
			.locator('main :is(a[href], button, input, select, summary, [tabindex="0"])')
			.evaluateAll(
				(controls) =>
					controls.filter((control) => control.checkVisibility({ visibilityProperty: true })).length
			);
		await page.locator('#main').focus();
		const reached = await page.evaluate(() => document.querySelectorAll('#main :focus').length);
		expect(reached).toBe(0);
		for (let press = 0; press < wanted; press++) {
			await page.keyboard.press('Tab');
			await page.evaluate(() => document.activeElement?.setAttribute('data-reached', ''));
		}
		expect(await page.locator('main [data-reached]').count()).toBe(wanted);
	});
});
