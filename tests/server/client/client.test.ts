import { EventSource } from 'eventsource';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
	CitelightError,
	createCitelightClient,
	type AskEvent,
	type AskRun,
	type CitelightClient,
	type TraceSummary
} from '#lib/client/index.ts';
import { startApp, type App } from '../../fixtures/app-server.ts';
import { startCuttingProxy } from '../../fixtures/cutting-proxy.ts';
import {
	answer,
	errorStatus,
	gate,
	startModelServer,
	type ModelServer
} from '../../fixtures/model-server.ts';
import { tempFolder } from '../../fixtures/temp-folder.ts';

const QUESTION = 'How do I open the red door?';

let model: ModelServer;
let app: App;
let client: CitelightClient;

beforeAll(async () => {
	await using docs = await tempFolder({
		'door.md': '# Doors\n\n## Opening\n\nTurn the brass key twice to open the red door.\n',
		'garden.md': '# Garden\n\nWater the roses every morning.\n'
	});
	model = await startModelServer();
	app = await startApp({
		docs: { house: docs.path },
		env: { OPENAI_BASE_URL: model.url, CHAT_MODEL: 'test-model' }
	});
	client = createCitelightClient({ url: app.url });
});

afterAll(async () => {
	await app?.[Symbol.asyncDispose]();
	await model?.[Symbol.asyncDispose]();
});

async function read(run: AskRun, onEvent?: (event: AskEvent) => void): Promise<AskEvent[]> {
	const events: AskEvent[] = [];
	for await (const event of run) {
		events.push(event);
		onEvent?.(event);
	}
	return events;
}

const textOf = (events: readonly AskEvent[]) =>
	events.map((event) => (event.type === 'token' ? event.data : '')).join('');
const failureOf = (promise: Promise<unknown>) =>
	promise.then(
		() => expect.unreachable('it must reject'),
		(error: unknown) => error
	);

test('streams sources, then tokens, then done', async () => {
	model.queue(answer(['Turn', ' the', ' key', ' [1].']));
	const run = client.ask({ question: QUESTION, library: 'house' });
	const events = await read(run);
	expect(events.map((event) => event.type)).toEqual(['sources', 'token', 'token', 'token', 'token', 'done']);
	expect(textOf(events)).toBe('Turn the key [1].');
	const last = events.at(-1);
	expect(last?.type === 'done' && last.data.trace_id).toBe(await run.trace_id);
	const trace = await client.traces.get(await run.trace_id);
	expect(trace).toMatchObject({ status: 'success', answer: 'Turn the key [1].', citations: [1] });
});

test('takes the longest question in the longest letters', async () => {
	const question = `${'红色的门怎么打开'.repeat(498)} red door key`;
	const run = client.ask({ question });
	const events = await read(run);
	expect(events.at(-1)?.type).toBe('done');
	expect((await client.traces.get(await run.trace_id)).question).toBe(question);
});

test('goes on after every cut connection: every token once, one call of the model', async () => {
	await using proxy = await startCuttingProxy(app.url);
	const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
	const tokens = [
		'One',
		' two',
		gate(gates[0].promise),
		' three',
		gate(gates[1].promise),
		' four',
		' five [1].'
	];
	const calls = model.chatCalls.length;
	model.queue(answer(tokens));
	const events = await read(
		createCitelightClient({ url: proxy.url }).ask({ question: QUESTION }),
		(event) => {
			if (event.type !== 'token') return;
			if (event.data === ' two' || event.data === ' three') proxy.cut();
			// The rest is written only after the connection is gone.
			if (event.data === ' two') gates[0].resolve();
			if (event.data === ' three') gates[1].resolve();
		}
	);
	expect(textOf(events)).toBe('One two three four five [1].');
	expect(events.filter((event) => event.type === 'sources').length).toBe(1);
	expect(events.at(-1)?.type).toBe('done');
	expect(model.chatCalls.length - calls).toBe(1);
	expect(proxy.connections).toBeGreaterThanOrEqual(3);
});

