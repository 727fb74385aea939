import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCitelightClient } from '#lib/client/index.ts';
import { startApp } from '../fixtures/app-server.ts';
import { runCli } from '../fixtures/cli.ts';
import { answer, gate, startModelServer, type ModelServer } from '../fixtures/model-server.ts';
import { tempFolder, type TempFolder } from '../fixtures/temp-folder.ts';

let model: ModelServer;
let docs: TempFolder;

beforeAll(async () => {
	model = await startModelServer();
	docs = await tempFolder({
		'house/door.md': '# Doors\n\nTurn the brass key twice to open the red door.\n',
		'garden/roses.md': '# Roses\n\nWater the roses every morning.\n'
	});
});

afterAll(async () => {
	await docs?.[Symbol.asyncDispose]();
	await model?.[Symbol.asyncDispose]();
});

const house = () => ({ house: join(docs.path, 'house') });

/** Reads a body until it has what is looked for; gives what was read. */
async function readUntil(body: AsyncIterator<string>, wanted: string): Promise<string> {
	let text = '';
	while (!text.includes(wanted)) {
		const { done, value } = await body.next();
		if (done) break;
		text += value;
	}
	return text;
}

test('says where it listens and what it answers with, and nothing else', async () => {
	await using app = await startApp();
	const models =
		'Model: none, answers are quotations (set OPENAI_BASE_URL or OPENAI_API_KEY) · embedder: built in · reranker: built in';
	await expect.poll(() => app.logs()).toBe(`Citelight is listening on ${app.url}\n${models}\n`);
	expect((await fetch(`${app.url}/livez`)).status).toBe(200);
	expect(await app.stop('SIGTERM')).toBe(0);
});

test('tries the model endpoint once, and only warns of what seems wrong', async () => {
	const list = { data: [{ id: 'small' }, { id: 'large:latest' }] };
	const refusal = [
		{ do: 'respond' as const, status: 401, body: { error: 'No such key: sk-canary-123456.' } }
	];
	await using listing = await startModelServer({ models: [{ do: 'respond', body: list }] });
	await using refusing = await startModelServer({ models: refusal });
	const closed = await startModelServer();
	await closed.close();
	const cases: { env: Record<string, string>; warning: RegExp | null }[] = [
		{ env: { OPENAI_BASE_URL: listing.url, CHAT_MODEL: 'large' }, warning: null },
		{
			env: { OPENAI_BASE_URL: listing.url, CHAT_MODEL: 'huge' },
			warning: /Warning: .* does not list the model huge\. It has small, large:latest\. Check CHAT_MODEL\./
		},
		{
			env: { OPENAI_BASE_URL: refusing.url, OPENAI_API_KEY: 'sk-canary-123456' },
			warning: /Warning: .* refuses the key \(HTTP 401\)\. Check OPENAI_API_KEY\./
		},
		{
			env: { OPENAI_BASE_URL: closed.url },
			warning: /Warning: .* cannot be reached \(ECONNREFUSED\)\. Start it, or check OPENAI_BASE_URL\./
		}
	];
	for (const { env, warning } of cases) {
		await using app = await startApp({ env });
		await expect
			.poll(() => app.logs())
			.toContain(`Model: ${env.CHAT_MODEL ?? 'gpt-5-mini'} at ${env.OPENAI_BASE_URL} ·`);
		if (warning) await expect.poll(() => app.logs()).toMatch(warning);
		else await expect.poll(() => listing.calls.length).toBe(1);
		expect(app.logs()).not.toContain('canary');
		expect((await fetch(`${app.url}/livez`)).status).toBe(200);
	}
});

test('warns in plain words when other machines may come in without a key', async () => {
	{
		await using app = await startApp({ env: { HOST: '0.0.0.0' } });
		const logs = () => app.logs();
		await expect
			.poll(logs)
			.toMatch(/Warning: HOST=\S+ and no API_KEYS: every machine .* may ask questions, .* Set API_KEYS/);
		const local = `http://127.0.0.1:${new URL(app.url).port}`;
		expect((await fetch(`${local}/livez`)).status).toBe(200);
	}
	const guarded: Record<string, string>[] = [
		{ HOST: '0.0.0.0', API_KEYS: 'ask:key-of-a-friend' },
		{ HOST: 'localhost' }
	];
	for (const env of guarded) {
		await using app = await startApp({ env });
		await app.stop();
		expect(app.logs()).not.toContain('Warning');
	}
});

