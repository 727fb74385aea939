import { createTRPCClient, httpSubscriptionLink } from '@trpc/client';
import { EventSource } from 'eventsource';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AskEvent } from '#lib/contract/ask.ts';
import type { AppRouter } from '#lib/server/trpc/router.ts';
import { startCuttingProxy } from '../fixtures/cutting-proxy.ts';
import { answer, errorStatus, gate, stall } from '../fixtures/model-server.ts';
import { startHttpTest, type HttpTest } from './setup.ts';

const question = 'How do I plant apple trees?';
let test: HttpTest;
beforeAll(async () => {
	test = await startHttpTest();
});
afterAll(() => test?.[Symbol.asyncDispose]());

/** A subscription as it goes over the wire. */
async function subscribeRaw(
	input: unknown,
	headers: Record<string, string> = {}
): Promise<EventSourceMessage[]> {
	const response = await test.get(`/trpc/ask?input=${encodeURIComponent(JSON.stringify(input))}`, {
		headers
	});
	expect(response.status).toBe(200);
	const messages: EventSourceMessage[] = [];
	createParser({ onEvent: (message) => messages.push(message) }).feed(await response.text());
	return messages;
}

describe('the ask subscription', () => {
	it.each([
		['no question', {}, 'invalid_request', 'question must be a string.'],
		['an empty question', { question: ' ' }, 'invalid_request', 'question must not be empty.'],
		['a long question', { question: 'x'.repeat(4001) }, 'invalid_request', 'at most 4000'],
		['a wrong type', 'How?', 'invalid_request', 'must be a JSON object'],
		['an unknown library', { question, library: 'orchid' }, 'unknown_library', 'harbor, orchard'],
		['an unknown run', { trace_id: 'nobody' }, 'not_resumable', 'Ask again'],
		['an unknown event', { trace_id: 'nobody', lastEventId: 'nobody:3' }, 'not_resumable', 'Ask again'],
		['an event of another run', { trace_id: 'one', lastEventId: 'two:3' }, 'not_resumable', 'Ask again'],
		['an event id that is none', { question, lastEventId: 'garbage' }, 'not_resumable', 'Ask again']
	])('answers %s with exactly one error event and its end', async (_name, input, code, says) => {
		const messages = await subscribeRaw(input);
		expect(messages.map(({ event }) => event)).toEqual(['connected', undefined, 'return']);
		const [, error] = messages;
		expect(error!.id).toBeTruthy();
		const { type, data } = JSON.parse(error!.data) as AskEvent & { data: { message: string } };
		expect([type, data]).toMatchObject(['error', { code }]);
		expect(data.message).toContain(says);
	});

	it('runs once and tells one error when the model fails, instead of trying again for ever', async () => {
		const calls = test.model.chatCalls.length;
		test.model.queue(errorStatus(401));
		const client = createTRPCClient<AppRouter>({
			links: [httpSubscriptionLink({ url: `${test.app.url}/trpc`, EventSource })]
		});
		const seen: AskEvent['type'][] = [];
		await new Promise<void>((resolve, reject) => {
			client.ask.subscribe(
				{ question },
				{
					onData: ({ data }) => seen.push(data.type),
					onComplete: resolve,
					onError: reject
				}
			);
		});
		expect(seen).toEqual(['sources', 'error']);
		expect(test.model.chatCalls).toHaveLength(calls + 1);
	});

	it('goes on by itself after a cut, within the usual grace time, byte for byte, with one model call in all', async () => {
		const calls = test.model.chatCalls.length;
		const middle = Promise.withResolvers<void>();
		const words = ['Plant ', 'them ', 'four ', 'metres ', 'apart ', '[1].'];
		test.model.queue(answer([...words.slice(0, 3), gate(middle.promise), ...words.slice(3)]));
		await using proxy = await startCuttingProxy(test.app.url);
		const client = createTRPCClient<AppRouter>({
			links: [httpSubscriptionLink({ url: `${proxy.url}/trpc`, EventSource })]
		});
		const events: { id: string; data: AskEvent }[] = [];
		await new Promise<void>((resolve, reject) => {
			client.ask.subscribe(
				{ question },
				{
					onData(event) {
						events.push(event);
						if (events.length === 4 && proxy.connections === 1) proxy.cut();
					},
					onConnectionStateChange({ state }) {
						// The model goes on only when the client is there again.
						if (state === 'pending' && proxy.connections > 1) middle.resolve();
					},
					onComplete: resolve,
					onError: reject
				}
			);
		});
		expect(proxy.connections).toBeGreaterThan(1);
		expect(events.map(({ id }) => Number(id.split(':')[1]))).toEqual(events.map((_, index) => index + 1));
		expect(events.map(({ data }) => (data.type === 'token' ? data.data : '')).join('')).toBe(words.join(''));
		expect(events.at(-1)!.data.type).toBe('done');
		expect(test.model.chatCalls).toHaveLength(calls + 1);
	});

	it('takes a question of 3,000 Chinese characters in two steps, which no address could hold', async () => {
		const long = `苹果树怎么种？apple trees ${'树'.repeat(2980)}`;
		const { result } = (await (await test.post('/trpc/start', { question: long })).json()) as {
			result: { data: { trace_id: string; conversation_id: string } };
		};
		const messages = await subscribeRaw({ trace_id: result.data.trace_id });
		const types = messages.slice(1, -1).map(({ data }) => (JSON.parse(data) as AskEvent).type);
		expect(types[0]).toBe('sources');
		expect(types.at(-1)).toBe('done');
	});
});

