import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AskResponse } from '#lib/contract/ask.ts';
import type { Stats } from '#lib/contract/stats.ts';
import { startHttpTest, type HttpTest } from '../http/setup.ts';
import { answer, errorStatus, gate } from '../fixtures/model-server.ts';
import { openBrowser } from './browser.ts';
import { eventually, expectSound, LOOKS, openPage, plain, textOf } from './page-checks.ts';

/** Slow enough that generation is the bottleneck beyond doubt. */
const slowModel = {
	script: answer(['Plant', ' them', ' four', ' metres', ' apart', ' [1].'], { everyMs: 60 })
};
const question = 'How far apart do I plant apple trees?';

let browser: Browser;
beforeAll(async () => {
	browser = await openBrowser();
});
afterAll(() => browser?.close());

async function ask(test: HttpTest, words = question): Promise<AskResponse> {
	const response = await test.post('/ask', { question: words, library: 'orchard' });
	expect(response.status).toBe(200);
	return (await response.json()) as AskResponse;
}
const row = (page: Page, traceId: string) => page.locator(`tr[data-trace="${traceId}"]`);
const liveliness = (page: Page) => textOf(page, '[data-testid="liveliness"]');
const total = (page: Page) => textOf(page, '[data-testid="figure-total-queries"]');

describe('before the first question', () => {
	let test: HttpTest;
	beforeAll(async () => {
		test = await startHttpTest({ model: slowModel });
	});
	afterAll(() => test?.[Symbol.asyncDispose]());

	it.each(LOOKS)('in $name the dashboard says how to ask it, without axe violations', async (look) => {
		await using opened = await openPage(browser, `${test.app.url}/dashboard`, look);
		const { page } = opened;
		await page.getByRole('heading', { name: 'No questions yet' }).waitFor();
		await expectSound(page);
		expect(await page.getByRole('link', { name: 'Ask a question' }).getAttribute('href')).toBe('/');
	});

	it('the first question turns the empty dashboard into a full one, without a reload', async () => {
		await using opened = await openPage(browser, `${test.app.url}/dashboard`);
		const { page } = opened;
		await page.getByRole('heading', { name: 'No questions yet' }).waitFor();
		await eventually(() => liveliness(page)).toBe('Live');
		const { trace_id } = await ask(test);
		await row(page, trace_id).waitFor();
		await eventually(() => total(page)).toBe('1');
	});
});