test('a wrong entry of API_KEYS is one line that does not tell the key', async () => {
	await using data = await tempFolder();
	const env = { PORT: '0', DATA_DIR: data.path, API_KEYS: 'ask:fine,amdin:secret-key' };
	const { code, stdout, stderr } = await runCli(['serve'], { env });
	expect([code, stdout]).toEqual([2, '']);
	expect(stderr).toMatch(/^citelight: API_KEYS must list [^\n]*number 2[^\n]*\n$/);
	expect(stderr).not.toContain('secret-key');
});

test('SIGTERM ends open answers with an event, stores their traces, and exits with 0', async () => {
	await using app = await startApp({
		docs: house(),
		env: { OPENAI_BASE_URL: model.url, SHUTDOWN_GRACE_MS: '0' }
	});
	const never = Promise.withResolvers<void>();
	model.queue(answer(['Half', gate(never.promise), ' answer']));
	const arrived = model.nextCall();
	const response = await fetch(`${app.url}/ask/stream`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ question: 'How do I open the red door?' })
	});
	const body = response.body!.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
	await readUntil(body, '"Half"');
	const stopped = app.stop('SIGTERM');
	const rest = await readUntil(body, 'nothing: read to the end');
	expect(rest).toMatch(/"type":"error","data":\{"code":"server_shutdown"/);
	expect(await stopped).toBe(0);
	expect((await (await arrived).closed).by).toBe('client');
	never.resolve();

	const { stdout } = await runCli(['traces', '--json'], { env: { DATA_DIR: app.dataDir } });
	expect(JSON.parse(stdout)).toMatchObject([{ status: 'interrupted', answer: 'Half' }]);
});

test('Ctrl-C ends it in order, with idle connections and a watcher open', async () => {
	await using app = await startApp({ docs: house() });
	const client = createCitelightClient({ url: app.url });
	await client.libraries();
	const controller = new AbortController();
	const live = client.traces.live({ signal: controller.signal })[Symbol.asyncIterator]();
	const first = live.next();
	let isWatching = false;
	void first.then(() => (isWatching = true));
	while (!isWatching) await client.askOnce({ question: 'Which door is red?' });
	const failed = (async () => {
		for (;;) await live.next();
	})().catch((error: unknown) => error);
	expect(await app.stop('SIGINT')).toBe(0);
	controller.abort(new Error('over'));
	expect(await failed).toMatchObject({ message: 'over' });
});

test('serves what is ingested while it runs, without a restart', async () => {
	await using app = await startApp({ docs: house() });
	const client = createCitelightClient({ url: app.url });
	const env = { DATA_DIR: app.dataDir };
	const { code } = await runCli(['ingest', join(docs.path, 'garden'), '--library', 'garden'], { env });
	expect(code).toBe(0);
	const search = () =>
		client.search({ question: 'When are roses watered?', library: 'garden' }).catch(() => null);
	let found = await search();
	while (!found) found = await search();
	expect(found.results.map((result) => result.document)).toEqual(['roses.md']);
	expect((await client.libraries()).map((library) => library.name)).toEqual(['garden', 'house']);
});

test('knows its own address, so that its own pages are not foreign', async () => {
	await using app = await startApp({ docs: house() });
	const ask = (origin: string) =>
		fetch(`${app.url}/search`, {
			method: 'POST',
			headers: { 'content-type': 'application/json', origin },
			body: JSON.stringify({ question: 'door' })
		});
	expect((await ask(app.url)).status).toBe(200);
	expect((await ask('http://elsewhere.example')).status).toBe(403);
});

test('a port that is taken is one line', async () => {
	const taken = createServer();
	await new Promise<void>((listening) => taken.listen(0, '127.0.0.1', listening));
	const { port } = taken.address() as AddressInfo;
	try {
		await using data = await tempFolder();
		const result = await runCli(['serve'], { env: { PORT: String(port), DATA_DIR: data.path } });
		const stderr = `citelight: PORT ${port} is already in use on 127.0.0.1; set PORT to another one.\n`;
		expect(result).toEqual({ code: 2, stdout: '', stderr });
	} finally {
		taken.close();
	}
});

test('a data folder that cannot be used is one line', async () => {
	await using folder = await tempFolder({ file: 'not a folder' });
	const result = await runCli(['serve'], { env: { PORT: '0', DATA_DIR: join(folder.path, 'file') } });
	expect(result).toMatchObject({ code: 1, stdout: '' });
	expect(result.stderr).toMatch(/^citelight: [^\n]+\n$/);
});
