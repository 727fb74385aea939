import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '#lib/server/error.ts';
import type { TraceSummary } from '#lib/contract/trace.ts';
import { MemoryTraceStore } from '#lib/server/store/memory.ts';
import { gate, sources } from '../../fixtures/scripted-pipeline.ts';
import { ask, CLOCKS, collect, startRegistry, textOf } from './setup.ts';

describe('accepting a question', () => {
	it('makes its trace before the pipeline starts', () => {
		const { runs, store, script } = startRegistry();
		const run = runs.start(ask({ library: 'demo' }), 'ask_stream');
		expect(script.requests).toHaveLength(0);
		expect(store.get(run.traceId)).toMatchObject({
			status: 'pending',
			question: 'How do I create an endpoint?',
			library_filter: 'demo',
			route: 'ask_stream'
		});
	});

	it('refuses an unknown library by naming the known ones, and starts nothing', async () => {
		const { runs, store, script } = startRegistry({ libraries: () => ['fastapi', 'python'] });
		expect(() => runs.start(ask({ library: 'fastpi' }), 'ask')).toThrow(
			expect.objectContaining({
				code: 'unknown_library',
				message: expect.stringContaining('fastapi, python')
			})
		);
		expect(await store.list({ limit: 10 })).toEqual([]);
		expect(script.requests).toEqual([]);
	});

	it('names only so many libraries', () => {
		const libraries = () => Array.from({ length: 500 }, (_, index) => `library-${index}`);
		const { runs } = startRegistry({ libraries });
		expect(() => runs.start(ask({ library: 'nope' }), 'ask')).toThrow(/library-19 and 480 more;/);
	});

	it('says that it is not ready when nothing is indexed', async () => {
		const { runs, store } = startRegistry({ libraries: () => [] });
		expect(() => runs.start(ask(), 'ask')).toThrow(expect.objectContaining({ code: 'index_not_ready' }));
		expect(await store.list({ limit: 10 })).toEqual([]);
	});
});

describe('an idempotency key', () => {
	const key = 'key-12345';

	it('joins the run that the first request started', async () => {
		const { runs, script } = startRegistry();
		const first = runs.start(ask({ idempotency_key: key }), 'trpc_ask');
		expect(runs.start(ask({ idempotency_key: key }), 'trpc_ask')).toBe(first);
		await first.finished;
		expect(runs.start(ask({ idempotency_key: key, library: null }), 'ask')).toBe(first);
		expect(script.requests).toHaveLength(1);
	});

	it.each([
		{ question: 'Something else?' },
		{ limit: 7 },
		{ temperature: 1 },
		{ conversation_id: 'another-conversation' }
	])('is refused for another request: %j', (other) => {
		const { runs } = startRegistry();
		runs.start(ask({ idempotency_key: key }), 'ask');
		expect(() => runs.start(ask({ idempotency_key: key, ...other }), 'ask')).toThrow(
			expect.objectContaining({ code: 'invalid_request' })
		);
	});

	it('belongs to an API key, and follows a client without one from address to address', async () => {
		const { runs } = startRegistry();
		const start = (client: string) => runs.start(ask({ idempotency_key: key }), 'ask', client);
		const [first, second, third] = [start('key one'), start('key two'), start('address 192.0.2.1')];
		expect(new Set([first, second, third]).size).toBe(3);
		expect([start('key one'), start('key two'), start('address 192.0.2.2')]).toEqual([first, second, third]);
		await first.finished;
		await runs.forget(first.traceId);
		expect(start('key one')).not.toBe(first);
		expect(start('key two')).toBe(second);
	});
});

