import { describe, expect, it, vi } from 'vitest';
import { AppError } from '#lib/server/error.ts';
import { unionLength } from '#lib/server/trace/interval.ts';
import { gate, scriptedPipeline, sources } from '../../fixtures/scripted-pipeline.ts';
import { ask, startRegistry } from './setup.ts';

describe('many answers at once', () => {
	it('take turns by client when they wait', async () => {
		const hold = gate();
		const order: string[] = [];
		const { runs } = startRegistry({
			config: { MAX_CONCURRENT_ANSWERS: 1 },
			async pipeline(request, _trace, tell) {
				order.push(request.question);
				await hold.opened;
				tell(sources());
				return { status: 'success', finishReason: 'stop' };
			}
		});
		const started = ['a0', 'a1', 'a2', 'b0', 'c0', 'b1'].map((question) =>
			runs.start(ask({ question }), 'ask', question[0])
		);
		expect(started.map((run) => run.ahead)).toEqual([null, 0, 3, 1, 2, 4]);
		hold.open();
		await Promise.all(started.map((run) => run.finished));
		expect(order).toEqual(['a0', 'a1', 'b0', 'c0', 'a2', 'b1']);
		expect(started.map((run) => run.ahead)).toEqual(started.map(() => null));
	});

	it('have the time that they waited as a step, and no such step when they did not', async () => {
		const hold = gate();
		const { runs, store } = startRegistry({
			config: { MAX_CONCURRENT_ANSWERS: 1, MAX_QUEUE: 3 },
			beats: [sources(), hold.opened, 'text']
		});
		const [first, second, third, fourth] = Array.from({ length: 4 }, () => runs.start(ask(), 'ask'));
		third!.cancel();
		expect((await third!.finished).steps).toMatchObject([
			{ name: 'queue', status: 'cancelled', details: { n_ahead: 1 } }
		]);
		hold.open();
		await Promise.all([first, second, fourth].map((run) => run!.finished));
		const [alone, waited, longest] = [first, second, fourth].map((run) => store.get(run!.traceId)!);
		expect(alone!.steps.map(({ name }) => name)).toEqual(['llm_generation']);
		for (const [trace, ahead] of [
			[waited!, 0],
			[longest!, 2]
		] as const) {
			const [queue, generation] = trace.steps;
			expect(queue).toMatchObject({ name: 'queue', status: 'success', details: { n_ahead: ahead } });
			expect(generation!.start_ms).toBeGreaterThanOrEqual(queue!.start_ms + queue!.duration_ms);
			const total = trace.unaccounted_ms! + unionLength(trace.steps);
			expect(total).toBeCloseTo(trace.total_duration_ms!, 2);
		}
	});

	it('are told as having failed in the line when they waited too long', async () => {
		const { runs } = startRegistry({
			config: { MAX_CONCURRENT_ANSWERS: 1, MAX_QUEUE_WAIT_MS: 1 },
			beats: [sources(), gate().opened]
		});
		const first = runs.start(ask(), 'ask');
		const { status, steps } = await runs.start(ask(), 'ask').finished;
		expect([status, steps.map((step) => [step.name, step.status])]).toEqual(['error', [['queue', 'error']]]);
		first.cancel();
		await first.finished;
	});

	it('end the last one waiting of who has most when somebody new comes to a full line', async () => {
		const hold = gate();
		const { runs, script } = startRegistry({
			config: { MAX_CONCURRENT_ANSWERS: 1, MAX_QUEUE: 2 },
			beats: [sources(), hold.opened]
		});
		const [, first, last] = Array.from({ length: 3 }, () => runs.start(ask(), 'ask', 'a'));
		expect(() => runs.start(ask(), 'ask', 'a')).toThrow(expect.objectContaining({ code: 'overloaded' }));
		const newcomer = runs.start(ask(), 'ask', 'b');
		expect((await last!.finished).status).toBe('error');
		expect(last!.failure).toMatchObject({ code: 'overloaded', retryable: true });
		expect(() => runs.start(ask(), 'ask', 'c')).toThrow(AppError);
		hold.open();
		await Promise.all([first!.finished, newcomer.finished]);
		expect(script.requests).toHaveLength(3);
		expect(runs.load()).toMatchObject({ running: 0, queued: 0 });
	});
});

describe('waiting for a turn', () => {
	it('ends as overloaded after the longest wait, and leaves the line', async () => {
		vi.useFakeTimers();
		try {
			const hold = gate();
			const { runs, script } = startRegistry({
				config: { MAX_CONCURRENT_ANSWERS: 1, MAX_QUEUE_WAIT_MS: 500, RESUME_GRACE_MS: 60_000 },
				beats: [sources(), hold.opened]
			});
			const [running, waiting] = [runs.start(ask(), 'ask'), runs.start(ask(), 'ask')];
			await vi.advanceTimersByTimeAsync(499);
			expect([waiting.ahead, runs.load().queued]).toEqual([0, 1]);
			await vi.advanceTimersByTimeAsync(1);
			expect(waiting.failure).toMatchObject({ code: 'overloaded' });
			expect(runs.load().queued).toBe(0);
			hold.open();
			expect((await running.finished).status).toBe('success');
			expect(script.requests).toHaveLength(1);
		} finally {
			vi.useRealTimers();
		}
	});
});

describe('a shutdown with a grace time', () => {
	it('lets answers end, starts none that waits, and ends the rest when the time is over', async () => {
		vi.useFakeTimers();
		try {
			const [quick, never] = [gate(), gate()];
			const { pipeline, requests } = scriptedPipeline(({ question }) => [
				sources(),
				question === 'quick' ? quick.opened : never.opened,
				'end'
			]);
			const { runs } = startRegistry({
				pipeline,
				config: { MAX_CONCURRENT_ANSWERS: 2, RESUME_GRACE_MS: 60_000 }
			});
			const started = ['quick', 'slow', 'waiting'].map((question) => runs.start(ask({ question }), 'ask'));
			const closed = runs.close(5000);
			expect(() => runs.start(ask(), 'ask')).toThrow(
				expect.objectContaining({ code: 'server_shutdown', status: 503, retryAfterSeconds: 5 })
			);
			quick.open();
			await vi.advanceTimersByTimeAsync(4999);
			expect(started.map((run) => run.isFinished)).toEqual([true, false, true]);
			await vi.advanceTimersByTimeAsync(1);
			await closed;
			expect(started.map((run) => run.own.status)).toEqual(['success', 'interrupted', 'interrupted']);
			expect(requests.map(({ question }) => question)).toEqual(['quick', 'slow']);
			expect(vi.getTimerCount()).toBe(0);
		} finally {
			vi.useRealTimers();
		}
	});
});
