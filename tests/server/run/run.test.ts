import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '#lib/server/error.ts';
import { gate, scriptedPipeline, sources } from '../../fixtures/scripted-pipeline.ts';
import { ask, CLOCKS, collect, startRegistry, textOf } from './setup.ts';

describe('the events of a run', () => {
	it('come in order, numbered from 1, with exactly one terminal event, last', async () => {
		const { runs } = startRegistry({ beats: [sources(2), 'Hel', 'lo', ' world'] });
		const events = await collect(runs.start(ask(), 'ask').events());
		expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
		expect(events.map(({ event }) => event.type)).toEqual(['sources', 'token', 'token', 'token', 'done']);
		expect(textOf(events)).toBe('Hello world');
	});

	it('end with what the trace says', async () => {
		const { runs, store } = startRegistry();
		const run = runs.start(ask(), 'ask');
		const last = (await collect(run.events())).at(-1)!.event;
		const trace = store.get(run.traceId)!;
		expect(last).toEqual({
			type: 'done',
			data: {
				trace_id: run.traceId,
				conversation_id: run.traceId,
				total_ms: trace.total_duration_ms,
				time_to_first_token_ms: trace.time_to_first_token_ms,
				finish_reason: 'stop',
				evidence: null,
				refused_by: null,
				support: [],
				usage: trace.usage,
				citations: []
			}
		});
		expect(trace.time_to_first_token_ms).toBeGreaterThanOrEqual(0);
	});

	it('name the conversation that the question belongs to', async () => {
		const { runs } = startRegistry();
		const run = runs.start(ask({ conversation_id: 'talk-1' }), 'ask');
		const last = (await collect(run.events())).at(-1)!.event;
		expect(last).toMatchObject({ type: 'done', data: { conversation_id: 'talk-1' } });
	});

	it('are the same for two listeners, wherever they come in', async () => {
		const middle = gate();
		const { runs } = startRegistry({ beats: [sources(), 'a', 'b', middle.opened, 'c', 'd'] });
		const run = runs.start(ask(), 'ask');
		const early = run.events();
		const first = [await early.next(), await early.next(), await early.next()].map(({ value }) => value);
		const late = run.events();
		middle.open();
		const rest = await collect(early);
		expect(await collect(late)).toEqual([...first, ...rest]);
		expect(await collect(run.events())).toEqual([...first, ...rest]);
	});

	it('come in one batch when they are ready, at most as many as asked for', async () => {
		const { runs } = startRegistry({ beats: [sources(), 'a', 'b', 'c'] });
		const run = runs.start(ask(), 'ask');
		await run.finished;
		const events = run.events();
		expect((await events.nextBatch(2)).map(({ seq }) => seq)).toEqual([1, 2]);
		expect((await events.nextBatch()).map(({ seq }) => seq)).toEqual([3, 4, 5]);
		expect(await events.nextBatch()).toEqual([]);
	});

	it('can be read after the trace, because it is stored before the terminal event', async () => {
		const hold = gate();
		const { runs, store } = startRegistry({ beats: [sources(), 'Hello', hold.opened] });
		const run = runs.start(ask(), 'ask');
		for await (const { event } of run.events()) {
			const isTerminal = event.type === 'done' || event.type === 'error';
			expect(store.get(run.traceId)?.status).toBe(isTerminal ? 'success' : 'pending');
			if (event.type === 'token') hold.open();
		}
	});
});

