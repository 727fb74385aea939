import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
	delta,
	errorStatus,
	raw,
	answer,
	send,
	silence,
	stall,
	textOf,
	token,
	wait,
	type Script
} from '../fixtures/model-server.ts';
import {
	newQuestion,
	startFaultBench,
	type Fault,
	type FaultBench,
	type Outcome
} from './fault-matrix-setup.ts';

const CONNECT = 1000;
const FIRST_TOKEN = 1300;
const IDLE = 1000;
const TOTAL = 2500;

/** A model endpoint that takes its time: each limit ends the answer at its time, and closes the connection. */
let bench: FaultBench;
beforeAll(async () => {
	bench = await startFaultBench({
		env: {
			CONNECT_TIMEOUT_MS: String(CONNECT),
			FIRST_TOKEN_TIMEOUT_MS: String(FIRST_TOKEN),
			IDLE_TIMEOUT_MS: String(IDLE),
			ANSWER_TIMEOUT_MS: String(TOTAL)
		}
	});
});
afterAll(() => bench?.[Symbol.asyncDispose]());

const again = (count: number, ...script: Script): Script =>
	Array.from({ length: count }, () => script).flat();
const both = send(textOf([token('Four'), token(' metres')]));
const timesOut = (timeout: string, more: Partial<Outcome> = {}): Outcome => ({
	code: 'upstream_timeout',
	details: { timeout, attempts: 1 },
	...more
});
const rows: readonly (Fault & { limit_ms: number })[] = [
	{
		name: 'not even headers',
		scripts: [silence],
		outcome: timesOut('headers', { says: /1 second/ }),
		limit_ms: CONNECT
	},
	{
		name: 'headers, then silence',
		scripts: [stall()],
		outcome: timesOut('first_token', { says: /1\.3 seconds/ }),
		limit_ms: FIRST_TOKEN
	},
	{
		name: 'comments alone',
		scripts: [again(400, send(': keep-alive\n\n'), wait(10))],
		outcome: timesOut('first_token'),
		limit_ms: FIRST_TOKEN
	},
	{
		name: 'empty deltas alone',
		scripts: [again(400, delta({ content: '' }), wait(10))],
		outcome: timesOut('first_token'),
		limit_ms: FIRST_TOKEN
	},
	{
		name: 'headers, one byte at a time',
		scripts: [[raw('HTTP/1.1 200 OK\r\nx-slow: '), ...again(400, raw('x'), wait(10))]],
		outcome: timesOut('headers'),
		limit_ms: CONNECT
	},
	{
		name: 'silence after some text',
		scripts: [[both, { do: 'stall' }]],
		outcome: timesOut('idle', { text: 'Four metres', says: /silent for 1 second/ }),
		limit_ms: IDLE
	},
	{
		name: 'comments and empty deltas after some text',
		scripts: [[both, ...again(400, send(': hi\n\ndata: {"choices":[]}\n\n'), wait(10))]],
		outcome: timesOut('idle', { text: 'Four metres' }),
		limit_ms: IDLE
	},
	{
		name: 'silence inside an event',
		scripts: [[both, send('data: {"choices":[{"del'), { do: 'stall' }]],
		outcome: timesOut('idle', { text: 'Four metres' }),
		limit_ms: IDLE
	}
];

describe('silence', () => {
	it.each(rows)('$name', async (fault) => {
		const before = bench.test.model.chatCalls.length;
		const traces = await bench.check(fault);
		for (const call of bench.test.model.chatCalls.slice(before)) {
			expect((await call.closed).by).toBe('client');
		}
		for (const { steps } of traces) {
			const asking = steps.find(({ name }) => name === 'llm_generation')!;
			// Timers are set in whole milliseconds of a clock of their own.
			expect(asking.duration_ms).toBeGreaterThanOrEqual(fault.limit_ms - 2);
		}
	});

	it('a model that never comes to its end', async () => {
		await bench.check({
			name: '',
			scripts: [[token('Four'), ...again(400, delta({ reasoning: 'hm' }), wait(10))]],
			outcome: timesOut('total', { text: 'Four', says: /2\.5 seconds/ })
		});
	});

	it('a pause that is longer than what is left of the whole fails at once', async () => {
		await bench.check({
			name: '',
			scripts: [errorStatus(429, undefined, { 'retry-after': '3' })],
			outcome: { code: 'upstream_rate_limited', calls: 1, retryAfter: '3' }
		});
	});

	it('a finish without the end of the stream is an answer', async () => {
		await bench.check({
			name: '',
			scripts: [[...answer(['Four'], { usage: null }), { do: 'stall' }]],
			outcome: { code: null, text: 'Four' }
		});
	});
});

describe('parameters that the endpoint refuses', () => {
	const refuses = (parameter: string) => (call: { body: Record<string, unknown> | null }) =>
		parameter in (call.body ?? {})
			? errorStatus(400, { error: { message: `Unsupported parameter: '${parameter}'`, param: parameter } })
			: answer(['Four']);

	it('are left out, once for all doors, and the trace says so', async () => {
		const told: string[] = [];
		for (const parameter of ['stream_options', 'temperature', 'max_tokens']) {
			told.push(parameter);
			const fault = (calls: number): Fault => ({
				name: '',
				scripts: [refuses(parameter)],
				input: { temperature: 0.5 },
				outcome: { code: null, text: 'Four', calls, details: { attempts: calls, fallbacks: [...told] } }
			});
			await bench.check(fault(2), ['ask_stream']);
			await bench.check(fault(1));
		}
		const { marker, question } = newQuestion();
		bench.script(marker, [refuses('none')]);
		await bench.test.post('/ask', { question, temperature: 0.5 });
		const { body } = bench.callsFor(marker)[0]!;
		expect(Object.keys(body!).toSorted()).toEqual(['max_completion_tokens', 'messages', 'model', 'stream']);
	});
});

it('leaves no connection open', () => bench.expectNoConnections());
