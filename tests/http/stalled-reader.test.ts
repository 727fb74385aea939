import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AskEvent } from '#lib/contract/ask.ts';
import type { Trace } from '#lib/contract/trace.ts';
import { answer, gate, type Action } from '../fixtures/model-server.ts';
import { allEvents, readEvents, startHttpTest, textOf, traceIdOf, type HttpTest } from './setup.ts';

const question = 'How do I plant apple trees?';
const STALL_MS = 600;
const RESUME_GRACE_MS = 1000;
/** More than the operating system buffers of one connection. */
const TOKENS = 2000;
const TOKEN = 'apple tree '.repeat(1000);
let test: HttpTest;

beforeAll(async () => {
	test = await startHttpTest({
		env: { WRITE_STALL_TIMEOUT_MS: String(STALL_MS), RESUME_GRACE_MS: String(RESUME_GRACE_MS) }
	});
});
afterAll(() => test?.[Symbol.asyncDispose]());

/** Sends a request over a bare connection and never reads what comes. */
function openStalled(method: string, path: string, body = ''): { dropped: Promise<number> } {
	const { hostname, port } = new URL(test.app.url);
	const socket = connect({ host: hostname, port: Number(port) });
	const { promise: dropped, resolve } = Promise.withResolvers<number>();
	socket.pause();
	socket.write(
		`${method} ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\n` +
			`content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
	);
	// Without reading, a closed connection shows only when something is written to it; empty lines mean nothing in HTTP.
	const probe = setInterval(() => socket.write('\r\n'), 20);
	socket.on('error', () => {});
	socket.on('close', () => {
		clearInterval(probe);
		resolve(performance.now());
	});
	return { dropped };
}

const busy = async () =>
	(await test.json<{ checks: { accepting: { running: number } } }>('/readyz')).checks.accepting.running;

/** Starts an answer of many megabytes that ends when it is told to. */
function longAnswer(): () => void {
	const { promise, resolve } = Promise.withResolvers<void>();
	const tokens: (string | Action)[] = Array.from({ length: TOKENS }, () => TOKEN);
	test.model.queue(answer([...tokens, gate(promise), ' End [1].']));
	return resolve;
}

/** Physical memory of the server, in bytes. */
const memory = () =>
	Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${test.app.pid}/status`, 'utf8'))![1]) * 1024;

describe('a reader that stops reading', () => {
	it('is dropped, while another of the same answer reads on, and can come back for everything', async () => {
		const finish = longAnswer();
		const reading = await test.post('/ask/stream', { question });
		const events = readEvents(reading);
		const first = (await events.next()).value!;
		const traceId = traceIdOf(first);
		const openedAt = performance.now();
		const { dropped } = openStalled('GET', `/ask/stream/${traceId}`);
		const all: { event: AskEvent }[] = [first];
		const rest = (async () => {
			for await (const event of events) all.push(event);
		})();
		expect((await dropped) - openedAt).toBeGreaterThanOrEqual(STALL_MS);
		finish();
		await rest;
		expect(all.at(-1)?.event.type).toBe('done');
		expect(textOf(all)).toBe(`${TOKEN.repeat(TOKENS)} End [1].`);
		const again = await allEvents(await test.get(`/ask/stream/${traceId}?last_event_id=${traceId}:1`));
		expect(textOf(again)).toBe(textOf(all));
	});

	it('holds up no other answer, and its own ends by the grace time and says why', async () => {
		const finish = longAnswer();
		const { dropped } = openStalled('POST', '/ask/stream', JSON.stringify({ question }));
		await vi.waitFor(async () => expect(await busy()).toBe(1));
		const startedAt = performance.now();
		expect((await test.post('/ask', { question })).status).toBe(200);
		expect(performance.now() - startedAt).toBeLessThan(2000);
		const droppedAt = await dropped;
		await vi.waitFor(async () => expect(await busy()).toBe(0), { timeout: 15_000, interval: 20 });
		expect(performance.now() - droppedAt).toBeLessThan(RESUME_GRACE_MS + 1000);
		const traces = await test.json<Trace[]>('/traces?limit=2');
		expect(traces.map(({ status }) => status)).toEqual(['success', 'cancelled']);
		expect(traces[1]!.error).toMatchObject({
			code: 'cancelled',
			message: expect.stringMatching(/its reader had taken nothing for \d+\.\d s \(slow_reader\)/) as string
		});
		finish();
	});

	it.runIf(process.platform === 'linux')('costs the server less than 8 MB, twenty of them too', async () => {
		const finish = longAnswer();
		const reading = await test.post('/ask/stream', { question });
		const events = readEvents(reading);
		const traceId = traceIdOf((await events.next()).value!);
		const rest = (async () => {
			for await (const { event } of events) if (event.type !== 'token') return event.type;
			return null;
		})();
		const before = memory();
		const stalled = Array.from({ length: 20 }, () => openStalled('GET', `/ask/stream/${traceId}`));
		let most = 0;
		const watch = setInterval(() => (most = Math.max(most, memory() - before)), 10);
		await Promise.all(stalled.map(({ dropped }) => dropped));
		clearInterval(watch);
		expect(most).not.toBe(0);
		expect(most / stalled.length).toBeLessThan(8 * 2 ** 20);
		finish();
		expect(await rest).toBe('done');
	});
});
