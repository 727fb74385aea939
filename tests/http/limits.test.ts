import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Trace } from '#lib/contract/trace.ts';
import { answer, gate } from '../fixtures/model-server.ts';
import { startApp } from '../fixtures/app-server.ts';
import { tempFolder } from '../fixtures/temp-folder.ts';
import { startModelServer } from '../fixtures/model-server.ts';
import { allEvents, startHttpTest, type HttpTest } from './setup.ts';

const question = 'How do I plant apple trees?';
const json = { 'content-type': 'application/json' };
const from = (address: string): RequestInit => ({ headers: { ...json, 'x-forwarded-for': address } });

/** Asks over every door; each gives the response to a question that is refused before anything starts. */
const doors: Record<string, (test: HttpTest, init?: RequestInit) => Promise<Response>> = {
	'POST /ask': (test, init) => test.post('/ask', { question }, init),
	'POST /ask/stream': (test, init) => test.post('/ask/stream', { question }, init),
	'tRPC ask': (test, init) =>
		test.get(`/trpc/ask?input=${encodeURIComponent(JSON.stringify({ question }))}`, init),
	'tRPC start': (test, init) => test.post('/trpc/start', { question }, init),
	'tRPC ask_once': (test, init) => test.post('/trpc/ask_once', { question }, init)
};

async function problemOf(response: Response): Promise<{ code: string }> {
	const body = (await response.json()) as { code: string; error?: { data: { problem: { code: string } } } };
	return body.error?.data.problem ?? body;
}

/** Reads a stream until it has what is looked for. */
async function readUntil(reader: ReadableStreamDefaultReader<string>, wanted: RegExp): Promise<string> {
	let text = '';
	while (!wanted.test(text)) {
		const { done, value } = await reader.read();
		if (done) break;
		text += value;
	}
	return text;
}

const textReader = (response: Response) => response.body!.pipeThrough(new TextDecoderStream()).getReader();

