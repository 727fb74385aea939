import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashKey } from '#lib/server/config/api-keys.ts';
import { appRouter } from '#lib/server/trpc/router.ts';
import { rawRequest } from './raw-request.ts';
import { startHttpTest, type HttpTest } from './setup.ts';

const ASK_KEY = 'ask-key-of-the-widget';
const ADMIN_KEY = 'admin-key-of-the-owner';
const question = 'How do I plant apple trees?';
const json = { 'content-type': 'application/json' };
const ask = { authorization: `Bearer ${ASK_KEY}` };
const admin = { authorization: `Bearer ${ADMIN_KEY}` };

let test: HttpTest;
beforeAll(async () => {
	const hash = hashKey(ADMIN_KEY).toString('hex');
	test = await startHttpTest({ env: { API_KEYS: `ask:${ASK_KEY},admin:sha256:${hash}` } });
});
afterAll(() => test?.[Symbol.asyncDispose]());

/** What needs no key. Everything that is in neither list must be closed to all but `admin`. */
const OPEN = ['/livez', '/readyz', '/session'];
const FOR_ASK = [
	'/ask',
	'/ask/stream',
	'/ask/stream/some-id',
	'/ask/some-id',
	'/search',
	'/libraries',
	'/feedback'
];
const PROCEDURES_FOR_ASK = ['ask', 'start', 'ahead', 'ask_once', 'search', 'libraries', 'feedback', 'cancel'];

const routes = readdirSync(join(import.meta.dirname, '../../src/routes'), {
	recursive: true,
	encoding: 'utf8'
})
	.filter((file) => file.endsWith('+server.ts'))
	.map((file) => `/${dirname(file).replaceAll('\\', '/')}`)
	.filter((path) => path !== '/trpc/[...path]')
	.map((path) => path.replace(/\[[^\]]+\]/g, 'some-id'));

const procedures = Object.entries(
	appRouter._def.procedures as unknown as Record<
		string,
		{ _def: { type: 'query' | 'mutation' | 'subscription' } }
	>
).map(([name, { _def }]) => ({ name, method: _def.type === 'mutation' ? 'POST' : 'GET' }));

describe('every route', () => {
	it('is among those that are looked at', () => {
		expect(routes).toEqual(
			expect.arrayContaining([...OPEN, ...FOR_ASK, '/traces', '/traces/some-id', '/stats'])
		);
	});

	it.each(routes.flatMap((path) => ['GET', 'POST', 'DELETE'].map((method) => [method, path] as const)))(
		'asks for the right key: %s %s',
		async (method, path) => {
			const send = async (headers: Record<string, string>) => {
				const body = method === 'GET' ? undefined : '{}';
				const response = await test.get(path, { method, headers: { ...json, ...headers }, body });
				await response.body?.cancel();
				return response;
			};
			const nobody = await send({});
			const wrong = await send({ authorization: 'Bearer wrong' });
			const asking = await send(ask);
			if (OPEN.includes(path)) {
				for (const { status } of [nobody, wrong, asking]) expect(status).not.toBe(401);
				return;
			}
			expect([nobody.status, wrong.status]).toEqual([401, 401]);
			expect(nobody.headers.get('www-authenticate')).toBe('Bearer');
			expect(nobody.headers.get('content-type')).toBe('application/problem+json');
			if (FOR_ASK.includes(path)) expect([401, 403]).not.toContain(asking.status);
			else {
				expect(asking.status).toBe(403);
				expect(asking.headers.get('www-authenticate')).toContain('insufficient_scope');
			}
			expect([401, 403]).not.toContain((await send(admin)).status);
		}
	);
});

describe('every procedure', () => {
	it.each(procedures)('asks for the right key: $name', async ({ name, method }) => {
		const send = async (headers: Record<string, string>) => {
			const abort = new AbortController();
			const response = await test.get(`/trpc/${name}`, {
				method,
				headers: { ...json, ...headers },
				signal: abort.signal,
				...(method === 'POST' && { body: '{}' })
			});
			abort.abort();
			return response.status;
		};
		expect(await send({})).toBe(401);
		expect(await send({ authorization: 'Bearer wrong' })).toBe(401);
		if (PROCEDURES_FOR_ASK.includes(name)) expect([401, 403]).not.toContain(await send(ask));
		else expect(await send(ask)).toBe(403);
		expect([401, 403]).not.toContain(await send(admin));
	});

	it('is closed within a batch too, while the others of it are answered', async () => {
		const response = await test.get('/trpc/libraries,traces.list,stats?batch=1&input=%7B%7D', {
			headers: ask
		});
		expect(response.status).toBe(207);
		const [libraries, list, stats] = (await response.json()) as Record<
			string,
			{ data: { httpStatus: number } }
		>[];
		expect(libraries).toHaveProperty('result');
		expect(list?.error?.data.httpStatus).toBe(403);
		expect(stats?.error?.data.httpStatus).toBe(403);
	});
});

describe('another way of writing a path', () => {
	it.each([
		'/%74races',
		'/trace%73',
		'/traces/',
		'//traces',
		'/./traces',
		'/x/../traces',
		'/traces/%2e',
		'/TRACES',
		'/traces?x=/livez',
		'/livez/../traces',
		'/stats/',
		'/%73tats',
		'/traces/__data.json',
		'/trpc/traces%2Elist',
		'/trpc/traces%2elive',
		'/trpc/%74races.list',
		'/trpc//traces.list',
		'/trpc/traces.list/',
		'/%74rpc/traces.list',
		'/trpc/libraries,traces.live?batch=1',
		'http://127.0.0.1/traces'
	])('opens nothing: %s', async (path) => {
		const { host } = new URL(test.app.url);
		for (const headers of [{ host }, { host, ...ask }]) {
			const { status, body } = await rawRequest(test.app.url, path, { headers });
			expect(status === 200 || status >= 500, `${status} ${body}`).toBe(false);
			// Batches name what they refuse within a 207.
			expect(body).not.toMatch(/"trace_id"|total_queries/);
		}
	});
});

describe('an answer to a wrong key', () => {
	it('holds no key, hash or part of one', async () => {
		for (const authorization of [
			`Bearer ${ASK_KEY}x`,
			`Basic ${ASK_KEY}`,
			`Bearer ${ADMIN_KEY.slice(0, -1)}`
		]) {
			const text = await (await test.get('/traces', { headers: { authorization } })).text();
			expect(text).not.toMatch(/ask-key|admin-key|[0-9a-f]{16}/);
		}
	});
});

describe('asking with a key', () => {
	it('works for both scopes, and nobody else has cost anything', async () => {
		test.model.calls.length = 0;
		expect((await test.post('/ask', { question })).status).toBe(401);
		expect(
			(await test.get(`/trpc/ask?input=${encodeURIComponent(JSON.stringify({ question }))}`)).status
		).toBe(401);
		expect(test.model.calls).toEqual([]);
		for (const key of [ask, admin]) {
			const response = await test.post('/ask', { question }, { headers: { ...json, ...key } });
			expect(response.status).toBe(200);
		}
		expect(test.model.calls.length).toBe(2);
	});
});
