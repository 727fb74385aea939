import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Trace } from '#lib/contract/trace.ts';
import { answer, stall, token, type ModelCall } from '../fixtures/model-server.ts';
import { readEvents, startHttpTest, traceIdOf, type HttpTest, type WireEvent } from './setup.ts';

const question = 'How do I plant apple trees?';
const RESUME_GRACE_MS = 400;
const MARGIN_MS = 250;
let test: HttpTest;
beforeAll(async () => {
	test = await startHttpTest({ env: { RESUME_GRACE_MS: String(RESUME_GRACE_MS) } });
});
afterAll(() => test?.[Symbol.asyncDispose]());

/** The trace once it has been finalised. */
const finishedTrace = (traceId: string) =>
	vi.waitFor(
		async () => {
			const trace = await test.json<Trace>(`/traces/${traceId}`);
			expect(trace.status).not.toBe('pending');
			return trace;
		},
		{ timeout: 5000 }
	);

/** Starts a streamed answer that never ends, and waits for its first two tokens. */
async function startEndless(): Promise<{
	call: ModelCall;
	traceId: string;
	controller: AbortController;
	rest: Promise<WireEvent[]>;
}> {
	test.model.queue(stall(['So ', 'far']));
	const controller = new AbortController();
	const calling = test.model.nextCall();
	const response = await test.post(
		'/ask/stream',
		{ question },
		{
			headers: { 'content-type': 'application/json' },
			signal: controller.signal
		}
	);
	const events = readEvents(response);
	const seen: WireEvent[] = [];
	while (seen.length < 3) {
		const next = await events.next();
		if (next.done) throw new Error('The stream ended.');
		seen.push(next.value);
	}
	const rest = (async () => {
		const all: WireEvent[] = [];
		for await (const event of events) all.push(event);
		return all;
	})();
	rest.catch(() => {});
	return { call: await calling, traceId: traceIdOf(seen[0]!), controller, rest };
}

describe('an explicit stop', () => {
	it('closes the model call within 250 ms and tells the listener', async () => {
		const { call, traceId, rest } = await startEndless();
		const stoppedAt = performance.now();
		const response = await test.get(`/ask/${traceId}`, { method: 'DELETE' });
		expect([response.status, await response.json()]).toEqual([
			200,
			{ trace_id: traceId, status: 'cancelled' }
		]);
		const closed = await call.closed;
		expect(closed.by).toBe('client');
		expect(closed.at - stoppedAt).toBeLessThan(MARGIN_MS);
		expect((await rest).map(({ event }) => event)).toMatchObject([
			{ type: 'error', data: { code: 'cancelled', trace_id: traceId } }
		]);
		expect(await test.json(`/traces/${traceId}`)).toMatchObject({ status: 'cancelled', answer: 'So far' });
	});

	it('works over tRPC as well, and again on a run that has ended', async () => {
		const { call, traceId } = await startEndless();
		for (let time = 0; time < 2; time += 1) {
			const response = await test.post('/trpc/cancel', { trace_id: traceId });
			expect(await response.json()).toEqual({ result: { data: { trace_id: traceId, status: 'cancelled' } } });
		}
		expect((await call.closed).by).toBe('client');
	});

	it('is possible before the first token', async () => {
		test.model.queue([{ do: 'silence' }]);
		const calling = test.model.nextCall();
		const started = (await (await test.post('/trpc/start', { question })).json()) as {
			result: { data: { trace_id: string } };
		};
		const { trace_id } = started.result.data;
		const call = await calling;
		const stoppedAt = performance.now();
		await test.get(`/ask/${trace_id}`, { method: 'DELETE' });
		expect((await call.closed).at - stoppedAt).toBeLessThan(MARGIN_MS);
		const trace = await finishedTrace(trace_id);
		expect(trace).toMatchObject({ status: 'cancelled', answer: null, time_to_first_token_ms: null });
	});
});