describe('the queue', () => {
	let test: HttpTest;
	beforeAll(async () => {
		test = await startHttpTest({
			env: { MAX_CONCURRENT_ANSWERS: '1', MAX_QUEUE: '2', TRUSTED_PROXIES: '1' }
		});
	});
	afterAll(() => test?.[Symbol.asyncDispose]());

	/** Fills the one place and both places in the line with questions of one client. */
	async function fill() {
		const { promise, resolve: finish } = Promise.withResolvers<void>();
		test.model.respondWith(answer(['Done', gate(promise), ' [1].']));
		const running = textReader(await test.post('/ask/stream', { question }, from('1.1.1.1')));
		await readUntil(running, /"Done"/);
		const waiting = [];
		for (let count = 0; count < 2; count += 1) {
			waiting.push(textReader(await test.post('/ask/stream', { question }, from('1.1.1.1'))));
		}
		return { readers: [running, ...waiting], finish };
	}

	it('tells who waits the place in the line, and lets them in one by one', async () => {
		const { readers, finish } = await fill();
		expect(await readUntil(readers[1]!, /\n/)).toMatch(/^: queued 1\n/);
		expect(await readUntil(readers[2]!, /\n/)).toMatch(/^: queued 2\n/);
		expect(test.model.activeCalls).toBe(1);
		finish();
		for (const reader of readers) expect(await readUntil(reader, /never/)).toContain('"type":"done"');
		const ready = await test.json<{ checks: { accepting: object } }>('/readyz');
		expect(ready.checks.accepting).toEqual({ ok: true, running: 0, queued: 0 });
		const waited = (await test.json<Trace[]>('/traces?limit=3')).map(({ steps }) =>
			steps.filter(({ name }) => name === 'queue').map(({ details }) => details.n_ahead)
		);
		expect(waited).toEqual([[1], [0], []]);
	});

	it.each(Object.keys(doors))(
		'refuses more at once over %s, before any trace or model call',
		async (door) => {
			const { readers, finish } = await fill();
			const traces = async () => (await test.json<Trace[]>('/traces?limit=200')).length;
			const before = [await traces(), test.model.calls.length];
			const times: number[] = [];
			for (let attempt = 0; attempt < 5; attempt += 1) {
				const startedAt = performance.now();
				const response = await doors[door]!(test, from('1.1.1.1'));
				times.push(performance.now() - startedAt);
				expect(response.status).toBe(503);
				expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
				expect(await problemOf(response)).toMatchObject({ code: 'overloaded', status: 503 });
			}
			expect(times.toSorted((a, b) => a - b)[2]).toBeLessThanOrEqual(50);
			expect([await traces(), test.model.calls.length]).toEqual(before);
			finish();
			for (const reader of readers) await readUntil(reader, /never/);
		}
	);

	it('gives a newcomer the last place of who holds several, and the first free turn but one', async () => {
		const { readers, finish } = await fill();
		const [, first, last] = readers;
		const newcomer = textReader(await test.post('/ask/stream', { question }, from('2.2.2.2')));
		expect(await readUntil(newcomer, /queued 2/)).toContain('queued 2');
		expect(await readUntil(last!, /never/)).toMatch(
			/"type":"error","data":\{"code":"overloaded".*"retryable":true/
		);
		finish();
		for (const reader of [readers[0]!, first!, newcomer]) {
			expect(await readUntil(reader, /never/)).toContain('"type":"done"');
		}
	});

	it('starts no model call for who leaves while waiting', async () => {
		const { readers, finish } = await fill();
		const calls = test.model.chatCalls.length;
		for (const reader of readers.slice(1)) await reader.cancel();
		await vi.waitFor(
			async () => {
				const { checks } = await test.json<{ checks: { accepting: object } }>('/readyz');
				expect(checks.accepting).toMatchObject({ queued: 0 });
			},
			{ timeout: 10_000 }
		);
		finish();
		await readUntil(readers[0]!, /never/);
		expect(test.model.chatCalls.length).toBe(calls);
	});
});

describe('the rate of one client', () => {
	it('is refused beyond its limit over every door and for searches, while others are answered', async () => {
		await using test = await startHttpTest({ env: { RATE_LIMIT_PER_MINUTE: '2', TRUSTED_PROXIES: '1' } });
		for (let count = 0; count < 2; count += 1) {
			expect((await test.post('/ask', { question }, from('1.1.1.1'))).status).toBe(200);
		}
		const calls = test.model.calls.length;
		const search = () => test.post('/search', { question }, from('1.1.1.1'));
		for (const refused of [...Object.values(doors), search]) {
			const response = await refused(test, from('1.1.1.1'));
			expect(response.status).toBe(429);
			expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
			expect(await problemOf(response)).toMatchObject({ code: 'rate_limited', status: 429 });
		}
		expect(test.model.calls.length).toBe(calls);
		expect(await test.json<Trace[]>('/traces')).toHaveLength(2);
		const events = await allEvents(await test.post('/ask/stream', { question }, from('9.9.9.9, 2.2.2.2')));
		expect(events.at(-1)?.event.type).toBe('done');
	});
});

describe('the share of one client', () => {
	it('leaves turns to others: more at once are refused over every door until one has ended', async () => {
		await using test = await startHttpTest({
			env: {
				MAX_ANSWERS_PER_CLIENT: '2',
				MAX_CONCURRENT_ANSWERS: '3',
				RESUME_GRACE_MS: '0',
				TRUSTED_PROXIES: '1'
			}
		});
		const { promise, resolve: finish } = Promise.withResolvers<void>();
		test.model.respondWith(answer(['Done', gate(promise), ' [1].']));
		const readers = [];
		for (let count = 0; count < 2; count += 1) {
			const reader = textReader(await test.post('/ask/stream', { question }, from('1.1.1.1')));
			await readUntil(reader, /"Done"/);
			readers.push(reader);
		}
		const calls = test.model.calls.length;
		for (const ask of Object.values(doors)) {
			const response = await ask(test, from('1.1.1.1'));
			expect(response.status).toBe(429);
			expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
			expect(await problemOf(response)).toMatchObject({ code: 'rate_limited', status: 429 });
		}
		expect(test.model.calls.length).toBe(calls);
		const other = textReader(await test.post('/ask/stream', { question }, from('2.2.2.2')));
		await readUntil(other, /"Done"/);
		await readers[0]!.cancel();
		await vi.waitFor(async () => {
			const again = await test.post('/ask/stream', { question }, from('1.1.1.1'));
			readers.push(textReader(again));
			expect(again.status).toBe(200);
		});
		finish();
		for (const reader of [readers[1]!, readers.at(-1)!, other]) {
			expect(await readUntil(reader, /never/)).toContain('"type":"done"');
		}
		expect(await test.json<Trace[]>('/traces')).toHaveLength(4);
	});
});

describe('the daily caps', () => {
	it('refuse over every door when they are reached, also after a restart and when traces were deleted', async () => {
		await using data = await tempFolder();
		await using docs = await tempFolder({ 'house/door.md': '# Doors\n\nTurn the brass key twice.\n' });
		await using model = await startModelServer();
		const usage = { prompt_tokens: 60, completion_tokens: 40, total_tokens: 100 };
		model.respondWith(answer(['Twice [1].'], { usage }));
		const env = { OPENAI_BASE_URL: model.url, DAILY_TOKEN_CAP: '150', CHAT_MODEL: 'no-price' };
		const ask = (url: string) =>
			fetch(`${url}/ask`, {
				method: 'POST',
				headers: json,
				body: JSON.stringify({ question: 'How often do I turn the brass key?' })
			});
		{
			await using app = await startApp({ dataDir: data.path, docs: { house: `${docs.path}/house` }, env });
			expect((await ask(app.url)).status).toBe(200);
			expect((await ask(app.url)).status).toBe(200);
			const refused = await ask(app.url);
			expect(refused.status).toBe(429);
			expect(await refused.json()).toMatchObject({ code: 'rate_limited' });
			for (const { trace_id } of (await (await fetch(`${app.url}/traces`)).json()) as Trace[]) {
				expect((await fetch(`${app.url}/traces/${trace_id}`, { method: 'DELETE' })).ok).toBe(true);
			}
			expect(await app.stop()).toBe(0);
		}
		expect(model.chatCalls).toHaveLength(2);
		await using again = await startApp({ dataDir: data.path, env });
		const refused = await ask(again.url);
		expect(refused.status).toBe(429);
		expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
		expect(model.chatCalls).toHaveLength(2);
	});
});
