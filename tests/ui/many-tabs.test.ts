import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AskResponse } from '#lib/contract/ask.ts';
import { startCuttingProxy } from '../fixtures/cutting-proxy.ts';
import { ChatPage, startChatTest, type ChatTest } from './chat-page.ts';
import { eventually, textOf } from './page-checks.ts';

/** As many connections as a browser keeps to a host over HTTP/1.1. */
const TABS = 6;

const question = 'How far apart do I plant apple trees?';
const liveliness = (page: Page) => textOf(page, '[data-testid="liveliness"]');

describe('six tabs of one browser', () => {
	let test: ChatTest;
	beforeAll(async () => {
		test = await startChatTest();
	});
	afterAll(() => test?.[Symbol.asyncDispose]());

	/** Tabs of a window, each with the dashboard. */
	async function openDashboards(url = test.http.app.url) {
		const context = await test.browser.newContext();
		const tabs: Page[] = [];
		for (let tab = 0; tab < TABS; tab++) {
			const page = await newTab(context, `${url}/dashboard`);
			await eventually(() => liveliness(page)).toBe('Live');
			tabs.push(page);
		}
		return { context, tabs, [Symbol.asyncDispose]: () => context.close() };
	}
	async function newTab(context: BrowserContext, address: string): Promise<Page> {
		const page = await context.newPage();
		page.setDefaultTimeout(20_000);
		await page.goto(address);
		return page;
	}
	async function ask(): Promise<AskResponse> {
		const response = await test.http.post('/ask', { question, library: 'orchard' });
		expect(response.status).toBe(200);
		return (await response.json()) as AskResponse;
	}
	const shows = (page: Page, { trace_id }: AskResponse) =>
		page.locator(`tr[data-trace="${trace_id}"]`, { hasText: 'Answered' }).waitFor();

	it('leave connections for one more, where a question is answered, and all hear of it', async () => {
		await using opened = await openDashboards();
		const chat = new ChatPage(await newTab(opened.context, test.http.app.url));
		await chat.ready();
		await chat.ask(question);
		await chat.over();
		const asked = await ask();
		for (const page of opened.tabs) await shows(page, asked);
	});

	it('go on hearing when the one that listens for them is closed', async () => {
		await using opened = await openDashboards();
		const [first, ...others] = opened.tabs;
		await first!.close();
		for (const page of others) await eventually(() => liveliness(page)).toBe('Live');
		const asked = await ask();
		for (const page of others) await shows(page, asked);
	});

	it('none says that it is live while none listens, and then all hear what was asked meanwhile', async () => {
		await using opened = await openDashboards();
		const connects = Promise.withResolvers<void>();
		await opened.context.route('**/trpc/traces.live*', async (route) => {
			await connects.promise;
			await route.continue();
		});
		const [first, ...others] = opened.tabs;
		await first!.close();
		// Sooner than the attempt to connect is given up.
		for (const page of others) {
			await expect.poll(() => liveliness(page), { timeout: 10_000 }).toBe('Reconnecting');
		}
		const asked = await ask();
		connects.resolve();
		for (const page of others) {
			await shows(page, asked);
			await eventually(() => liveliness(page)).toBe('Live');
		}
	});

	it('all say that the connection is lost, and catch up when it is back', async () => {
		await using proxy = await startCuttingProxy(test.http.app.url);
		await using opened = await openDashboards(proxy.url);
		proxy.refuse(true);
		proxy.cut();
		for (const page of opened.tabs) await eventually(() => liveliness(page)).not.toBe('Live');
		const asked = await ask();
		proxy.refuse(false);
		for (const page of opened.tabs) {
			await shows(page, asked);
			await eventually(() => liveliness(page)).toBe('Live');
		}
	});
});
