import { createTRPCClient, httpLink, httpSubscriptionLink, splitLink } from '@trpc/client';
import { EventSource } from 'eventsource';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AskEvent } from '#lib/contract/ask.ts';
import type { Trace } from '#lib/contract/trace.ts';
import type { AppRouter } from '#lib/server/trpc/router.ts';
import { chunk, done, finish, hangUp, send, token, type Script } from '../fixtures/model-server.ts';
import { allEvents, startHttpTest, type HttpTest } from './setup.ts';

const QUESTION = 'How do I plant apple trees?';
/** What only the endpoint says, and a key that it repeats. */
const WORDS = 'canary-in-the-model';
const KEY = 'sk-0123456789-of-these-tests';
const SAID = `${WORDS}: your key ${KEY} is on fire`;

const refusal = (status: number): Script => [
	{ do: 'respond', status, body: { error: { message: SAID, code: 'boom' } } }
];

/** Failures by the code that they come to. `speaks` is whether the endpoint says anything of its own. */
const FAILURES: { code: string; script: Script; speaks?: boolean }[] = [
	{ code: 'upstream_auth', script: refusal(401) },
	{ code: 'upstream_bad_request', script: refusal(400) },
	{ code: 'upstream_bad_request', script: refusal(404) },
	{ code: 'upstream_rate_limited', script: refusal(429) },
	{ code: 'upstream_5xx', script: refusal(500) },
	{ code: 'upstream_error_event', script: [token('Plant'), chunk({ error: { message: SAID } })] },
	{ code: 'upstream_error_event', script: [token('Plant'), send(`{"error":{"message":"${SAID}"}}\n`)] },
	{ code: 'upstream_malformed', script: [token('Plant'), send(`data: {${SAID}\n\n`)] },
	{ code: 'upstream_malformed', script: [{ do: 'respond', body: `<html>${SAID}</html>` }] },
	{
		code: 'content_filter',
		script: [chunk({ choices: [{ index: 0, delta: { refusal: SAID } }] }), finish(), done()]
	},
	{ code: 'upstream_truncated', script: [token('Plant'), { do: 'end' }], speaks: false },
	{ code: 'upstream_reset', script: [token('Plant'), hangUp()], speaks: false }
];

let test: HttpTest;
let trpc: ReturnType<typeof connect>;
beforeAll(async () => {
	test = await startHttpTest({ env: { CHAT_MODEL: 'orchard-model', IDLE_TIMEOUT_MS: '2000' } });
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

/** Everything that a reader gets, by route, with the id of the trace. */
const ROUTES: Record<string, () => Promise<{ told: string; traceId: string }>> = {
	async '/ask'() {
		const told = await (await test.post('/ask', { question: QUESTION })).text();
		return { told, traceId: (JSON.parse(told) as { trace_id: string }).trace_id };
	},
	async '/ask/stream'() {
		const events = await allEvents(await test.post('/ask/stream', { question: QUESTION }));
		const last = events.at(-1)!.event;
		if (last.type !== 'error') throw new Error('It did not fail.');
		return { told: JSON.stringify(events), traceId: last.data.trace_id };
	},
	async 'tRPC ask'() {
		const events: AskEvent[] = [];
		await new Promise<void>((resolve, reject) => {
			trpc.ask.subscribe(
				{ question: QUESTION },
				{ onData: ({ data }) => events.push(data), onComplete: resolve, onError: reject }
			);
		});
		const last = events.at(-1)!;
		if (last.type !== 'error') throw new Error('It did not fail.');
		return { told: JSON.stringify(events), traceId: last.data.trace_id };
	},
	async 'tRPC ask_once'() {
		const thrown: unknown = await trpc.ask_once
			.mutate({ question: QUESTION })
			.catch((error: unknown) => error);
		const { message, data } = thrown as { message: string; data: { problem: { trace_id: string } } };
		return { told: JSON.stringify({ message, data }), traceId: data.problem.trace_id };
	}
};

describe.each(Object.keys(ROUTES))('what an endpoint says of a failure (%s)', (route) => {
	it.each(FAILURES)(
		'stands in trace and log, and no reader gets it: $code',
		async ({ code, script, speaks = true }) => {
			test.model.respondWith(script);
			const { told, traceId } = await ROUTES[route]!();
			expect(told).toContain(code);
			expect(told).not.toContain(WORDS);
			expect(told).not.toContain(KEY);
			expect(told).not.toContain(test.model.url);

			const trace = await test.json<Trace>(`/traces/${traceId}`);
			const { details } = trace.steps.find(({ name }) => name === 'llm_generation')!;
			expect(details).toMatchObject({ endpoint: test.model.url, endpoint_model: 'orchard-model' });
			if (speaks) expect(details.endpoint_said).toContain(WORDS);
			expect(JSON.stringify(trace)).not.toContain(KEY);
			expect(test.app.logs()).not.toContain(KEY);
		}
	);
});

it('the log names the endpoint, the model and what it said', async () => {
	await using own = await startHttpTest({ env: { CHAT_MODEL: 'orchard-model' } });
	own.model.respondWith(refusal(400));
	await own.post('/ask', { question: QUESTION });
	await expect
		.poll(() => own.app.logs())
		.toMatch(
			new RegExp(
				`failed: upstream_bad_request \\(HTTP 400\\) at ${own.model.url}, model "orchard-model", which said "[^"]*${WORDS}`
			)
		);
	expect(own.app.logs()).not.toContain(KEY);
});

it('what was said of a failure before an answer is kept from who asked, too', async () => {
	test.model.respondWith([token('Plant'), finish(), done()]);
	test.model.queue(refusal(500));
	const told = await (await test.post('/ask', { question: QUESTION })).text();
	expect(told).toContain('"answer":"Plant"');
	expect(told).not.toContain(WORDS);
	const { trace_id } = JSON.parse(told) as { trace_id: string };
	expect(JSON.stringify(await test.json<Trace>(`/traces/${trace_id}`))).toContain(WORDS);
});

it('traces that keep no text keep nothing of it', async () => {
	await using own = await startHttpTest({ env: { TRACE_CONTENT: 'none' } });
	own.model.respondWith(refusal(400));
	const told = await (await own.post('/ask', { question: QUESTION })).text();
	const { trace_id } = JSON.parse(told) as { trace_id: string };
	expect(JSON.stringify(await own.json<Trace>(`/traces/${trace_id}`))).not.toContain(WORDS);
	expect(own.app.logs()).not.toContain(WORDS);
});
