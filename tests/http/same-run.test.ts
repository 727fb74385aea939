import { createTRPCClient, httpLink, httpSubscriptionLink, splitLink } from '@trpc/client';
import { EventSource } from 'eventsource';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AskEvent, AskInput, AskResponse } from '#lib/contract/ask.ts';
import type { Trace } from '#lib/contract/trace.ts';
import type { AppRouter } from '#lib/server/trpc/router.ts';
import { answer, errorStatus, resetAfter, type Script } from '../fixtures/model-server.ts';
import { allEvents, startHttpTest, type HttpTest } from './setup.ts';

let test: HttpTest;
let trpc: ReturnType<typeof connect>;
beforeAll(async () => {
	test = await startHttpTest();
	trpc = connect(test.app.url);
});
afterAll(() => test?.[Symbol.asyncDispose]());

function connect(url: string) {
	return createTRPCClient<AppRouter>({
		links: [
			splitLink({
				condition: (operation) => operation.type === 'subscription',
				true: httpSubscriptionLink({ url: `${url}/trpc`, EventSource }),
				false: httpLink({ url: `${url}/trpc` })
			})
		]
	});
}

/** The events of the tRPC subscription with their ids. */
function subscribe(input: AskInput | { trace_id: string }): Promise<{ id: string; event: AskEvent }[]> {
	const events: { id: string; event: AskEvent }[] = [];
	return new Promise((resolve, reject) => {
		trpc.ask.subscribe(input, {
			onData: ({ id, data }) => events.push({ id, event: data }),
			onComplete: () => resolve(events),
			onError: reject
		});
	});
}

/** What differs from run to run: ids and times. */
function comparable(event: AskEvent): unknown {
	if (event.type === 'done') {
		const {
			trace_id: _id,
			conversation_id: _talk,
			total_ms: _total,
			time_to_first_token_ms: _first,
			...rest
		} = event.data;
		return { type: 'done', data: rest };
	}
	if (event.type !== 'error') return event;
	const { trace_id: _id, ...rest } = event.data;
	return { type: 'error', data: rest };
}

const sequence = (events: readonly { event: AskEvent }[]) => events.map(({ event }) => comparable(event));
const seqs = (events: readonly { id?: string | undefined }[]) =>
	events.map(({ id }) => Number(id!.split(':')[1]));

describe('one question through every door', () => {
	const outcomes: [name: string, script: Script][] = [
		['an answer', answer(['Four ', 'metres', ' apart [1], 👩‍👩‍👧\u2028 ', '\n\n[2].'])],
		['a failure before the first token', errorStatus(401)],
		['a failure in the middle', resetAfter(['Four ', 'metres'])]
	];
	it.each(outcomes)('gives the same sources and the same events: %s', async (_name, script) => {
		test.model.respondWith(script);
		const input = { question: 'How do I plant apple trees?', library: 'orchard', limit: 3 };
		const streamed = await allEvents(await test.post('/ask/stream', input));
		const subscribed = await subscribe(input);
		const { trace_id } = await trpc.start.mutate(input);
		const inTwoSteps = await subscribe({ trace_id });

		expect(streamed[0]!.event.type).toBe('sources');
		for (const events of [streamed, subscribed, inTwoSteps]) {
			expect(sequence(events)).toEqual(sequence(streamed));
			expect(seqs(events)).toEqual(events.map((_, index) => index + 1));
		}
		const whole = await test.post('/ask', input);
		const last = streamed.at(-1)!.event;
		if (last.type === 'done') {
			const once = (await whole.json()) as AskResponse;
			const overTrpc = await trpc.ask_once.mutate(input);
			for (const answered of [once, overTrpc]) {
				expect(answered.sources).toEqual(streamed[0]!.event.data);
				expect(answered.answer).toBe(
					streamed.map(({ event }) => (event.type === 'token' ? event.data : '')).join('')
				);
				expect(answered.trace.citations).toEqual(last.data.citations);
			}
		} else {
			const code = last.type === 'error' ? last.data.code : undefined;
			expect(whole.status).toBe(502);
			expect(await whole.json()).toMatchObject({ code });
			await expect(trpc.ask_once.mutate(input)).rejects.toMatchObject({ data: { problem: { code } } });
		}
		const routes = (await test.json<Trace[]>('/traces?limit=5')).map((trace) => trace.route);
		expect(routes.toSorted()).toEqual(['ask', 'ask_stream', 'trpc_ask', 'trpc_ask', 'trpc_ask_once']);
	});

	it('asks the model the same', () => {
		const bodies = test.model.chatCalls.map(({ body }) => body);
		// The boundary between passages is drawn anew for every prompt.
		const withoutBoundary = (body: unknown) => JSON.stringify(body).replaceAll(/[0-9a-f]{8,}/g, '*');
		expect(new Set(bodies.map(withoutBoundary)).size).toBe(1);
	});
});
