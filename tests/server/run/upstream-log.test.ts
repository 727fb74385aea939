import { afterEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '#lib/server/error.ts';
import type { Step } from '#lib/contract/trace.ts';
import { UpstreamLog } from '#lib/server/run/upstream-log.ts';
import { sources } from '../../fixtures/scripted-pipeline.ts';
import { ask, startRegistry } from './setup.ts';

function spyLog() {
	const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
	return () => write.mock.calls.map(([text]) => String(text));
}

afterEach(() => {
	vi.restoreAllMocks();
});

/** A kept trace with these steps. */
const kept = (trace_id: string, ...steps: Step[]) => ({ trace_id, steps });
const failed = (given: Partial<Step>): Step => ({
	name: 'llm_generation',
	start_ms: 0,
	duration_ms: 1,
	status: 'error',
	details: {
		endpoint: 'http://models.internal/v1',
		endpoint_model: 'small',
		endpoint_said: 'out of\nmemory'
	},
	...given
});

const refused = new AppError('upstream_bad_request', 'The model endpoint refused the request.', {
	cause: new Error('HTTP 400: canary'),
	facts: ['HTTP 400', 'unsupported_parameter']
});

describe('the log of answers that failed at an endpoint', () => {
	it('names answer, code and facts', async () => {
		const lines = spyLog();
		const { runs } = startRegistry({ beats: [sources(), refused] });
		const run = runs.start(ask(), 'ask');
		await run.finished;
		expect(lines()).toEqual([
			`citelight: answer ${run.traceId} failed: upstream_bad_request (HTTP 400, unsupported_parameter)\n`
		]);
	});

	it('leaves it to the terminal to tell who asks there', async () => {
		const lines = spyLog();
		const { runs } = startRegistry({ beats: [sources(), refused] });
		await runs.start(ask(), 'cli').finished;
		expect(lines()).toEqual([]);
	});

	it.each([
		['is stopped', new AppError('cancelled', 'Stopped.')],
		['has no content', new AppError('no_content', 'Empty.')]
	])('is silent when an answer %s', (_what, error) => {
		const lines = spyLog();
		new UpstreamLog().note(kept('some-id'), error);
		expect(lines()).toEqual([]);
	});

	it('names the endpoint and what it said, as far as the trace keeps it, on one line', () => {
		const lines = spyLog();
		new UpstreamLog().note(kept('a', failed({})), refused);
		expect(lines()).toEqual([
			'citelight: answer a failed: upstream_bad_request (HTTP 400, unsupported_parameter) at http://models.internal/v1, model "small", which said "out of\\nmemory"\n'
		]);
	});

	it('tells of a step that was gone on without', () => {
		const lines = spyLog();
		const details = { error: 'upstream_5xx', endpoint: 'http://models.internal/rerank' };
		new UpstreamLog().note(kept('a', failed({ name: 'reranking', status: 'skipped', details })), null);
		expect(lines()).toEqual([
			'citelight: answer a went on without reranking: upstream_5xx at http://models.internal/rerank\n'
		]);
	});

	it('tells of many failures of a kind once a second, and how many they were', () => {
		const lines = spyLog();
		const clock = { now: 0 };
		const log = new UpstreamLog(() => clock.now);
		const down = new AppError('upstream_connect', 'It cannot be reached.');
		for (let count = 0; count < 100; count += 1) log.note(kept('a'), down);
		log.note(kept('b'), refused);
		clock.now = 1000;
		log.note(kept('c'), down);
		log.note(kept('d'), down);
		clock.now = 2000;
		log.note(kept('e'), down);
		expect(lines()).toEqual([
			'citelight: answer a failed: upstream_connect\n',
			'citelight: answer b failed: upstream_bad_request (HTTP 400, unsupported_parameter)\n',
			'citelight: answer c failed: upstream_connect; 99 more of this kind before\n',
			'citelight: answer e failed: upstream_connect; 1 more of this kind before\n'
		]);
	});
});