describe('a limit on answers at once', () => {
	const config = { MAX_CONCURRENT_ANSWERS: 2, MAX_QUEUE: 2 };

	it('lets the others wait and serves them in the order of arrival', async () => {
		const gates = [gate(), gate(), gate(), gate()];
		const order: string[] = [];
		const { runs } = startRegistry({
			config,
			async pipeline(request, _trace, tell) {
				order.push(request.question);
				await gates[Number(request.question)]!.opened;
				tell(sources());
				return { status: 'success', finishReason: 'stop' };
			}
		});
		const started = gates.map((_, index) => runs.start(ask({ question: String(index) }), 'ask'));
		expect(runs.load()).toMatchObject({ running: 2, queued: 2 });
		gates[1]!.open();
		await started[1]!.finished;
		await vi.waitUntil(() => order.length === 3);
		expect(order).toEqual(['0', '1', '2']);
		for (const each of gates) each.open();
		await Promise.all(started.map((run) => run.finished));
		expect(order).toEqual(['0', '1', '2', '3']);
		expect(runs.load()).toMatchObject({ running: 0, queued: 0 });
	});

	it('refuses what is beyond the queue, with the time to wait and without a trace', async () => {
		const never = gate();
		const { runs, store, script } = startRegistry({ config, beats: [never.opened] });
		for (let count = 0; count < 4; count += 1) runs.start(ask(), 'ask');
		let refusal: unknown;
		try {
			runs.start(ask(), 'ask');
		} catch (thrown) {
			refusal = thrown;
		}
		expect(refusal).toMatchObject({ code: 'overloaded', status: 503 });
		expect((refusal as AppError).retryAfterSeconds).toBeGreaterThanOrEqual(1);
		expect(await store.list({ limit: 10 })).toHaveLength(4);
		await vi.waitUntil(() => script.requests.length === 2);
		await runs.close();
		expect(script.requests).toHaveLength(2);
	});

	it('never calls the pipeline for a run that was stopped while it waited, and frees its place', async () => {
		const never = gate();
		const { runs, script } = startRegistry({ config, beats: [never.opened] });
		const [, , waiting, last] = Array.from({ length: 4 }, () => runs.start(ask(), 'ask'));
		expect(await runs.cancel(waiting!.traceId)).toBe('cancelled');
		expect(runs.load()).toMatchObject({ running: 2, queued: 1 });
		expect(await runs.cancel(last!.traceId)).toBe('cancelled');
		expect(script.requests).toHaveLength(2);
		await runs.close();
	});
});

describe('a finished run', () => {
	beforeEach(() => void vi.useFakeTimers({ toFake: CLOCKS }));
	afterEach(() => void vi.useRealTimers());

	it('is replayed from memory for a minute and from the store after that, with the same events', async () => {
		const { runs } = startRegistry({ beats: [sources(2), 'Zwölf ', '𝒳\u2028', ' Boxkämpfer'] });
		const run = runs.start(ask(), 'ask');
		const live = await collect(run.events());
		await vi.advanceTimersByTimeAsync(59_999);
		expect(runs.get(run.traceId)).toBe(run);
		await vi.advanceTimersByTimeAsync(1);
		expect(runs.get(run.traceId)).toBeUndefined();
		expect(await collect(runs.attach(run.traceId)!.events)).toEqual(live);
	});

	it('makes room in memory for many that come after it, and is replayed from the store then', async () => {
		const { runs } = startRegistry({ beats: [sources(), 'a'] });
		const run = runs.start(ask(), 'ask');
		const live = await collect(run.events());
		const keyed = runs.start(ask({ idempotency_key: 'key-12345' }), 'ask');
		await keyed.finished;
		const remembered = () => runs.get(run.traceId) !== undefined;
		for (let others = 0; others < 600 && remembered(); others += 1) {
			await runs.start(ask(), 'ask').finished;
		}
		expect(remembered()).toBe(false);
		expect(await collect(runs.attach(run.traceId)!.events)).toEqual(live);
		// Its client may ask again: it must find the run, not start another.
		expect(runs.start(ask({ idempotency_key: 'key-12345' }), 'ask')).toBe(keyed);
	});

	it('forgets its idempotency key with it', async () => {
		const { runs, script } = startRegistry();
		const first = runs.start(ask({ idempotency_key: 'key-12345' }), 'ask');
		await first.finished;
		await vi.advanceTimersByTimeAsync(60_000);
		expect(runs.start(ask({ idempotency_key: 'key-12345' }), 'ask')).not.toBe(first);
		await runs.close();
		expect(script.requests.length).toBeGreaterThan(0);
	});

	it('has nothing more for a listener that has its terminal event', async () => {
		const { runs } = startRegistry({ beats: [sources(), 'a'] });
		const run = runs.start(ask(), 'ask');
		await run.finished;
		for (const place of ['memory', 'store']) {
			expect([place, runs.attach(run.traceId, { after: 2 })!.hasMore]).toEqual([place, true]);
			expect([place, runs.attach(run.traceId, { after: 3 })!.hasMore]).toEqual([place, false]);
			await vi.advanceTimersByTimeAsync(60_000);
		}
	});
});

