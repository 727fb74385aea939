import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TraceSummary } from '#lib/contract/trace.ts';
import { startHttpTest, type HttpTest } from '../http/setup.ts';
import { openBrowser } from './browser.ts';
import { ChatPage } from './chat-page.ts';

const KEY = 'a-key-for-everything';
const question = 'How do I plant apple trees?';
let open: HttpTest;
let guarded: HttpTest;
let browser: Browser;
beforeAll(async () => {
	[open, guarded, browser] = await Promise.all([
		startHttpTest(),
		startHttpTest({ env: { API_KEYS: KEY } }),
		openBrowser()
	]);
	for (let asked = 0; asked < 3; asked++) expect((await open.post('/ask', { question })).status).toBe(200);
});
afterAll(async () => {
	await browser?.close();
	await guarded?.[Symbol.asyncDispose]();
	await open?.[Symbol.asyncDispose]();
});

/** Every page, and what a reader does there that loads or shows something. */
const visits: [name: string, path: () => Promise<string>, use: (page: Page) => Promise<void>][] = [
	[
		'the chat',
		async () => '/',
		async (page) => {
			const chat = new ChatPage(page);
			await chat.ready();
			await chat.ask(question);
			await chat.over();
			await chat.answer
				.getByRole('button', { name: /^Source/ })
				.first()
				.click();
			await chat.passage.waitFor();
			await page.keyboard.press('Escape');
			await page.getByRole('radio', { name: 'Dark' }).click();
			await page.getByRole('radio', { name: 'Light' }).click();
		}
	],
	[
		'the dashboard',
		async () => '/dashboard?window=all',
		async (page) => {
			await page.getByRole('link', { name: question }).first().waitFor();
			const charts = await page.locator('.chart').all();
			expect(charts.length).toBeGreaterThan(0);
			for (const chart of charts) await chart.hover();
		}
	],
	[
		'a trace',
		async () => {
			const [trace] = await open.json<TraceSummary[]>('/traces?limit=1');
			return `/dashboard/traces/${trace!.trace_id}`;
		},
		async (page) => {
			await page.getByRole('heading', { level: 1, name: question }).waitFor();
			for (const summary of await page.locator('summary').all()) await summary.click();
		}
	],
	[
		'a trace that is not there',
		async () => '/dashboard/traces/none',
		(page) => page.getByRole('heading', { level: 1, name: 'There is no such trace' }).waitFor()
	],
	[
		'a page that is not there',
		async () => '/nothing/here',
		(page) => page.getByRole('heading', { level: 1, name: 'There is no such page' }).waitFor()
	],
	[
		'the log-in page of a server without keys',
		async () => '/login',
		(page) => page.getByRole('heading', { level: 1, name: 'No key is needed here' }).waitFor()
	]
];

/** Opens a page and gives what it asked of others, and what its content policy had to stop. */
async function watch(address: string, use: (page: Page) => Promise<void>) {
	const context = await browser.newContext();
	try {
		const stopped: string[] = [];
		const left: string[] = [];
		await context.exposeFunction('reportViolation', (text: string) => stopped.push(text));
		await context.addInitScript(() => {
			document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) => {
				const { reportViolation } = window as unknown as { reportViolation(text: string): void };
				reportViolation(`${violatedDirective} ${blockedURI} ${sample}`);
			});
		});
		context.on('request', (request) => {
			const url = new URL(request.url());
			if (url.protocol !== 'data:' && url.origin !== new URL(address).origin) left.push(url.href);
		});
		const page = await context.newPage();
		page.setDefaultTimeout(15_000);
		const response = await page.goto(address);
		await use(page);
		return { stopped, left, policy: (await response!.allHeaders())['content-security-policy'] ?? '', page };
	} finally {
		await context.close();
	}
}

describe('every page', () => {
	it.each(visits)('asks nothing of others and is within its content policy: %s', async (_name, path, use) => {
		const { stopped, left, policy } = await watch(open.app.url + (await path()), use);
		expect({ stopped, left }).toEqual({ stopped: [], left: [] });
		const directives = new Map(policy.split('; ').map((part) => [part.split(' ', 1)[0], part] as const));
		expect(directives.get('default-src')).toBe("default-src 'self'");
		expect(directives.get('script-src')).toMatch(/^script-src 'self'( 'nonce-[^']+')?$/);
		expect(directives.get('style-src')).not.toContain('unsafe-inline');
		expect(directives.get('connect-src')).toBe("connect-src 'self'");
		expect(directives.get('frame-ancestors')).toBe("frame-ancestors 'none'");
		expect(directives.get('base-uri')).toBe("base-uri 'none'");
		expect(directives.get('object-src')).toBe("object-src 'none'");
	});

	it('does so where keys are asked for, too', async () => {
		const { stopped, left } = await watch(`${guarded.app.url}/dashboard`, async (page) => {
			await page.getByLabel('Key').fill(KEY);
			await page.getByRole('button', { name: 'Log in' }).click();
			await page.getByRole('heading', { level: 1, name: 'Dashboard' }).waitFor();
		});
		expect({ stopped, left }).toEqual({ stopped: [], left: [] });
	});

	it('would tell if something were stopped', async () => {
		const { stopped } = await watch(`${open.app.url}/login`, async (page) => {
			await page.evaluate(() => {
				const script = document.createElement('script');
				script.textContent = 'window.ran = true';
				document.body.append(script);
				const style = document.createElement('style');
				style.textContent = 'body { color: red }';
				document.body.append(style);
				const image = document.createElement('img');
				image.src = 'https://canary.invalid/x.png';
				document.body.append(image);
			});
			expect(await page.evaluate(() => Reflect.get(window, 'ran') as unknown)).toBeUndefined();
		});
		expect(stopped.map((text) => text.split(' ', 1)[0]).sort()).toEqual([
			'img-src',
			'script-src-elem',
			'style-src-elem'
		]);
	});
});

describe('every answer', () => {
	it.each([
		'/',
		'/login',
		'/nothing/here',
		'/libraries',
		'/traces',
		'/trpc/libraries',
		'/livez',
		'/favicon.svg',
		'/theme.js'
	])('says what it must not be used for: %s', async (path) => {
		const { headers } = await open.get(path, { headers: { accept: 'text/html' } });
		expect(headers.get('x-content-type-options')).toBe('nosniff');
		if (path.includes('.')) return;
		expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
		expect(headers.get('x-frame-options')).toBe('DENY');
		expect(headers.get('referrer-policy')).toBe('same-origin');
		expect(headers.get('permissions-policy')).toContain('camera=()');
		expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
	});
});