describe('a run that fails', () => {
	it('tells the code of an AppError and keeps the text so far', async () => {
		const { runs, store } = startRegistry({
			beats: [sources(), 'Half an ', new AppError('upstream_reset', 'The model went away.')]
		});
		const run = runs.start(ask(), 'ask');
		const events = await collect(run.events());
		expect(events.at(-1)!.event).toEqual({
			type: 'error',
			data: {
				code: 'upstream_reset',
				message: 'The model went away.',
				trace_id: run.traceId,
				retryable: true
			}
		});
		expect(store.get(run.traceId)).toMatchObject({
			status: 'error',
			answer: 'Half an ',
			error: { code: 'upstream_reset', message: 'The model went away.' }
		});
	});

	it('tells nothing of an unknown error, and logs where it came from without its words', async () => {
		const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
		const { runs, store } = startRegistry({ beats: [new TypeError('secret sk-123 of the question')] });
		const run = runs.start(ask(), 'ask');
		const [only] = await collect(run.events());
		expect(only!.event).toMatchObject({ type: 'error', data: { code: 'internal' } });
		expect(JSON.stringify([only, store.get(run.traceId)])).not.toContain('secret');
		const logged = stderr.mock.calls.flat().join('');
		expect(logged).toContain('TypeError');
		expect(logged).toContain('run.test.ts');
		expect(logged).not.toContain('secret');
		stderr.mockRestore();
	});

	it('never reached its pipeline when that throws at once', async () => {
		const pipeline = () => {
			throw new AppError('retrieval_failed', 'The index is broken.');
		};
		const { runs } = startRegistry({ pipeline });
		const run = runs.start(ask(), 'ask');
		expect((await run.finished).error?.code).toBe('retrieval_failed');
	});
});

describe('stopping', () => {
	it('ends the run with the text so far, status cancelled, and one error event', async () => {
		const never = gate();
		const { runs, store, script } = startRegistry({ beats: [sources(), 'so far', never.opened, 'too late'] });
		const run = runs.start(ask(), 'ask');
		const events = run.events();
		await events.next();
		await events.next();
		expect(await runs.cancel(run.traceId)).toBe('cancelled');
		const rest = await collect(events);
		expect(rest).toHaveLength(1);
		expect(rest[0]!.event).toMatchObject({ type: 'error', data: { code: 'cancelled', retryable: true } });
		expect(store.get(run.traceId)).toMatchObject({ status: 'cancelled', answer: 'so far' });
		expect(script.active).toBe(0);
	});

	it('takes no notice of a finished run', async () => {
		const { runs } = startRegistry();
		const run = runs.start(ask(), 'ask');
		await run.finished;
		expect(await runs.cancel(run.traceId)).toBe('success');
		expect((await collect(run.events())).at(-1)!.event.type).toBe('done');
	});

	it('is not held up by a pipeline that does not hear the signal', async () => {
		const never = gate();
		const { pipeline } = scriptedPipeline([sources(), 'text', never.opened, 'more'], { deaf: true });
		const { runs, store } = startRegistry({ pipeline });
		const run = runs.start(ask(), 'ask');
		const events = run.events();
		await events.next();
		await events.next();
		expect(await runs.cancel(run.traceId)).toBe('cancelled');
		const rest = await collect(events);
		// What the pipeline says after its end is lost on everybody.
		never.open();
		await never.opened;
		expect(rest.map(({ event }) => event.type)).toEqual(['error']);
		expect((await collect(run.events())).map(({ seq }) => seq)).toEqual([1, 2, 3]);
		expect(store.get(run.traceId)?.answer).toBe('text');
	});

	it('is a cancellation even when the pipeline dresses it up as something else', async () => {
		const { runs } = startRegistry({
			async pipeline(_request, _trace, tell, signal) {
				tell(sources());
				await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
				throw new AppError('upstream_reset', 'The connection is gone.');
			}
		});
		const run = runs.start(ask(), 'ask');
		await run.events().next();
		expect(await runs.cancel(run.traceId)).toBe('cancelled');
	});
});