describe('an unknown run', () => {
	it('can be neither joined nor stopped', async () => {
		const { runs } = startRegistry();
		expect(runs.attach('nobody')).toBeNull();
		expect(await runs.cancel('nobody')).toBeNull();
	});
});

describe('a store that fails', () => {
	class BrokenStore extends MemoryTraceStore {
		isBroken = true;
		override create(...args: Parameters<MemoryTraceStore['create']>) {
			if (this.isBroken) throw new AppError('storage_failed', 'The disk is full.');
			super.create(...args);
		}
		override finalise(...args: Parameters<MemoryTraceStore['finalise']>) {
			if (this.isBroken) throw new AppError('storage_failed', 'The disk is full.');
			return super.finalise(...args);
		}
	}

	it('does not fail the answer, is counted, and is logged only once a minute', async () => {
		const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
		const { runs } = startRegistry({ store: new BrokenStore() });
		for (let count = 0; count < 3; count += 1) {
			const events = await collect(runs.start(ask(), 'ask').events());
			expect(events.at(-1)!.event.type).toBe('done');
			expect(textOf(events)).toBe('Hello');
		}
		expect(runs.load().store).toMatchObject({ failures: 6, waiting: 3, lost: 0, trouble: 'failed' });
		expect(stderr).toHaveBeenCalledTimes(1);
		stderr.mockRestore();
	});

	it('gets the whole trace when it recovers in the middle of the run', async () => {
		const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
		const store = new BrokenStore();
		const middle = gate();
		const { runs } = startRegistry({ store, beats: [sources(), 'Hello', middle.opened] });
		const run = runs.start(ask(), 'ask');
		expect(runs.load().store.trouble).toBe('failed');
		store.isBroken = false;
		middle.open();
		await run.finished;
		expect(store.get(run.traceId)).toMatchObject({ status: 'success', answer: 'Hello' });
		expect(runs.load().store).toMatchObject({ failures: 1, waiting: 0, trouble: null });
		stderr.mockRestore();
	});
});

describe('shutdown', () => {
	it('ends every run with server_shutdown, stores it as interrupted, and takes no more', async () => {
		const never = gate();
		const { runs, store } = startRegistry({
			beats: [sources(), 'text', never.opened],
			config: { MAX_CONCURRENT_ANSWERS: 1 }
		});
		const [running, queued] = [runs.start(ask(), 'ask'), runs.start(ask(), 'ask')];
		const events = running.events();
		await events.next();
		await events.next();
		await runs.close();
		expect((await collect(events)).map(({ event }) => event)).toMatchObject([
			{ type: 'error', data: { code: 'server_shutdown', retryable: true } }
		]);
		expect(store.get(running.traceId)).toMatchObject({ status: 'interrupted', answer: 'text' });
		expect(store.get(queued.traceId)).toMatchObject({ status: 'interrupted' });
		expect(() => runs.start(ask(), 'ask')).toThrow(expect.objectContaining({ code: 'server_shutdown' }));
	});
});

describe('watching traces', () => {
	it('tells each one as it begins and as it ends, until the signal fires', async () => {
		const { runs } = startRegistry();
		const left = new AbortController();
		const seen: TraceSummary[] = [];
		const watching = (async () => {
			for await (const summary of runs.live.watch(left.signal)) {
				seen.push(summary);
				if (seen.length === 4) left.abort();
			}
		})();
		for (const question of ['one', 'two']) {
			const run = runs.start(ask({ question }), 'ask');
			await run.finished;
			await vi.waitUntil(() => seen.at(-1)?.trace_id === run.traceId && seen.at(-1)?.status !== 'pending');
		}
		await watching;
		expect(seen.map(({ question, status }) => `${question} ${status}`)).toEqual([
			'one pending',
			'one success',
			'two pending',
			'two success'
		]);
		expect(seen[1]).not.toHaveProperty('candidates');
	});

	it('tells somebody who is late only the newest state', async () => {
		const { runs } = startRegistry();
		const left = new AbortController();
		const watch = runs.live.watch(left.signal);
		const first = watch.next();
		const run = runs.start(ask(), 'ask');
		await run.finished;
		const second = runs.start(ask(), 'ask');
		await second.finished;
		expect((await first).value?.status).toBe('pending');
		expect((await watch.next()).value).toMatchObject({ trace_id: run.traceId, status: 'success' });
		expect((await watch.next()).value).toMatchObject({ trace_id: second.traceId, status: 'success' });
		left.abort();
		expect((await watch.next()).done).toBe(true);
	});
});
