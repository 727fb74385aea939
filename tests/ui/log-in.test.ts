import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHttpTest, type HttpTest } from '../http/setup.ts';
import { openBrowser } from './browser.ts';
import { ChatPage } from './chat-page.ts';
import { expectSound, LOOKS, openPage, plain } from './page-checks.ts';

const ASK_KEY = 'ask-key-of-the-widget';
const ADMIN_KEY = 'admin-key-of-the-owner';
let test: HttpTest;
let browser: Browser;
beforeAll(async () => {
	[test, browser] = await Promise.all([
		startHttpTest({ env: { API_KEYS: `ask:${ASK_KEY},admin:${ADMIN_KEY}` } }),
		openBrowser()
	]);
});
afterAll(async () => {
	await browser?.close();
	await test?.[Symbol.asyncDispose]();
});

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });

async function open(path: string) {
	const opened = await openPage(browser, test.app.url + path);
	opened.page.setDefaultTimeout(15_000);
	return opened;
}

/** Types a key and sends it, once the page is awake. */
async function logIn(page: Page, key: string): Promise<void> {
	await page.getByLabel('Key').fill(key);
	await page.getByRole('button', { name: 'Log in' }).click();
}

describe('a reader with a key', () => {
	it('logs in, asks, looks at the dashboard and the trace, and logs out', async () => {
		await using opened = await open('/');
		const { page, context } = opened;
		await heading(page, 'Log in').waitFor();
		await logIn(page, ADMIN_KEY);

		const chat = new ChatPage(page);
		await chat.ready();
		await chat.ask('How do I plant apple trees?');
		await chat.over();
		expect(plain(await chat.answer.innerText())).not.toBe('');

		await page.getByRole('link', { name: 'Dashboard' }).click();
		await heading(page, 'Dashboard').waitFor();
		await page.getByRole('link', { name: /How do I plant apple trees/ }).click();
		await heading(page, /How do I plant apple trees/).waitFor();
		const trace = page.url();
		// What the server renders is open to the same reader.
		await page.reload();
		await heading(page, /How do I plant apple trees/).waitFor();

		const kept = await page.evaluate(() => ({
			cookie: document.cookie,
			storage: JSON.stringify([{ ...localStorage }, { ...sessionStorage }])
		}));
		expect(kept.cookie).toBe('');
		expect(kept.storage).not.toContain(ADMIN_KEY);
		const [cookie] = await context.cookies();
		expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
		expect(JSON.stringify(await context.cookies())).not.toContain(ADMIN_KEY);

		await page.getByRole('button', { name: 'Log out' }).click();
		await heading(page, 'Log in').waitFor();
		expect(await page.getByRole('button', { name: 'Log out' }).count()).toBe(0);
		expect(await context.cookies()).toEqual([]);
		await page.goto(trace);
		await heading(page, 'Log in').waitFor();
		expect(await page.content()).not.toContain('How do I plant');
	});

	it('never has the key in an address', async () => {
		await using opened = await open('/dashboard');
		const { page } = opened;
		const asked: string[] = [];
		page.on('request', (request) => asked.push(request.url()));
		await logIn(page, ADMIN_KEY);
		await heading(page, 'Dashboard').waitFor();
		expect(asked.length).toBeGreaterThan(1);
		expect(asked.filter((address) => address.includes(ADMIN_KEY))).toEqual([]);
	});

	it('comes to where the way was leading', async () => {
		await using opened = await open('/dashboard?window=24h');
		const { page } = opened;
		await logIn(page, ADMIN_KEY);
		await heading(page, 'Dashboard').waitFor();
		expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe('/dashboard?window=24h');
	});

	it.each([
		'//evil.example/x',
		'https://evil.example',
		'/\\evil.example',
		'javascript:alert(1)',
		'/\t/evil.example'
	])('is not led astray by %j', async (next) => {
		await using opened = await open(`/login?next=${encodeURIComponent(next)}`);
		const { page } = opened;
		await logIn(page, ADMIN_KEY);
		await new ChatPage(page).ready();
		expect(page.url()).toBe(`${test.app.url}/`);
	});
});

describe('a key that may only ask', () => {
	it('asks, and is told plainly that the dashboard is closed', async () => {
		await using opened = await open('/');
		const { page } = opened;
		await logIn(page, ASK_KEY);
		const chat = new ChatPage(page);
		await chat.ready();
		await chat.ask('When do I prune cherry trees?');
		await chat.over();
		expect(plain(await chat.answer.innerText())).not.toBe('');
		// Nothing leads to what does not open.
		await chat.turn.getByText('first token').waitFor();
		expect(await chat.turn.getByRole('link', { name: 'Trace' }).count()).toBe(0);
		for (const path of ['/dashboard', '/dashboard/traces/some-id']) {
			await page.goto(test.app.url + path);
			await heading(page, 'Your key may ask, but not look in here').waitFor();
			expect(plain(await page.locator('main').innerText())).toContain('admin');
			await expectSound(page);
		}
		// Logging out there leads to another key.
		await page.locator('main').getByRole('button', { name: 'Log out' }).click();
		await heading(page, 'Log in').waitFor();
	});
});

describe('a wrong key', () => {
	it('is said to be wrong, and can be put right', async () => {
		await using opened = await open('/');
		const { page, context } = opened;
		await logIn(page, 'wrong-key');
		await page.getByRole('alert').getByText('This key is not valid here').waitFor();
		expect(await context.cookies()).toEqual([]);
		await expectSound(page);
		await logIn(page, ASK_KEY);
		await new ChatPage(page).ready();
	});
});

describe('a reader who comes by a link on another site', () => {
	it('is still logged in', async () => {
		await using opened = await open('/');
		const { page } = opened;
		await logIn(page, ADMIN_KEY);
		await new ChatPage(page).ready();
		const target = `${test.app.url}/dashboard`;
		await page.route('http://elsewhere.example/', (route) =>
			route.fulfill({ contentType: 'text/html', body: `<a href="${target}">the dashboard</a>` })
		);
		await page.goto('http://elsewhere.example/');
		const first = page.waitForRequest(target);
		await page.getByRole('link').click();
		// The cookie stays at home with the first request; the page then finds out by itself.
		expect(await (await first).headerValue('cookie')).toBeNull();
		await heading(page, 'Dashboard').waitFor();
		expect(page.url()).toBe(target);
	});
});

describe('the log-in page in every size and theme', () => {
	it.each(LOOKS)('has no axe violation and fits the window: $name', async (look) => {
		await using opened = await openPage(browser, `${test.app.url}/login`, look);
		const { page } = opened;
		await heading(page, 'Log in').waitFor();
		// Until its script has taken over the button is off.
		await page.locator('button:enabled', { hasText: 'Log in' }).waitFor();
		await expectSound(page);
		// With the way out in the header.
		await logIn(page, ASK_KEY);
		await new ChatPage(page).ready();
		await expectSound(page);
		await page.goto(`${test.app.url}/login`);
		await heading(page, 'You are logged in').waitFor();
		await expectSound(page);
	});
});
