import { connect } from 'node:net';
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

describe('a request without one clear address', () => {
	/** The answer to bytes as they are, which then end. */
	const answerTo = (bytes: string) =>
		new Promise<string>((resolve) => {
			const { hostname, port } = new URL(open.app.url);
			const socket = connect(Number(port), hostname, () => socket.write(bytes));
			let text = '';
			socket.on('data', (part) => {
				text += part.toString();
				// The length or the last chunk: whichever comes, one line of JSON is enough.
				if (text.includes('}')) socket.destroy();
			});
			socket.on('error', () => {});
			socket.on('close', () => resolve(text));
		});
	const host = 'Host: localhost\r\n';

	it.each([
		['two hosts', `GET /traces HTTP/1.1\r\n${host}Host: evil.example\r\n\r\n`, 400],
		['no host', 'GET /traces HTTP/1.0\r\n\r\n', 400],
		['an empty host', 'GET /livez HTTP/1.1\r\nHost: \r\n\r\n', 400],
		['a host that is none', 'GET /traces HTTP/1.1\r\nHost: a b\r\n\r\n', 400],
		['a host with a user', 'GET /traces HTTP/1.1\r\nHost: localhost@evil.example\r\n\r\n', 400],
		['a port that is none', 'GET /livez HTTP/1.1\r\nHost: localhost:99999\r\n\r\n', 400],
		['another host in the path', `GET http://evil.example/traces HTTP/1.1\r\n${host}\r\n`, 400],
		['a star for a path', `OPTIONS * HTTP/1.1\r\n${host}\r\n`, 400],
		['a method that echoes', `TRACE /traces HTTP/1.1\r\n${host}\r\n`, 405]
	])('is refused as a problem: %s', async (_what, bytes, status) => {
		const [head = '', body = ''] = (await answerTo(bytes)).split('\r\n\r\n', 2);
		expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
		expect(head).toMatch(/content-type: application\/problem\+json/i);
		expect(body).toContain(`"status":${status}`);
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
