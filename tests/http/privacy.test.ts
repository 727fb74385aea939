import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createCitelightClient } from '#lib/client/index.ts';
import type { AskResponse } from '#lib/contract/ask.ts';
import type { Problem } from '#lib/contract/error-code.ts';
import type { Trace } from '#lib/contract/trace.ts';
import { startApp } from '../fixtures/app-server.ts';
import {
	answer,
	chunk,
	errorStatus,
	gate,
	send,
	stall,
	token,
	type ModelCall,
	type Script
} from '../fixtures/model-server.ts';
import { tempFolder } from '../fixtures/temp-folder.ts';
import { allEvents, readEvents, startHttpTest, textOf, traceIdOf, type HttpTest } from './setup.ts';

const KEY = 'sk-own-canary-9e107d9d372bb682';
const CANARY = 'canary-9e107d9d';
const MAIL = 'jane.doe@example.com';
const question = (extra = '') => `How do I plant apple trees ${extra}?`;

/** All that the files of the traces hold. */
function traceFiles(folder: string): string {
	return readdirSync(folder)
		.filter((name) => name.startsWith('traces'))
		.map((name) => readFileSync(join(folder, name), 'latin1'))
		.join('\n');
}

/** Repeats to the caller the key and all that it was sent. */
const echo = ({ headers, rawBody }: ModelCall) => ({
	error: { message: `You sent ${headers.authorization} and ${rawBody}`, code: `${headers.authorization}` }
});
const ECHOES: readonly ((call: ModelCall) => Script)[] = [
	(call) => errorStatus(400, echo(call)),
	(call) => errorStatus(401, echo(call)),
	(call) => errorStatus(404, echo(call)),
	(call) => [token('Plant '), chunk(echo(call))],
	(call) => [token('Plant '), send(`data: {"choices": ${JSON.stringify(echo(call))}\n\n`)],
	(call) => [send(`<html>${JSON.stringify(echo(call))}</html>`)],
	() => answer(['The key is ', KEY.slice(0, 9), `${KEY.slice(9)}.`])
];

describe('a model endpoint that repeats the key and the question', () => {
	let test: HttpTest;
	beforeAll(async () => {
		test = await startHttpTest({ env: { OPENAI_API_KEY: KEY, TRACE_CONTENT: 'none' } });
	});
	afterAll(() => test?.[Symbol.asyncDispose]());

	it('brings neither into a log, a file, or an answer to somebody else', async () => {
		const told: string[] = [];
		const asked = question(CANARY);
		for (const repeat of ECHOES) {
			test.model.respondWith(repeat);
			told.push(await (await test.post('/ask', { question: asked })).text());
			told.push(JSON.stringify(await allEvents(await test.post('/ask/stream', { question: asked }))));
			const input = encodeURIComponent(JSON.stringify({ question: asked }));
			const subscription = await test.get(`/trpc/ask?input=${input}`);
			told.push(await subscription.text());
		}
		// What is wrong before anything is asked is not repeated in the log either.
		await test.post('/ask', `{"question": "${CANARY}`);
		await test.post('/trpc/ask_once', { question: [CANARY] });
		await test.get(`/nothing/${CANARY}?q=${CANARY}`);
		const list = await (await test.get('/traces?limit=200')).text();
		expect(JSON.parse(list).length).toBeGreaterThanOrEqual(3 * ECHOES.length);
		expect(list).not.toContain(CANARY);
		expect(`${told.join()}${list}`).not.toContain(KEY);
		expect(told.at(-1)).toContain('[redacted: key of this server]');
		expect(test.app.logs()).toContain('listening');
		for (const secret of [KEY, CANARY]) {
			expect(test.app.logs()).not.toContain(secret);
			expect(traceFiles(test.app.dataDir)).not.toContain(secret);
		}
		const everything = readdirSync(test.app.dataDir, { recursive: true, withFileTypes: true });
		for (const file of everything.filter((entry) => entry.isFile())) {
			expect(readFileSync(join(file.parentPath, file.name), 'latin1')).not.toContain(CANARY);
		}
	});

	it("the log names the answer that an endpoint has refused, and why, in words that are not the endpoint's own", async () => {
		const said = { error: { message: `${CANARY} boom`, code: 'unsupported_parameter', param: CANARY } };
		test.model.respondWith(errorStatus(418, said));
		// Of many failures of a kind only one in a second is told.
		await vi.waitFor(
			async () => {
				const refused = await test.post('/ask', { question: question(CANARY) });
				const { trace_id } = (await refused.json()) as Problem;
				expect(test.app.logs()).toContain(
					`citelight: answer ${trace_id} failed: upstream_bad_request (HTTP 418, unsupported_parameter)`
				);
			},
			{ timeout: 10_000 }
		);
		expect(test.app.logs()).not.toMatch(new RegExp(`boom|${CANARY}`));
	});

	it('a follow-up is understood although no text is kept', async () => {
		test.model.respondWith(answer(['In autumn [1].']));
		const first = (await (await test.post('/ask', { question: question(CANARY) })).json()) as AskResponse;
		const { conversation_id } = first;
		const second = await test.post('/ask', { question: 'And when do I prune them?', conversation_id });
		expect(second.status).toBe(200);
		expect(test.model.chatCalls.at(-1)!.rawBody).toContain(CANARY);
		expect(await test.json<Trace>(`/traces/${first.trace_id}`)).toMatchObject({
			question: '',
			answer: null,
			prompt: []
		});
		expect(test.app.logs()).not.toContain(CANARY);
	});
});

