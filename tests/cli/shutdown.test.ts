import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Trace } from '#lib/contract/trace.ts';
import { startApp, type App, type AppOptions } from '../fixtures/app-server.ts';
import { runCli } from '../fixtures/cli.ts';
import { answer, gate, startModelServer, type ModelServer } from '../fixtures/model-server.ts';
import { tempFolder, type TempFolder } from '../fixtures/temp-folder.ts';

const root = join(import.meta.dirname, '../..');

let model: ModelServer;
let docs: TempFolder;

beforeAll(async () => {
	model = await startModelServer();
	docs = await tempFolder({ 'house/door.md': '# Doors\n\nTurn the brass key twice to open the red door.\n' });
});

afterAll(async () => {
	await docs?.[Symbol.asyncDispose]();
	await model?.[Symbol.asyncDispose]();
});

const start = (env: Record<string, string>, options: Partial<AppOptions> = {}) =>
	startApp({
		docs: { house: `${docs.path}/house` },
		...options,
		env: { OPENAI_BASE_URL: model.url, ...env }
	});

/** Asks over a stream; gives a function that reads until something has come, or to the end. */
async function ask(app: App) {
	const response = await fetch(`${app.url}/ask/stream`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ question: 'How do I open the red door?' })
	});
	const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
	return async (wanted?: string) => {
		let text = '';
		while (wanted === undefined || !text.includes(wanted)) {
			const { done, value } = await reader.read();
			if (done) break;
			text += value;
		}
		return text;
	};
}

/** The traces of a server that has ended. */
async function tracesOf(app: App): Promise<Trace[]> {
	const { stdout } = await runCli(['traces', '--json'], { env: { DATA_DIR: app.dataDir } });
	return JSON.parse(stdout) as Trace[];
}

/** Waits until the server says that it takes no questions any more. */
async function draining(app: App): Promise<{ status: number; body: object }> {
	for (;;) {
		const response = await fetch(`${app.url}/readyz`);
		if (response.status !== 200) return { status: response.status, body: (await response.json()) as object };
		await response.body?.cancel();
	}
}

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
	test('lets ten answers end, is not ready meanwhile, and refuses questions', async () => {
		await using app = await start({ SHUTDOWN_GRACE_MS: '20000' });
		const { promise, resolve: finish } = Promise.withResolvers<void>();
		model.respondWith(answer(['Turn', gate(promise), ' twice [1].']));
		const streams = await Promise.all(Array.from({ length: 10 }, () => ask(app)));
		for (const readUntil of streams) await readUntil('"Turn"');
		const signalledAt = performance.now();
		const stopped = app.stop(signal);
		expect(await draining(app)).toMatchObject({
			status: 503,
			body: { status: 'not_ready', checks: { accepting: { ok: false, running: 10 } } }
		});
		const notReadyAfterMs = performance.now() - signalledAt;
		for (const path of ['/ask', '/ask/stream', '/trpc/start', '/trpc/ask_once']) {
			const refused = await fetch(app.url + path, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify({ question: 'One more?' })
			});
			expect([path, refused.status]).toEqual([path, 503]);
			expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
			expect(await refused.text()).toContain('server_shutdown');
		}
		expect((await fetch(`${app.url}/livez`)).status).toBe(200);
		finish();
		for (const readUntil of streams) expect(await readUntil()).toContain('"type":"done"');
		expect(await stopped).toBe(0);
		const traces = await tracesOf(app);
		expect(traces.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 'success'));
		expect(notReadyAfterMs).toBeLessThan(1000);
	});
});

test('a signal to npm is one to the server that it runs, and npm ends when the server has', async () => {
	const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
		scripts: Record<string, string>;
	};
	// What holds for one holds for the other; `npm start` itself would build what other tests run on.
	expect(scripts.start).toBe(`${scripts.citelight} start`);
	const command = ['npm', 'run', 'citelight', '--'];
	await using app = await start({ npm_config_cache: docs.path }, { command, cwd: root });
	const { promise, resolve: finish } = Promise.withResolvers<void>();
	model.respondWith(answer(['Turn', gate(promise), ' twice [1].']));
	const readUntil = await ask(app);
	await readUntil('"Turn"');
	const stopped = app.stop('SIGTERM');
	expect(await draining(app)).toMatchObject({ status: 503 });
	finish();
	expect(await readUntil()).toContain('"type":"done"');
	expect(await stopped).toBe(0);
});

test('answers that do not end in time, and those that wait for a turn, end with an event', async () => {
	await using app = await start({ SHUTDOWN_GRACE_MS: '300', MAX_CONCURRENT_ANSWERS: '1' });
	const never = Promise.withResolvers<void>();
	model.respondWith(answer(['Turn', gate(never.promise)]));
	const calls = model.chatCalls.length;
	const running = await ask(app);
	await running('"Turn"');
	const waiting = await ask(app);
	await waiting(': queued 1');
	const signalledAt = performance.now();
	const stopped = app.stop('SIGTERM');
	const last =
		/"type":"error","data":\{"code":"server_shutdown","message":"[^"]+","trace_id":"[^"]+","retryable":true\}\}\n\n$/;
	expect(await waiting()).toMatch(last);
	expect(await running()).toMatch(last);
	expect(await stopped).toBe(0);
	expect(performance.now() - signalledAt).toBeLessThan(300 + 2000);
	expect(model.chatCalls.length).toBe(calls + 1);
	never.resolve();
	const traces = await tracesOf(app);
	expect(traces.map(({ status, answer }) => ({ status, answer }))).toEqual([
		{ status: 'interrupted', answer: null },
		{ status: 'interrupted', answer: 'Turn' }
	]);
});

test.each([
	['SIGTERM', 143],
	['SIGINT', 130]
] as const)('a second %s ends it at once, with %i', async (signal, code) => {
	await using app = await start({ SHUTDOWN_GRACE_MS: '60000' });
	const never = Promise.withResolvers<void>();
	model.respondWith(answer(['Turn', gate(never.promise)]));
	const readUntil = await ask(app);
	await readUntil('"Turn"');
	const stopped = app.stop(signal);
	await draining(app);
	void app.stop(signal);
	expect(await stopped).toBe(code);
	await expect(readUntil()).rejects.toThrow();
	never.resolve();
	expect(await tracesOf(app)).toMatchObject([{ status: 'interrupted' }]);
});

test('run by npm, which passes on what its group has had already, only a later second signal ends it at once', async () => {
	await using app = await start({ SHUTDOWN_GRACE_MS: '60000', npm_lifecycle_event: 'start' });
	const never = Promise.withResolvers<void>();
	model.respondWith(answer(['Turn', gate(never.promise)]));
	const readUntil = await ask(app);
	await readUntil('"Turn"');
	let code: number | null | undefined;
	const signalledAt = performance.now();
	void app.stop('SIGINT').then((exitCode) => (code = exitCode));
	while (code === undefined) {
		await pause(5);
		void app.stop('SIGINT');
	}
	expect(code).toBe(130);
	expect(performance.now() - signalledAt).toBeGreaterThan(200);
	never.resolve();
});