describe('a client that leaves', () => {
	const withinGrace = (leftAt: number, closed: { by: string; at: number }) => {
		expect(closed.by).toBe('client');
		expect(closed.at - leftAt).toBeGreaterThanOrEqual(RESUME_GRACE_MS - 20);
		expect(closed.at - leftAt).toBeLessThan(RESUME_GRACE_MS + MARGIN_MS);
	};

	it('ends the model call after the grace time and leaves the text so far', async () => {
		const { call, traceId, controller } = await startEndless();
		const leftAt = performance.now();
		controller.abort();
		withinGrace(leftAt, await call.closed);
		expect(await finishedTrace(traceId)).toMatchObject({
			status: 'cancelled',
			answer: 'So far',
			error: { code: 'cancelled' }
		});
	});

	it('ends the model call of POST /ask as well', async () => {
		const marker = `${question} (left)`;
		test.model.queue(stall(['So ', 'far']));
		const controller = new AbortController();
		const calling = test.model.nextCall();
		const asking = test.post(
			'/ask',
			{ question: marker },
			{
				headers: { 'content-type': 'application/json' },
				signal: controller.signal
			}
		);
		asking.catch(() => {});
		const call = await calling;
		const leftAt = performance.now();
		controller.abort();
		withinGrace(leftAt, await call.closed);
		const [trace] = await test.json<Trace[]>(`/traces?q=${encodeURIComponent('(left)')}`);
		expect(await finishedTrace(trace!.trace_id)).toMatchObject({ status: 'cancelled', route: 'ask' });
	});

	it.each(['ask_once', 'ask'])('ends the model call of the tRPC procedure %s as well', async (procedure) => {
		test.model.queue(stall(['So ', 'far']));
		const controller = new AbortController();
		const calling = test.model.nextCall();
		const { signal } = controller;
		const input = encodeURIComponent(JSON.stringify({ question }));
		const asking =
			procedure === 'ask'
				? test.get(`/trpc/ask?input=${input}`, { signal })
				: test.post(
						'/trpc/ask_once',
						{ question },
						{ headers: { 'content-type': 'application/json' }, signal }
					);
		asking.catch(() => {});
		const call = await calling;
		const leftAt = performance.now();
		controller.abort();
		withinGrace(leftAt, await call.closed);
	});

	it('does not end it when it comes back in time', async () => {
		const { promise, resolve } = Promise.withResolvers<void>();
		test.model.queue([token('So '), { do: 'gate', promise }, ...answer(['far'])]);
		const controller = new AbortController();
		const response = await test.post(
			'/ask/stream',
			{ question },
			{
				headers: { 'content-type': 'application/json' },
				signal: controller.signal
			}
		);
		const first = await readEvents(response).next();
		controller.abort();
		const traceId = traceIdOf(first.value!);
		const back = await test.get(`/ask/stream/${traceId}`);
		resolve();
		expect(await back.text()).toContain('"type":"done"');
		expect((await finishedTrace(traceId)).answer).toBe('So far');
	});
});

describe('a run that was started and never followed', () => {
	it('is stopped after the grace time', async () => {
		test.model.queue(stall(['Nobody ', 'reads']));
		const calling = test.model.nextCall();
		const response = await test.post('/trpc/start', { question });
		const { result } = (await response.json()) as { result: { data: { trace_id: string } } };
		const call = await calling;
		expect((await call.closed).by).toBe('client');
		expect(await finishedTrace(result.data.trace_id)).toMatchObject({
			status: 'cancelled',
			answer: 'Nobody reads'
		});
	});
});

describe('a server that is told to stop', () => {
	it('ends its answers with server_shutdown, stores them as interrupted, and exits with 0', async () => {
		await using own = await startHttpTest({ model: { script: stall(['So ', 'far']) } });
		const response = await own.post('/ask/stream', { question });
		const events: WireEvent[] = [];
		let exit: Promise<number | null> | undefined;
		for await (const event of readEvents(response)) {
			events.push(event);
			if (events.length === 3) exit = own.app.stop();
		}
		expect(events.at(-1)!.event).toMatchObject({ type: 'error', data: { code: 'server_shutdown' } });
		expect(await exit).toBe(0);
		const { SqliteTraceStore } = await import('#lib/server/store/sqlite.ts');
		const store = new SqliteTraceStore(own.app.dataDir);
		expect(store.get(traceIdOf(events[0]!))).toMatchObject({ status: 'interrupted', answer: 'So far' });
		store.close();
	});
});