describe('with questions', () => {
	let test: HttpTest;
	beforeAll(async () => {
		test = await startHttpTest({ model: slowModel });
		await ask(test);
		await ask(test, 'When do I prune apple trees?');
	});
	afterAll(() => test?.[Symbol.asyncDispose]());

	it('says that a slow model is the bottleneck, with its true share', async () => {
		await using opened = await openPage(browser, `${test.app.url}/dashboard`);
		const { page } = opened;
		await page.getByTestId('bottleneck').waitFor();
		const stats = await test.json<Stats>('/stats');
		const sentence = await textOf(page, '[data-testid="bottleneck"]');
		expect(sentence).toMatch(/^Generation takes \d+ % of an average answer: \S+ m?s of \S+ m?s\.$/);
		expect(Number(/takes (\d+)/.exec(sentence)?.[1])).toBe(
			Math.round((100 * stats.avg_generation_ms!) / stats.avg_latency_ms!)
		);
	});

	it('shows a question as it is asked, then how it ended, and counts it', async () => {
		await using opened = await openPage(browser, `${test.app.url}/dashboard`);
		const { page } = opened;
		await page.locator('tr[data-trace]').first().waitFor();
		await eventually(() => liveliness(page)).toBe('Live');
		const before = Number(await total(page));
		const release = Promise.withResolvers<void>();
		test.model.queue(answer(['Autumn', gate(release.promise), ' [1].']));
		const asked = ask(test, 'In which season are apple trees planted?');
		const first = page.locator('tr[data-trace]').first();
		await eventually(async () => plain(await first.innerText())).toMatch(/^Running.*In which season/);
		release.resolve();
		const { trace_id } = await asked;
		await eventually(async () => plain(await row(page, trace_id).innerText())).toMatch(/^Answered/);
		await eventually(() => total(page)).toBe(String(before + 1));
	});

	it('moves no row under the pointer: what is new waits until it is asked for', async () => {
		await using opened = await openPage(browser, `${test.app.url}/dashboard`);
		const { page } = opened;
		const first = page.locator('tr[data-trace]').first();
		await first.waitFor();
		await eventually(() => liveliness(page)).toBe('Live');
		await first.scrollIntoViewIfNeeded();
		await first.hover();
		const shown = await first.getAttribute('data-trace');
		const place = await first.boundingBox();
		const { trace_id } = await ask(test, 'Where do pear trees grow best?');
		const waiting = page.getByTestId('waiting');
		await waiting.waitFor();
		expect(plain(await waiting.innerText())).toBe('Show 1 new');
		expect(await first.getAttribute('data-trace')).toBe(shown);
		expect(await first.boundingBox()).toEqual(place);
		await waiting.focus();
		await page.keyboard.press('Enter');
		await eventually(() => first.getAttribute('data-trace')).toBe(trace_id);
		expect(await waiting.isVisible()).toBe(false);
	});

	it('lists a failed question as failed and leaves it out of the averages', async () => {
		const before = await test.json<Stats>('/stats');
		test.model.queue(errorStatus(400));
		const failed = await test.post('/ask', { question: 'When do I water trees?', library: 'orchard' });
		expect(failed.status).toBeGreaterThanOrEqual(400);
		await using opened = await openPage(browser, `${test.app.url}/dashboard?status=error`);
		const { page } = opened;
		await page.getByText('When do I water trees?').waitFor();
		expect(await textOf(page, '[data-testid="status-error"] b')).toBe('1');
		const after = await test.json<Stats>('/stats');
		expect(after.avg_latency_ms).toBe(before.avg_latency_ms);
	});

	it('rests while the page is hidden, and catches up when it is looked at again', async () => {
		await using opened = await openPage(browser, `${test.app.url}/dashboard`);
		const { page } = opened;
		await page.locator('tr[data-trace]').first().waitFor();
		await eventually(() => liveliness(page)).toBe('Live');
		const show = (state: string) =>
			page.evaluate((state) => {
				Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
				document.dispatchEvent(new Event('visibilitychange'));
			}, state);
		await show('hidden');
		await eventually(() => liveliness(page)).toBe('Paused');
		const { trace_id } = await ask(test, 'How are cherry trees pruned?');
		expect(await row(page, trace_id).count()).toBe(0);
		await show('visible');
		await row(page, trace_id).waitFor();
		await eventually(() => liveliness(page)).toBe('Live');
	});

	it('says that it is live when it is connected, and then shows what was asked since it was loaded', async () => {
		await using opened = await openPage(browser, 'about:blank');
		const { page, context } = opened;
		const connects = Promise.withResolvers<void>();
		await context.route('**/trpc/traces.live*', async (route) => {
			await connects.promise;
			await route.continue();
		});
		await page.goto(`${test.app.url}/dashboard`);
		await page.locator('tr[data-trace]').first().waitFor();
		await eventually(() => liveliness(page)).toBe('Connecting');
		const before = Number(await total(page));
		const { trace_id } = await ask(test, 'Which trees stand by a warm wall?');
		expect(await row(page, trace_id).count()).toBe(0);
		connects.resolve();
		await eventually(async () => plain(await row(page, trace_id).innerText())).toMatch(/^Answered/);
		await eventually(() => liveliness(page)).toBe('Live');
		await eventually(() => total(page)).toBe(String(before + 1));
	});

	it('shows a question that is asked and answered while an older list is on its way', async () => {
		await using opened = await openPage(browser, 'about:blank');
		const { page, context } = opened;
		const arrive = Promise.withResolvers<void>();
		let lists = 0;
		await context.route(/traces\.list/, async (route) => {
			const response = await route.fetch();
			lists += 1;
			await arrive.promise;
			await route.fulfill({ response });
		});
		await page.goto(`${test.app.url}/dashboard`);
		await eventually(() => liveliness(page)).toBe('Live');
		// One as the page is loaded, one as the connection is opened.
		await eventually(() => lists).toBe(2);
		const figures = page.waitForRequest(/\/trpc\/stats\?/);
		const { trace_id } = await ask(test, 'Which trees are grafted on quince?');
		// They are fetched again when the page has heard of a question.
		await figures;
		arrive.resolve();
		await eventually(async () => plain(await row(page, trace_id).innerText())).toMatch(/^Answered/);
	});

	it('asks from time to time when the live connection cannot be had', async () => {
		await using opened = await openPage(browser, 'about:blank');
		const { page, context } = opened;
		await context.route('**/trpc/traces.live*', (route) => route.abort());
		// The clock is the page's own: the pauses between attempts pass as fast as the test asks.
		await page.clock.install();
		await page.goto(`${test.app.url}/dashboard`);
		await eventually(async () => {
			await page.clock.runFor(1000);
			return liveliness(page);
		}).toBe('Every 10 s');
		const { trace_id } = await ask(test, 'What do pear trees like?');
		await eventually(async () => {
			await page.clock.runFor(1000);
			return row(page, trace_id).count();
		}).toBe(1);
	});
});