test('a start whose connection dies is repeated and starts one run', async () => {
	await using proxy = await startCuttingProxy(app.url);
	let attempts = 0;
	const calls = model.chatCalls.length;
	const flaky: typeof fetch = async (input, init) => {
		const response = await fetch(input, init);
		if (init?.method === 'POST' && ++attempts === 1) {
			await response.arrayBuffer();
			throw new TypeError('the response was lost');
		}
		return response;
	};
	const events = await read(
		createCitelightClient({ url: proxy.url, fetch: flaky }).ask({ question: QUESTION })
	);
	expect(events.at(-1)?.type).toBe('done');
	expect(attempts).toBe(2);
	expect(model.chatCalls.length - calls).toBe(1);
});

test('stop ends the run at once, with its last event', async () => {
	const never = Promise.withResolvers<void>();
	model.queue(answer(['Half', ' an', gate(never.promise), ' answer']));
	const arrived = model.nextCall();
	const run = client.ask({ question: QUESTION });
	const events = await read(run, (event) => {
		if (event.type === 'token' && event.data === ' an') void run.stop();
	});
	expect(events.at(-1)).toMatchObject({ type: 'error', data: { code: 'cancelled' } });
	expect((await (await arrived).closed).by).toBe('client');
	never.resolve();
	expect(await client.traces.get(await run.trace_id)).toMatchObject({
		status: 'cancelled',
		answer: 'Half an'
	});
});

test('leaving the loop lets the server stop the model', async () => {
	const never = Promise.withResolvers<void>();
	model.queue(answer(['Half', gate(never.promise), ' answer']));
	const arrived = model.nextCall();
	for await (const event of client.ask({ question: QUESTION })) {
		if (event.type === 'token') break;
	}
	expect((await (await arrived).closed).by).toBe('client');
	never.resolve();
});

test('an aborted signal ends the loop with its reason', async () => {
	const never = Promise.withResolvers<void>();
	model.queue(answer(['Half', gate(never.promise), ' answer']));
	const arrived = model.nextCall();
	const controller = new AbortController();
	const reason = new Error('changed my mind');
	const run = client.ask({ question: QUESTION }, { signal: controller.signal });
	const reading = read(run, (event) => {
		if (event.type === 'token') controller.abort(reason);
	});
	expect(await failureOf(reading)).toBe(reason);
	expect((await (await arrived).closed).by).toBe('client');
	never.resolve();
});

test('a signal that was aborted before asks nothing', async () => {
	const calls = model.calls.length;
	const run = client.ask({ question: QUESTION }, { signal: AbortSignal.abort(new Error('too late')) });
	expect(await failureOf(read(run))).toMatchObject({ message: 'too late' });
	expect(model.calls.length).toBe(calls);
});

test.each([
	[{ question: '   ' }, { code: 'invalid_request', status: 400, retryable: false }],
	[{ question: 'x'.repeat(4001) }, { code: 'invalid_request', status: 400, retryable: false }],
	[
		{ question: QUESTION, limit: 51 },
		{ code: 'invalid_request', status: 400, retryable: false }
	],
	[
		{ question: QUESTION, library: 'castle' },
		{ code: 'unknown_library', status: 404, retryable: false }
	]
])('what the server refuses rejects before anything starts: %j', async (input, expected) => {
	const calls = model.calls.length;
	const run = client.ask(input);
	const error = await failureOf(read(run));
	expect(error).toBeInstanceOf(CitelightError);
	expect(error).toMatchObject(expected);
	expect(await failureOf(run.trace_id)).toBe(error);
	expect(await failureOf(client.askOnce(input))).toMatchObject(expected);
	expect(model.calls.length).toBe(calls);
});

test('an unknown library is answered with the known ones', async () => {
	const error = await failureOf(client.search({ question: QUESTION, library: 'castle' }));
	expect(error).toMatchObject({ code: 'unknown_library', message: expect.stringContaining('house') });
});

test('a model that fails is an event, because the run has started', async () => {
	model.queue(errorStatus(401));
	const events = await read(client.ask({ question: QUESTION }));
	expect(events.at(-1)).toMatchObject({ type: 'error', data: { code: 'upstream_auth', retryable: false } });
});

