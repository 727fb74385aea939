import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GUESSES_PER_ADDRESS } from '#lib/server/transport/key-guesses.ts';
import { startApp } from '../fixtures/app-server.ts';
import { tempFolder } from '../fixtures/temp-folder.ts';
import { startHttpTest, type HttpTest } from './setup.ts';

const ASK_KEY = 'ask-key-of-the-widget';
const ADMIN_KEY = 'admin-key-of-the-owner';
const friend = 'https://docs.example.com';
const question = 'How do I plant apple trees?';
const json = { 'content-type': 'application/json' };
let test: HttpTest;
beforeAll(async () => {
	test = await startHttpTest({
		env: { API_KEYS: `ask:${ASK_KEY}, admin:${ADMIN_KEY}`, ALLOWED_ORIGINS: friend }
	});
});
afterAll(() => test?.[Symbol.asyncDispose]());

const logIn = (key: unknown, headers: Record<string, string> = {}) =>
	test.post('/session', { key }, { headers: { ...json, ...headers } });
const cookieOf = (response: Response) => response.headers.getSetCookie()[0]!.split(';', 1)[0]!;
const sessionOf = async (key: string) => ({ cookie: cookieOf(await logIn(key)) });

describe('logging in', () => {
	it('exchanges a key for a cookie that scripts cannot read and other sites cannot use', async () => {
		const response = await logIn(ASK_KEY);
		expect([response.status, await response.json()]).toEqual([200, { scope: 'ask' }]);
		const [cookie] = response.headers.getSetCookie();
		expect(cookie).toMatch(/^citelight=[\w.-]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
		expect(cookie).not.toContain(ASK_KEY);
	});

	it('marks the cookie as secure when the browser came over https', async () => {
		const { host } = new URL(test.app.url);
		const response = await logIn(ADMIN_KEY, { origin: `https://${host}`, 'sec-fetch-site': 'same-origin' });
		const [cookie] = response.headers.getSetCookie();
		expect(cookie).toMatch(/^__Host-citelight=.*; HttpOnly; SameSite=Strict; Secure$/);
		expect((await test.get('/traces', { headers: { cookie: cookieOf(response) } })).status).toBe(200);
	});

	it.each([
		['a wrong key', { key: 'wrong' }, 401],
		['no key', {}, 400],
		['an empty one', { key: ' ' }, 400],
		['something else', { key: 7 }, 400],
		['a long one', { key: 'x'.repeat(1001) }, 400]
	])('with %s says what is wrong and sets no cookie', async (_name, body, status) => {
		const response = await test.post('/session', body);
		expect(response.status).toBe(status);
		expect(response.headers.getSetCookie()).toEqual([]);
		expect(await response.text()).not.toMatch(/ask-key|admin-key/);
	});

	it('is for our own pages, and not for a form', async () => {
		expect((await logIn(ASK_KEY, { origin: 'http://evil.example' })).status).toBe(403);
		expect((await logIn(ASK_KEY, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
		const form = { 'content-type': 'application/x-www-form-urlencoded' };
		expect(
			(await test.get('/session', { method: 'POST', body: `key=${ASK_KEY}`, headers: form })).status
		).toBe(415);
	});
});

describe('a session', () => {
	it('opens what its key opens', async () => {
		const [ask, admin] = [await sessionOf(ASK_KEY), await sessionOf(ADMIN_KEY)];
		expect((await test.get('/libraries', { headers: ask })).status).toBe(200);
		expect((await test.get('/traces', { headers: ask })).status).toBe(403);
		expect((await test.get('/trpc/stats', { headers: ask })).status).toBe(403);
		expect((await test.get('/traces', { headers: admin })).status).toBe(200);
		const asked = await test.post('/ask', { question }, { headers: { ...json, ...ask } });
		expect(asked.status).toBe(200);
	});

	it('is not enough for a foreign page to spend, change or end anything', async () => {
		const session = await sessionOf(ADMIN_KEY);
		const calls = test.model.calls.length;
		const input = encodeURIComponent(JSON.stringify({ question }));
		const foreigners: Record<string, string>[] = [
			{ origin: 'http://evil.example' },
			{ origin: 'null' },
			{ 'sec-fetch-site': 'cross-site' },
			{ 'sec-fetch-site': 'same-site' }
		];
		for (const foreign of foreigners) {
			const headers = { ...json, ...session, ...foreign };
			for (const [method, path] of [
				['POST', '/ask'],
				['POST', '/ask/stream'],
				['POST', '/trpc/start'],
				['POST', '/feedback'],
				['DELETE', '/session'],
				['DELETE', '/traces/some-id'],
				['GET', `/trpc/ask?input=${input}`]
			] as const) {
				const body = method === 'POST' ? JSON.stringify({ question }) : undefined;
				const { status } = await test.get(path, { method, headers, body });
				expect([method, path, status]).toEqual([method, path, 403]);
			}
		}
		expect(test.model.calls.length).toBe(calls);
		expect((await test.get('/traces', { headers: session })).status).toBe(200);
	});

	it('ends with the log-out, for every copy of the cookie', async () => {
		const session = await sessionOf(ASK_KEY);
		const response = await test.get('/session', { method: 'DELETE', headers: session });
		expect(response.status).toBe(204);
		expect(response.headers.getSetCookie().map((cookie) => cookie.split(';')[0])).toEqual([
			'citelight=',
			'__Host-citelight='
		]);
		expect((await test.get('/libraries', { headers: session })).status).toBe(401);
		expect((await test.get('/session', { method: 'DELETE' })).status).toBe(204);
	});
});

describe('an ended session', () => {
	it('stays ended when the server is started again, and others stay open', async () => {
		await using data = await tempFolder();
		const env = { API_KEYS: `ask:${ASK_KEY}` };
		const begin = async (url: string) => {
			const body = JSON.stringify({ key: ASK_KEY });
			return { cookie: cookieOf(await fetch(`${url}/session`, { method: 'POST', headers: json, body })) };
		};
		const status = async (url: string, headers: Record<string, string>) =>
			(await fetch(`${url}/libraries`, { headers })).status;
		let ended: Record<string, string>, open: Record<string, string>;
		{
			await using app = await startApp({ dataDir: data.path, env });
			ended = await begin(app.url);
			open = await begin(app.url);
			expect(open).not.toEqual(ended);
			await fetch(`${app.url}/session`, { method: 'DELETE', headers: ended });
			expect([await status(app.url, ended), await status(app.url, open)]).toEqual([401, 200]);
			await app.stop('SIGKILL');
		}
		await using again = await startApp({ dataDir: data.path, env });
		expect([await status(again.url, ended), await status(again.url, open)]).toEqual([401, 200]);
	});
});

describe('a guesser', () => {
	it('is refused with the time to wait, over every door, and locks out nobody beside', async () => {
		await using test = await startHttpTest({ env: { API_KEYS: `ask:${ASK_KEY}`, TRUSTED_PROXIES: '1' } });
		const from = (address: string, more: Record<string, string> = {}) => ({
			headers: { ...json, 'x-forwarded-for': address, ...more }
		});
		const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
		const neighbour = bearer(ASK_KEY);
		expect((await test.get('/libraries', from('1.1.1.1', neighbour))).status).toBe(200);
		for (let count = 0; count < GUESSES_PER_ADDRESS / 2; count += 1) {
			expect((await test.get('/libraries', from('1.1.1.1', bearer(`guess-${count}`)))).status).toBe(401);
			expect((await test.post('/session', { key: `log-in-${count}` }, from('1.1.1.1'))).status).toBe(401);
		}
		const more = bearer('another-guess');
		const refused = [
			await test.post('/session', { key: 'another-guess' }, from('1.1.1.1')),
			await test.get('/libraries', from('1.1.1.1', more)),
			await test.get('/traces', from('1.1.1.1', more)),
			await test.get('/', from('1.1.1.1', more)),
			await test.post('/ask', { question }, from('1.1.1.1', more)),
			await test.get(
				`/trpc/ask?input=${encodeURIComponent(JSON.stringify({ question }))}`,
				from('1.1.1.1', more)
			)
		];
		for (const response of refused) {
			expect(response.status).toBe(429);
			expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
			expect(await response.json()).toMatchObject({ code: 'rate_limited' });
		}
		expect((await test.get('/libraries', from('1.1.1.1', neighbour))).status).toBe(200);
		expect((await test.post('/session', { key: ASK_KEY }, from('1.1.1.1'))).status).toBe(200);
		expect((await test.post('/session', { key: ASK_KEY }, from('2.2.2.2'))).status).toBe(200);
		expect((await test.get('/livez', from('1.1.1.1', more))).status).toBe(200);
		expect(test.model.calls).toEqual([]);
	});
});

describe('a page without a session', () => {
	it('leads to the log-in, and back again', async () => {
		const html = { accept: 'text/html' };
		const to = async (path: string) => {
			const response = await test.get(path, { headers: html, redirect: 'manual' });
			return [response.status, response.headers.get('location')];
		};
		expect(await to('/')).toEqual([303, '/login']);
		expect(await to('/?library=orchard')).toEqual([303, '/login?next=%2F%3Flibrary%3Dorchard']);
		expect(await to('/dashboard/traces/x')).toEqual([303, '/login?next=%2Fdashboard%2Ftraces%2Fx']);
		expect(await to('/login')).toEqual([200, null]);
		expect((await to('/no-such-page'))[0]).toBe(404);
	});

	it('and its assets hold nothing', async () => {
		const page = await (await test.get('/login')).text();
		expect(page).not.toMatch(/orchard|harbor|apple/);
		const asset = /\.(\/_app\/immutable\/[^"]+\.js)/.exec(page)?.[1];
		expect((await test.get(asset!)).status).toBe(200);
	});
});

describe('a page of an allowed origin', () => {
	it.each([
		'/ask',
		'/ask/stream',
		'/ask/some-id',
		'/search',
		'/traces',
		'/trpc/ask',
		'/trpc/start',
		'/libraries'
	])('may use %s with a key, never with a cookie', async (path) => {
		const asked = {
			'access-control-request-method': 'POST',
			'access-control-request-headers': 'authorization'
		};
		for (const [origin, granted] of [
			[friend, friend],
			['https://docs.example.com.evil.example', null],
			['http://docs.example.com', null],
			['https://DOCS.example.com', null],
			['null', null]
		] as const) {
			const { status, headers } = await test.get(path, { method: 'OPTIONS', headers: { origin, ...asked } });
			expect(status).toBe(204);
			expect(headers.get('access-control-allow-origin')).toBe(granted);
			expect(headers.get('access-control-allow-headers') ?? '').toMatch(granted ? /Authorization/ : /^$/);
			expect(headers.get('access-control-allow-credentials')).toBeNull();
			expect(headers.get('vary')).toContain('Origin');
		}
	});
});
