import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AskRequest } from '#lib/contract/ask.ts';
import { stepNameSchema, traceSchema } from '#lib/contract/trace.ts';
import { AppError } from '#lib/server/error.ts';
import { TraceRecorder, type OpenStep } from '#lib/server/trace/recorder.ts';
import { covered } from '../../fixtures/naive-stats.ts';
import { passage } from '../../fixtures/passages.ts';
import { demoSource } from '../../fixtures/traces.ts';

const question: AskRequest = { question: 'How do I post?', limit: 5 };

/** A recorder on a clock that only moves when it is told to. */
function recording(request = question) {
	let now = 1234.567_891;
	const trace = new TraceRecorder(request, 'ask', 'trace', () => now);
	return { trace, pass: (milliseconds: number) => (now += milliseconds) };
}

const happening = fc.oneof(
	fc.record({ kind: fc.constant('pass' as const), ms: fc.double({ min: 0, max: 100, noNaN: true }) }),
	fc.record({ kind: fc.constant('open' as const), name: fc.constantFrom(...stepNameSchema.options) }),
	fc.record({ kind: fc.constant('end' as const), which: fc.nat() })
);

describe('the recorder', () => {
	it('accounts for all of the time, however steps nest and overlap', () => {
		fc.assert(
			fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
				const { trace, pass } = recording();
				const open: OpenStep[] = [];
				let opened = 0;
				for (const event of happenings) {
					if (event.kind === 'pass') pass(event.ms);
					if (event.kind === 'open') {
						open.push(trace.openStep(event.name));
						opened += 1;
					}
					if (event.kind === 'end' && open.length) open.splice(event.which % open.length, 1)[0]?.end();
				}
				const { steps, total_duration_ms, unaccounted_ms } = trace.finish({ status: 'success' });
				const total = total_duration_ms ?? NaN;
				expect(Math.abs((covered(steps) ?? 0) + (unaccounted_ms ?? NaN) - total)).toBeLessThan(0.0005);
				expect(unaccounted_ms).toBeGreaterThanOrEqual(0);
				expect(steps).toHaveLength(opened);
				for (const step of steps) {
					expect(step.start_ms + step.duration_ms).toBeLessThanOrEqual(total + 1e-9);
					expect(Object.is(step.duration_ms, -0)).toBe(false);
				}
				const starts = steps.map((step) => step.start_ms);
				expect(starts).toEqual(starts.toSorted((a, b) => a - b));
			}),
			{ numRuns: 500 }
		);
	});

	it('gives traces in the shape of the contract', () => {
		const { trace, pass } = recording({ ...question, library: 'demo', conversation_id: 'talk' });
		expect(traceSchema.parse(trace.pending())).toEqual(trace.pending());
		trace.openStep('llm_generation', { model: 'demo' });
		pass(12.345_678);
		trace.markFirstToken();
		trace.answer = 'Use `post` [1].';
		const finished = trace.finish({ status: 'success' });
		expect(traceSchema.parse(finished)).toEqual(finished);
		expect(finished).toMatchObject({
			library_filter: 'demo',
			conversation_id: 'talk',
			total_duration_ms: 12.346,
			time_to_first_token_ms: 12.346
		});
	});

	it('leaves out the steps that did not run', async () => {
		const { trace } = recording();
		await trace.step('fusion_rrf', () => undefined);
		expect(trace.finish({ status: 'success' }).steps.map((step) => step.name)).toEqual(['fusion_rrf']);
	});

	it('passes on what a step gives and takes down its details', async () => {
		const { trace, pass } = recording();
		const result = await trace.step('retrieval_bm25', ({ details }) => {
			pass(3);
			details.n_results = 50;
			return 'hits';
		});
		expect(result).toBe('hits');
		expect(trace.finish({ status: 'success' }).steps).toEqual([
			{ name: 'retrieval_bm25', start_ms: 0, duration_ms: 3, status: 'success', details: { n_results: 50 } }
		]);
	});

	it.each([
		['a failure', new Error('broken'), 'error'],
		['a failure of ours', new AppError('upstream_timeout', 'Too slow.'), 'error'],
		['a stop', new AppError('cancelled', 'The answer was stopped.'), 'cancelled'],
		['a shutdown', new AppError('server_shutdown', 'Shutting down.'), 'cancelled'],
		['an aborted fetch', new DOMException('aborted', 'AbortError'), 'cancelled']
	])('records %s in a step and passes it on', async (_what, thrown, status) => {
		const { trace } = recording();
		await expect(trace.step('reranking', () => Promise.reject(thrown))).rejects.toBe(thrown);
		expect(trace.finish({ status: 'error' }).steps[0]?.status).toBe(status);
	});

	it('counts only the first end of a step', () => {
		const { trace, pass } = recording();
		const step = trace.openStep('llm_generation');
		pass(5);
		step.end('skipped');
		pass(5);
		step.end();
		expect(trace.finish({ status: 'success' }).steps).toMatchObject([{ duration_ms: 5, status: 'skipped' }]);
	});

	it.each([
		['cancelled', 'cancelled'],
		['interrupted', 'cancelled'],
		['error', 'error'],
		['success', 'error']
	] as const)('closes what is open when a run ends as %s', (status, closedAs) => {
		const { trace, pass } = recording();
		trace.openStep('llm_generation');
		pass(7);
		expect(trace.finish({ status }).steps).toMatchObject([{ duration_ms: 7, status: closedAs }]);
	});

	it('keeps the first moment of a first token', () => {
		const { trace, pass } = recording();
		expect(trace.pending().time_to_first_token_ms).toBeNull();
		pass(4);
		trace.markFirstToken();
		pass(4);
		trace.markFirstToken();
		expect(trace.finish({ status: 'success' }).time_to_first_token_ms).toBe(4);
	});

	it('shows a running trace as pending, with the steps that have ended and the text so far', async () => {
		const { trace } = recording();
		expect(trace.pending()).toMatchObject({
			status: 'pending',
			answer: null,
			steps: [],
			total_duration_ms: null
		});
		await trace.step('fusion_rrf', () => undefined);
		trace.openStep('llm_generation');
		trace.answer += 'Use';
		const { steps, answer, unaccounted_ms } = trace.pending();
		expect(steps.map((step) => step.name)).toEqual(['fusion_rrf']);
		expect({ answer, unaccounted_ms }).toEqual({ answer: 'Use', unaccounted_ms: null });
	});

	it('gives snapshots that later events do not change', async () => {
		const { trace } = recording();
		const { details } = await trace.step('fusion_rrf', (step) => step);
		trace.record.sources = [demoSource];
		trace.ledger.describe([demoSource]);
		trace.ledger.rank('bm25', [{ chunk_id: demoSource.chunk_id, score: 1 }]);
		const snapshot = trace.pending();
		const before = structuredClone(snapshot);
		details.k = 60;
		trace.record.sources.push(demoSource);
		trace.record.citations.push(1);
		trace.ledger.enterContext([demoSource.chunk_id]);
		await trace.step('reranking', () => undefined);
		expect(snapshot).toEqual(before);
	});

	it('finishes once: later ends change nothing', () => {
		const { trace, pass } = recording();
		pass(10);
		const first = trace.finish({ status: 'success' });
		const before = structuredClone(first);
		pass(10);
		trace.openStep('reranking').end();
		expect(trace.finish({ status: 'error' })).toEqual(before);
		expect(first).toEqual(before);
	});

	it.each([
		['success', 'prompt_building'],
		['refused', 'evidence_gate'],
		['error', null]
	] as const)('says of a %s where the passages that were not used went', (status, dropped_at) => {
		const { trace } = recording();
		const [used, left] = [passage(), passage()];
		trace.ledger.describe([used, left]);
		trace.ledger.rank('bm25', [
			{ chunk_id: used.chunk_id, score: 2 },
			{ chunk_id: left.chunk_id, score: 1 }
		]);
		if (status === 'success') trace.ledger.enterContext([used.chunk_id]);
		const candidates = trace.finish({ status }).candidates;
		expect(candidates.find((row) => row.chunk_id === left.chunk_id)?.dropped_at).toBe(dropped_at);
		expect(candidates.filter((row) => row.in_context && row.dropped_at)).toEqual([]);
	});
});
