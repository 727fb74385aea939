import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCitelightClient } from '#lib/client/index.ts';
import { startApp, type App } from '../fixtures/app-server.ts';
import { answer, gate, startModelServer, type ModelServer } from '../fixtures/model-server.ts';
import { tempFolder } from '../fixtures/temp-folder.ts';

const root = join(import.meta.dirname, '../..');

let dataDir: string;
let model: ModelServer;
let app: App;

beforeAll(async () => {
	// Below the project, as ./data is: the permission to read covers the project only.
	const cache = join(root, 'node_modules/.cache');
	await mkdir(cache, { recursive: true });
	dataDir = await mkdtemp(join(cache, 'deno-data-'));
	await using docs = await tempFolder({
		'door.md': '# Doors\n\nTurn the brass key twice to open the red door.\n'
	});
	model = await startModelServer();
	app = await startApp({
		docs: { house: docs.path },
		dataDir,
		cwd: root,
		env: { OPENAI_BASE_URL: model.url, CHAT_MODEL: 'test-model', DENO_NO_UPDATE_CHECK: '1' },
		command: [
			join(root, 'node_modules/.bin/deno'),
			'run',
			'--no-prompt',
			'--allow-net',
			'--allow-env',
			'--allow-sys',
			'--allow-read=.',
			`--allow-write=${dataDir}`,
			'dist/cli.js'
		]
	});
});

afterAll(async () => {
	await app?.[Symbol.asyncDispose]();
	await model?.[Symbol.asyncDispose]();
	await rm(dataDir, { recursive: true, force: true });
});

test('answers under Deno with the permissions of the README only', async () => {
	model.queue(answer(['Turn the key [1].']));
	const response = await fetch(`${app.url}/ask`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ question: 'How do I open the red door?' })
	});
	expect(response.status).toBe(200);
	expect(await response.json()).toMatchObject({
		answer: 'Turn the key [1].',
		sources: [{ library: 'house', document: 'door.md' }],
		trace: { status: 'success' }
	});
});

test('streams under Deno while the model still writes, over SSE and the client', async () => {
	const more = Promise.withResolvers<void>();
	model.queue(answer(['First', gate(more.promise), ' second']));
	const tokens: string[] = [];
	for await (const event of createCitelightClient({ url: app.url }).ask({ question: 'Which door is red?' })) {
		if (event.type !== 'token') continue;
		tokens.push(event.data);
		more.resolve();
	}
	expect(tokens).toEqual(['First', ' second']);

	const stream = await fetch(`${app.url}/ask/stream`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ question: 'Which door is red?' })
	});
	expect(stream.headers.get('content-type')).toBe('text/event-stream');
	expect(await stream.text()).toMatch(/"type":"sources"[^]*"type":"token"[^]*"type":"done"/);
});

test('stores traces under Deno and ends in order', async () => {
	const traces = await createCitelightClient({ url: app.url }).traces.list();
	expect(traces.length).toBe(3);
	expect(traces.every((trace) => trace.status === 'success')).toBe(true);
	expect(existsSync(join(dataDir, 'traces.sqlite'))).toBe(true);
	expect(await app.stop('SIGTERM')).toBe(0);
});