test('the other calls answer in the shapes of the contract', async () => {
	const answered = await client.askOnce({ question: QUESTION, library: 'house' });
	expect(answered.sources[0]).toMatchObject({ n: 1, library: 'house', document: 'door.md' });
	expect(answered.trace.trace_id).toBe(answered.trace_id);

	const found = await client.search({ question: QUESTION, limit: 1 });
	expect(found.results.map((result) => result.document)).toEqual(['door.md']);

	expect(await client.libraries()).toMatchObject([{ name: 'house', documents: 2 }]);
	const [newest] = await client.traces.list({ limit: 1 });
	expect(newest?.trace_id).toBe(answered.trace_id);

	await client.feedback({ trace_id: answered.trace_id, rating: 'up' });
	expect(await client.traces.get(answered.trace_id)).toMatchObject({ feedback: { rating: 'up' } });
	const stats = await client.stats({ window: '1h' });
	expect(stats.total_queries).toBeGreaterThan(0);
	expect(stats.feedback.up).toBe(1);
});

test('an unknown trace is not found, by every call that takes one', async () => {
	const expected = { code: 'not_found', status: 404, retryable: false };
	expect(await failureOf(client.traces.get('nobody'))).toMatchObject(expected);
	expect(await failureOf(client.cancel('nobody'))).toMatchObject(expected);
	expect(await failureOf(client.feedback({ trace_id: 'nobody', rating: 'down' }))).toMatchObject(expected);
});

test('live traces tell of a run as it begins and as it ends', async () => {
	const controller = new AbortController();
	const live = client.traces.live({ signal: controller.signal });
	const seen: TraceSummary[] = [];
	// The server tells only of what begins after the subscription: ask until the first is told.
	const asking = (async () => {
		while (seen.length === 0) await client.askOnce({ question: 'Are the roses watered?' });
	})();
	for await (const trace of live) {
		seen.push(trace);
		const first = seen.filter(({ trace_id }) => trace_id === seen[0]?.trace_id);
		if (first.at(-1)?.status !== 'pending') break;
	}
	await asking;
	expect(seen[0]?.question).toBe('Are the roses watered?');
	expect(seen.some((trace) => trace.status === 'success')).toBe(true);
	controller.abort();
});

test('a server that is not there rejects with connection_failed', async () => {
	const nobody = await startCuttingProxy(app.url);
	await nobody[Symbol.asyncDispose]();
	const unreachable = createCitelightClient({ url: nobody.url });
	const expected = { name: 'CitelightError', code: 'connection_failed', status: undefined, retryable: true };
	expect(await failureOf(unreachable.libraries())).toMatchObject(expected);
	expect(await failureOf(read(unreachable.ask({ question: QUESTION })))).toMatchObject(expected);
});

test('headers and fetch of the caller are used for every request, subscriptions too', async () => {
	const seen: string[] = [];
	const spy: typeof fetch = (input, init) => {
		const { pathname } = new URL(String(input));
		if (new Headers(init?.headers).get('x-team') === 'blue') seen.push(pathname);
		return fetch(input, init);
	};
	const own = createCitelightClient({
		url: `${app.url}/`,
		fetch: spy,
		headers: async () => ({ 'x-team': 'blue' })
	});
	await read(own.ask({ question: QUESTION }));
	await own.libraries();
	expect(seen).toEqual(['/trpc/start', '/trpc/ask', '/trpc/libraries']);
});

test('an EventSource that is given is used, and the question is in no address', async () => {
	const addresses: string[] = [];
	class Recorded extends EventSource {
		constructor(address: string) {
			addresses.push(decodeURIComponent(address));
			super(address);
		}
	}
	const own = createCitelightClient({ url: app.url, EventSource: Recorded });
	const events = await read(own.ask({ question: QUESTION }));
	expect(events.at(-1)?.type).toBe('done');
	expect(addresses.length).toBe(1);
	expect(addresses[0]).not.toContain('door');
});