describe('a server with keys', () => {
	const key = 'key-of-an-operator-1234';
	const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };

	it('keeps its traces redacted, from the first moment on', async () => {
		const { promise, resolve: goOn } = Promise.withResolvers<void>();
		await using test = await startHttpTest({
			env: { API_KEYS: key },
			model: {
				script: answer(['Plant them. Write to jane', '.doe@exam', gate(promise), 'ple.com, please [1].'])
			}
		});
		const response = await test.post('/ask/stream', { question: question(MAIL) }, { headers });
		const events = readEvents(response);
		const texts: string[] = [];
		let traceId = '';
		for await (const event of events) {
			traceId ||= traceIdOf(event);
			texts.push(textOf([event]));
			if (!texts.join('').endsWith('@exam')) continue;
			const running = await test.get(`/traces/${traceId}`, { headers });
			const trace = (await running.json()) as Trace;
			expect(trace).toMatchObject({ status: 'pending', question: question('[redacted: e-mail]') });
			expect(trace.answer ?? '').not.toContain('jane');
			goOn();
		}
		// Their own answer is whole.
		expect(texts.join('')).toBe(`Plant them. Write to ${MAIL}, please [1].`);
		const kept = await (await test.get(`/traces/${traceId}`, { headers })).text();
		expect(JSON.parse(kept)).toMatchObject({
			status: 'success',
			answer: 'Plant them. Write to [redacted: e-mail], please [1].',
			citations: [1]
		});
		expect(kept).not.toContain('jane.doe');
		expect(traceFiles(test.app.dataDir)).not.toContain('jane.doe');
		const resumed = await test.get(`/ask/stream/${traceId}`, { headers });
		expect(textOf(await allEvents(resumed))).toContain(MAIL);
	});

	it('that dies in the middle of a secret has stored nothing of it', async () => {
		await using data = await tempFolder();
		const env = { API_KEYS: key };
		await using test = await startHttpTest({
			env,
			model: { script: stall(['Plant them. Write to jane', '.doe@exam']) }
		});
		const started = await test.post('/ask/stream', { question: question() }, { headers });
		let traceId = '';
		for await (const event of readEvents(started)) {
			traceId = traceIdOf(event);
			if (!textOf([event]).includes('@exam')) continue;
			// The text so far is stored within a second.
			await expect.poll(() => traceFiles(test.app.dataDir), { timeout: 10_000 }).toContain('Plant them.');
			break;
		}
		expect(traceFiles(test.app.dataDir)).not.toContain('jane');
		await test.app.stop('SIGKILL');
		await using again = await startApp({ dataDir: test.app.dataDir, env, cwd: data.path });
		const trace = (await (await fetch(`${again.url}/traces/${traceId}`, { headers })).json()) as Trace;
		expect(trace).toMatchObject({ status: 'interrupted', answer: 'Plant them. Write to ' });
		expect(traceFiles(again.dataDir)).not.toContain('jane');
	});
});

