import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawRequest } from './raw-request.ts';
import { startHttpTest, type HttpTest } from './setup.ts';

const question = 'How do I plant apple trees?';
const friend = 'https://docs.example.com';
const input = encodeURIComponent(JSON.stringify({ question }));
let test: HttpTest;
beforeAll(async () => {
	test = await startHttpTest({ env: { ALLOWED_ORIGINS: friend } });
});
afterAll(() => test?.[Symbol.asyncDispose]());

/** Everything that spends or changes something, GET subscriptions included. */
const spending: [method: string, path: string][] = [
	['POST', '/ask'],
	['POST', '/ask/stream'],
	['GET', '/ask/stream/some-run'],
	['DELETE', '/ask/some-run'],
	['POST', '/search'],
	['POST', '/feedback'],
	['GET', `/trpc/ask?input=${input}`],
	['GET', '/trpc/traces.live'],
	['POST', '/trpc/start'],
	['POST', '/trpc/ask_once'],
	['POST', '/trpc/cancel']
];

describe('a page of a foreign origin', () => {
	const evil = [
		{ origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' },
		{ origin: 'http://evil.example' },
		{ 'sec-fetch-site': 'cross-site' },
		{ 'sec-fetch-site': 'same-site' }
	];
	const link = {
		'sec-fetch-site': 'cross-site',
		'sec-fetch-mode': 'navigate',
		'sec-fetch-dest': 'document'
	};

	it.each(spending)('may not %s %s, nor by a link', async (method, path) => {
		const body = method === 'POST' ? JSON.stringify({ question }) : undefined;
		for (const foreign of [...evil, link]) {
			const headers = { 'content-type': 'application/json', ...(foreign as Record<string, string>) };
			// As it is written: fetch would choose the mode itself.
			const response = await rawRequest(test.app.url, path, { method, headers, ...(body && { body }) });
			expect(response.status).toBe(403);
			expect(JSON.parse(response.body)).toMatchObject({ code: 'forbidden_origin' });
			expect(response.headers['access-control-allow-origin']).toBeUndefined();
		}
	});

	it.each(['/traces?q=apple', '/traces/some-run', '/stats', '/libraries'])(
		'may not have %s looked up, whose time would tell something',
		async (path) => {
			for (const foreign of evil) {
				const headers = { ...(foreign as Record<string, string>), 'sec-fetch-mode': 'no-cors' };
				for (const method of ['GET', 'HEAD']) {
					const response = await test.get(path, { method, headers });
					expect(response.status).toBe(403);
				}
			}
			const framed = {
				'sec-fetch-site': 'cross-site',
				'sec-fetch-mode': 'navigate',
				'sec-fetch-dest': 'iframe'
			};
			expect((await rawRequest(test.app.url, path, { headers: framed })).status).toBe(403);
		}
	);

	it('may link to what is looked up, and to pages', async () => {
		const headers = {
			host: new URL(test.app.url).host,
			accept: 'text/html',
			'sec-fetch-site': 'cross-site',
			'sec-fetch-mode': 'navigate',
			'sec-fetch-dest': 'document'
		};
		for (const path of ['/', '/dashboard', '/libraries', '/traces']) {
			expect((await rawRequest(test.app.url, path, { headers })).status).toBe(200);
		}
	});

	it('may not post a form or plain text either, which needs no preflight', async () => {
		for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
			const headers = { 'content-type': type, origin: 'http://evil.example' };
			const response = await test.post('/ask/stream', { question }, { headers });
			expect(response.status).toBe(403);
		}
	});

	it('has started nothing', async () => {
		expect(test.model.calls).toEqual([]);
		expect(await test.json('/traces')).toEqual([]);
	});

	it('gets nothing granted by a preflight', async () => {
		const headers = { origin: 'http://evil.example', 'access-control-request-method': 'POST' };
		const response = await test.get('/ask', { method: 'OPTIONS', headers });
		expect(response.status).toBe(204);
		expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
	});
});

describe('a page of an allowed origin', () => {
	it('may ask, and read the answer', async () => {
		const headers = { origin: friend, 'content-type': 'application/json', 'sec-fetch-site': 'cross-site' };
		const response = await test.post('/ask/stream', { question }, { headers });
		expect(response.status).toBe(200);
		expect(response.headers.get('access-control-allow-origin')).toBe(friend);
		expect(response.headers.get('vary')).toContain('Origin');
		expect(await response.text()).toContain('"type":"done"');
		const trpc = await test.get(`/trpc/libraries`, { headers: { origin: friend } });
		expect(trpc.headers.get('access-control-allow-origin')).toBe(friend);
		expect(trpc.headers.get('vary')).toContain('Origin');
	});

	it('is told so by a preflight', async () => {
		const headers = { origin: friend, 'access-control-request-method': 'POST' };
		const response = await test.get('/ask/stream', { method: 'OPTIONS', headers });
		expect(response.status).toBe(204);
		expect(response.headers.get('access-control-allow-origin')).toBe(friend);
		expect(response.headers.get('access-control-allow-headers')).toContain('Content-Type');
	});
});

describe('our own page', () => {
	it('may ask, whatever the scheme that a proxy shows it under', async () => {
		const { host } = new URL(test.app.url);
		for (const origin of [`http://${host}`, `https://${host}`]) {
			const headers = { origin, 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' };
			expect((await test.post('/ask', { question }, { headers })).status).toBe(200);
		}
	});
});
