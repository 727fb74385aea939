import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawRequest } from './raw-request.ts';
import { startHttpTest, type HttpTest } from './setup.ts';

const KEY = 'a-key-for-everything';
const body = JSON.stringify({ question: 'How do I plant apple trees?' });
const input = encodeURIComponent(body);
let open: HttpTest;
let guarded: HttpTest;
beforeAll(async () => {
	[open, guarded] = await Promise.all([
		startHttpTest({ env: { ALLOWED_ORIGINS: 'https://docs.example.com' } }),
		startHttpTest({ env: { API_KEYS: KEY } })
	]);
});
afterAll(async () => {
	await open?.[Symbol.asyncDispose]();
	await guarded?.[Symbol.asyncDispose]();
});

describe('a page whose name was made to point to this machine', () => {
	// Browsers send no Sec-Fetch headers to such a name, and its own origin looks like ours.
	const rebound = { host: 'evil.example:3000', 'content-type': 'application/json' };

	it.each([
		['GET', '/'],
		['GET', '/dashboard'],
		['GET', '/libraries'],
		['GET', '/traces'],
		['GET', '/stats'],
		['GET', '/trpc/libraries'],
		['GET', `/trpc/ask?input=${input}`],
		['POST', '/ask'],
		['POST', '/ask/stream'],
		['POST', '/search'],
		['POST', '/trpc/start'],
		['POST', '/session'],
		['DELETE', '/ask/some-run'],
		['OPTIONS', '/ask']
	])('gets nothing of %s %s', async (method, path) => {
		for (const test of [open, guarded]) {
			for (const origin of [{}, { origin: 'http://evil.example:3000' }]) {
				const headers = { ...rebound, ...(origin as Record<string, string>) };
				const answer = await rawRequest(test.app.url, path, {
					method,
					headers,
					...(method === 'POST' && { body })
				});
				expect(answer.status).toBe(421);
				expect(JSON.parse(answer.body)).toMatchObject({ code: 'unknown_host' });
				expect(answer.headers['access-control-allow-origin']).toBeUndefined();
			}
		}
	});

	it('has cost nothing', () => {
		expect([...open.model.calls, ...guarded.model.calls]).toEqual([]);
	});
});

describe('a name', () => {
	it.each(['localhost', '127.0.0.1', '[::1]', '10.0.0.7:80', 'docs.example.com'])(
		'%s is answered',
		async (host) => {
			expect((await rawRequest(open.app.url, '/libraries', { headers: { host } })).status).toBe(200);
		}
	);

	it('does not matter to a program that shows its key, and to probes', async () => {
		const headers = { host: 'citelight:3000', authorization: `Bearer ${KEY}` };
		expect((await rawRequest(guarded.app.url, '/libraries', { headers })).status).toBe(200);
		for (const path of ['/livez', '/readyz']) {
			const { status } = await rawRequest(guarded.app.url, path, { headers: { host: 'citelight' } });
			expect(status).toBe(200);
		}
		const wrong = { host: 'citelight:3000', authorization: 'Bearer wrong' };
		expect((await rawRequest(guarded.app.url, '/libraries', { headers: wrong })).status).toBe(421);
	});
});