describe('deleting a trace', () => {
	let test: HttpTest;
	beforeAll(async () => {
		test = await startHttpTest({
			model: { script: answer([`In autumn, ${CANARY}-answer `.repeat(400), '[1].']) }
		});
	});
	afterAll(() => test?.[Symbol.asyncDispose]());

	it('leaves nothing of it in any file, while the server runs', async () => {
		const { trace_id } = (await (
			await test.post('/ask', { question: question(CANARY) })
		).json()) as AskResponse;
		const other = (await (await test.post('/ask', { question: question('too') })).json()) as AskResponse;
		await test.post('/feedback', { trace_id, rating: 'down', comment: `Not ${CANARY}` });
		expect(traceFiles(test.app.dataDir)).toContain(CANARY);
		await test.get(`/traces/${other.trace_id}`, { method: 'DELETE' });
		const gone = await test.get(`/traces/${trace_id}`, { method: 'DELETE' });
		expect([gone.status, await gone.text()]).toEqual([204, '']);
		expect(traceFiles(test.app.dataDir)).not.toContain(CANARY);
		expect((await test.get(`/traces/${trace_id}`)).status).toBe(404);
		expect((await test.get(`/ask/stream/${trace_id}`)).status).toBe(404);
		expect(await (await test.get('/traces')).text()).not.toContain(trace_id);
	});

	it('is a problem when there is none', async () => {
		const missing = await test.get('/traces/no-such-trace', { method: 'DELETE' });
		expect(missing.status).toBe(404);
		expect(missing.headers.get('content-type')).toContain('application/problem+json');
		expect(((await missing.json()) as Problem).code).toBe('not_found');
	});

	it('stops a run that is going on', async () => {
		test.model.queue(stall(['In autumn']));
		let last: string | undefined;
		for await (const event of readEvents(await test.post('/ask/stream', { question: question() }))) {
			last = event.event.type;
			if (last !== 'token') continue;
			const gone = await test.get(`/traces/${traceIdOf(event)}`, { method: 'DELETE' });
			expect(gone.status).toBe(204);
		}
		expect(last).toBe('error');
		expect(test.model.activeCalls).toBe(0);
	});

	it('is possible from the client, and not for a page of another origin', async () => {
		const client = createCitelightClient({ url: test.app.url });
		const { trace_id } = await client.askOnce({ question: question() });
		const foreign = await test.get(`/traces/${trace_id}`, {
			method: 'DELETE',
			headers: { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' }
		});
		expect(foreign.status).toBe(403);
		expect((await client.traces.get(trace_id)).trace_id).toBe(trace_id);
		await client.traces.delete(trace_id);
		await expect(client.traces.delete(trace_id)).rejects.toMatchObject({ code: 'not_found' });
	});
});

describe('deleting the traces of a subject', () => {
	const JANE = `jane.doe+${CANARY}@example.com`;
	let test: HttpTest;
	beforeAll(async () => {
		test = await startHttpTest({ model: { script: answer(['In autumn [1].']) } });
	});
	afterAll(() => test?.[Symbol.asyncDispose]());

	const ask = async (subject: string | null, words: string) =>
		(await (await test.post('/ask', { question: question(words), subject })).json()) as AskResponse;
	const remove = (subject: string) =>
		test.get(`/traces?subject=${encodeURIComponent(subject)}`, { method: 'DELETE' });

	it('leaves nothing of them in any file, those of others alone, and names nobody', async () => {
		const theirs = [await ask(JANE, `${CANARY} one`), await ask(JANE, `${CANARY} two`)];
		const others = [await ask(null, 'mine'), await ask('john', 'his')];
		expect(traceFiles(test.app.dataDir)).toContain(`${CANARY} two`);
		expect(traceFiles(test.app.dataDir)).not.toContain('jane.doe');
		expect(await (await test.get(`/traces/${theirs[0]!.trace_id}`)).text()).not.toContain('jane.doe');
		expect(JSON.stringify(test.model.calls.map(({ rawBody }) => rawBody))).not.toContain('jane.doe');
		const gone = await remove(JANE);
		expect([gone.status, await gone.json()]).toEqual([200, { deleted: 2 }]);
		expect(traceFiles(test.app.dataDir)).not.toContain(CANARY);
		for (const { trace_id } of theirs) {
			expect((await test.get(`/traces/${trace_id}`)).status).toBe(404);
			expect((await test.get(`/ask/stream/${trace_id}`)).status).toBe(404);
		}
		for (const { trace_id } of others) expect((await test.get(`/traces/${trace_id}`)).status).toBe(200);
		expect(await (await remove(JANE)).json()).toEqual({ deleted: 0 });
	});

	it('stops those that are going on', async () => {
		test.model.queue(stall(['In autumn']));
		const told: string[] = [];
		const asked = await test.post('/ask/stream', { question: question('still'), subject: 'late' });
		for await (const { event } of readEvents(asked)) {
			told.push(event.type);
			if (event.type === 'token') expect(await (await remove('late')).json()).toEqual({ deleted: 1 });
		}
		expect(told.at(-1)).toBe('error');
		expect(test.model.activeCalls).toBe(0);
		expect(await (await test.get('/traces')).text()).not.toContain('still');
	});

	it('is possible from the client', async () => {
		const client = createCitelightClient({ url: test.app.url });
		const { trace_id } = await client.askOnce({ question: question(), subject: 'ann' });
		expect(await client.traces.deleteSubject('ann')).toBe(1);
		await expect(client.traces.get(trace_id)).rejects.toMatchObject({ code: 'not_found' });
	});
});