describe('a run that nobody listens to', () => {
	beforeEach(() => void vi.useFakeTimers({ toFake: CLOCKS }));
	afterEach(() => void vi.useRealTimers());

	const endless = () => [sources(), 'text', gate().opened];

	it('stops the grace time after the last listener has left', async () => {
		const { runs } = startRegistry({ beats: endless() });
		const run = runs.start(ask(), 'ask');
		const [first, second] = [run.events(), run.events()];
		await vi.advanceTimersByTimeAsync(10_000);
		first.leave();
		await vi.advanceTimersByTimeAsync(10_000);
		expect(run.isFinished).toBe(false);
		second.leave();
		await vi.advanceTimersByTimeAsync(1999);
		expect(run.isFinished).toBe(false);
		await vi.advanceTimersByTimeAsync(1);
		expect(await run.finished).toMatchObject({ status: 'cancelled', answer: 'text' });
	});

	it('goes on when somebody comes back in time', async () => {
		const { runs } = startRegistry({ beats: endless() });
		const run = runs.start(ask(), 'ask');
		run.events().leave();
		await vi.advanceTimersByTimeAsync(1999);
		const back = run.events({ after: 1 });
		await vi.advanceTimersByTimeAsync(60_000);
		expect(run.isFinished).toBe(false);
		back.leave();
		await vi.advanceTimersByTimeAsync(2000);
		expect((await run.finished).status).toBe('cancelled');
	});

	it('stops at once without a grace time', async () => {
		const { runs } = startRegistry({ beats: endless(), config: { RESUME_GRACE_MS: 0 } });
		const run = runs.start(ask(), 'ask');
		run.events().leave();
		await vi.advanceTimersByTimeAsync(0);
		expect((await run.finished).status).toBe('cancelled');
	});

	it.each([
		[500, 500],
		[0, 2000]
	])('stops when nobody ever comes (grace %i ms: after %i ms)', async (RESUME_GRACE_MS, afterMs) => {
		const { runs } = startRegistry({ beats: endless(), config: { RESUME_GRACE_MS } });
		const run = runs.start(ask(), 'trpc_ask');
		await vi.advanceTimersByTimeAsync(afterMs - 1);
		expect(run.isFinished).toBe(false);
		await vi.advanceTimersByTimeAsync(1);
		expect((await run.finished).status).toBe('cancelled');
	});

	it('counts a listener as gone when its signal fires, also one that fired before', async () => {
		const { runs } = startRegistry({ beats: endless(), config: { RESUME_GRACE_MS: 0 } });
		const left = new AbortController();
		const run = runs.start(ask(), 'ask');
		const events = run.events({ signal: left.signal });
		await events.next();
		await events.next();
		const waiting = events.next();
		left.abort();
		expect(await waiting).toEqual({ done: true, value: undefined });
		expect((await run.finished).status).toBe('cancelled');
		const late = runs.start(ask(), 'ask');
		expect(await collect(late.events({ signal: AbortSignal.abort() }))).toEqual([]);
		expect((await late.finished).status).toBe('cancelled');
	});

	it('leaves no timer behind when it has finished', async () => {
		const { runs } = startRegistry();
		const run = runs.start(ask(), 'ask');
		await collect(run.events());
		await runs.close();
		expect(vi.getTimerCount()).toBe(0);
	});

	it('saves the text so far within a second while it grows, not with every token', async () => {
		const [one, two] = [gate(), gate()];
		const { runs, store } = startRegistry({ beats: [sources(), 'a', 'b', one.opened, 'c', two.opened] });
		const save = vi.spyOn(store, 'saveProgress');
		const run = runs.start(ask(), 'ask');
		run.events();
		await vi.advanceTimersByTimeAsync(500);
		expect(store.get(run.traceId)?.answer).toBeNull();
		await vi.advanceTimersByTimeAsync(500);
		expect(store.get(run.traceId)?.answer).toBe('ab');
		one.open();
		await vi.advanceTimersByTimeAsync(1000);
		expect(store.get(run.traceId)).toMatchObject({ answer: 'abc', status: 'pending' });
		two.open();
		expect((await run.finished).answer).toBe('abc');
		expect(save).toHaveBeenCalledTimes(2);
	});
});
