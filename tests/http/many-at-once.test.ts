import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import type { TraceSummary } from '#lib/contract/trace.ts';
import { answer, gate } from '../fixtures/model-server.ts';
import { startHttpTest, type HttpTest } from './setup.ts';

const ASKING = 1000;
const WRITTEN_AT_ONCE = 8;
const WAITING = 24;
const TAKEN = WRITTEN_AT_ONCE + WAITING;
/** What the process may grow by, in bytes: it keeps some hundred kilobytes for each of so many connections at most. */
const MOST_GROWTH = 200 * 2 ** 20;

const memoryOf = ({ app }: HttpTest) =>
	Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${app.pid}/status`, 'utf8'))![1]) * 1024;

it('of a thousand questions at once each comes to exactly one end, and the model is asked for those alone that are taken', async () => {
	const { promise: opened, resolve: open } = Promise.withResolvers<void>();
	await using test = await startHttpTest({
		model: { script: answer(['Four', gate(opened), ' metres [1].']) },
		env: { MAX_CONCURRENT_ANSWERS: String(WRITTEN_AT_ONCE), MAX_QUEUE: String(WAITING) }
	});
	const isLinux = process.platform === 'linux';
	const before = isLinux ? memoryOf(test) : 0;
	let refused = 0;
	const outcomes = await Promise.all(
		Array.from({ length: ASKING }, async (_, at) => {
			const response = await test.post(at % 2 === 0 ? '/ask/stream' : '/ask', {
				question: `How do I plant apple trees? (${at})`
			});
			if (response.status !== 200) {
				expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
				refused += 1;
				// Those that were taken go on when everybody else has been told.
				if (refused === ASKING - TAKEN) open();
			}
			const text = await response.text();
			const ends = text.match(
				/"type":"(?:done|error)"|"finish_reason":"stop".*"status":"success"|"code":"\w+"/g
			);
			return { status: response.status, ends };
		})
	);
	const taken = outcomes.filter(({ status }) => status === 200);
	expect(taken).toHaveLength(TAKEN);
	expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set([200, 503]));
	for (const { ends } of outcomes) expect(ends).toHaveLength(1);
	for (const { status, ends } of outcomes) {
		if (status === 503) expect(ends).toEqual(['"code":"overloaded"']);
	}
	expect(test.model.chatCalls).toHaveLength(TAKEN);
	await vi.waitFor(async () => {
		const { checks } = await test.json<{ checks: { accepting: object } }>('/readyz');
		expect(checks.accepting).toEqual({ ok: true, running: 0, queued: 0 });
	});
	const traces = await test.json<TraceSummary[]>('/traces?limit=200');
	expect(traces.map(({ status }) => status)).toEqual(Array.from({ length: TAKEN }, () => 'success'));
	if (isLinux) expect(memoryOf(test) - before).toBeLessThan(MOST_GROWTH);
	expect((await test.get('/livez')).status).toBe(200);
});