describe('errors over tRPC', () => {
	it('never carry a stack, a path of the disk or what the model endpoint said', async () => {
		test.model.queue(errorStatus(400, { error: { message: 'upstream body sk-secret' } }));
		const answers = [
			await test.post('/trpc/ask_once', { question }),
			await test.get('/trpc/nothing'),
			await test.get('/trpc/start'),
			await test.get('/trpc/traces.list?batch=1&input={'),
			await test.get(`/trpc/${Array.from({ length: 11 }, () => 'libraries').join(',')}?batch=1`)
		];
		expect(answers.map(({ status }) => status)).toEqual([502, 404, 405, 400, 400]);
		for (const response of answers) {
			expect(await response.text()).not.toMatch(/"stack"|node_modules|\.js:\d|sk-secret|upstream body/);
		}
	});

	it('tell the problem, so that a client knows its code', async () => {
		const response = await test.post('/trpc/start', { question, library: 'orchid' });
		expect(await response.json()).toMatchObject({
			error: {
				data: { httpStatus: 404, problem: { code: 'unknown_library', status: 404, retryable: false } }
			}
		});
	});
});

describe('traces.live', () => {
	it('tells each trace as it begins and ends', async () => {
		const controller = new AbortController();
		const response = await test.get('/trpc/traces.live', { signal: controller.signal });
		const asked = 'How do I prune cherry trees?';
		const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
		await reader.read();
		const asking = test.post('/ask', { question: asked });
		const seen: string[] = [];
		const parser = createParser({
			onEvent({ event, data, id }) {
				if (event !== undefined) return;
				const trace = JSON.parse(data) as { question: string; status: string; trace_id: string };
				expect(id).toBe(`${trace.trace_id}:${trace.status}`);
				if (trace.question === asked) seen.push(trace.status);
			}
		});
		while (seen.length < 2) parser.feed((await reader.read()).value ?? '');
		expect(seen).toEqual(['pending', 'success']);
		expect((await asking).status).toBe(200);
		controller.abort();
	});
});

describe('more questions than the server takes', () => {
	it('are answered 503 with Retry-After at every door, before any work', async () => {
		await using busy = await startHttpTest({
			model: { script: stall(['Busy']) },
			env: { MAX_CONCURRENT_ANSWERS: '1', MAX_QUEUE: '1' }
		});
		const calling = busy.model.nextCall();
		const running = await busy.post('/ask/stream', { question });
		const queued = await busy.post('/ask/stream', { question });
		await calling;
		const input = encodeURIComponent(JSON.stringify({ question }));
		const refused = [
			...(await Promise.all(
				['/ask', '/ask/stream', '/trpc/start', '/trpc/ask_once'].map((path) => busy.post(path, { question }))
			)),
			await busy.get(`/trpc/ask?input=${input}`)
		];
		for (const response of refused) {
			expect(response.status).toBe(503);
			expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
			expect(await response.text()).toContain('overloaded');
		}
		expect(await busy.json('/traces')).toHaveLength(2);
		expect(busy.model.chatCalls).toHaveLength(1);
		// Those that were accepted can still be joined.
		const [waiting] = await busy.json<{ trace_id: string }[]>('/traces?limit=1');
		const attach = encodeURIComponent(JSON.stringify({ trace_id: waiting!.trace_id }));
		const joined = await busy.get(`/trpc/ask?input=${attach}`);
		expect(joined.status).toBe(200);
		for (const response of [running, queued, joined]) await response.body!.cancel();
	});
});
