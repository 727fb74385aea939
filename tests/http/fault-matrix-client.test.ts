import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { TraceSummary } from '#lib/contract/trace.ts';
import {
	finish,
	letterVectors,
	sharedWords,
	silence,
	stall,
	token,
	type ModelCall,
	type Script
} from '../fixtures/model-server.ts';
import {
	markerOf,
	newQuestion,
	ROUTES,
	startFaultBench,
	type FaultBench,
	type Route
} from './fault-matrix-setup.ts';

/** How soon after the client has left the model's connection is closed, and the trace stored. */
const CLOSED_MS = 250;
const STORED_MS = 1000;

type Stage = '/v1/embeddings' | '/v1/rerank' | '/v1/chat/completions';

/** Questions that get stuck on their way, by their mark. */
const stuck = new Map<string, Stage>();
const unless = (stage: Stage, usual: (call: ModelCall) => Script) => (call: ModelCall) =>
	stuck.get(markerOf(call)) === stage ? silence : usual(call);

let bench: FaultBench;
beforeAll(async () => {
	bench = await startFaultBench({
		env: ({ url }) => ({
			RESUME_GRACE_MS: '0',
			MAX_CONCURRENT_ANSWERS: '1',
			EMBEDDING_MODEL: 'test-embedder',
			RERANK_URL: `${url}/rerank`,
			RERANK_MODEL: 'test-reranker'
		}),
		model: {
			embeddings: unless('/v1/embeddings', letterVectors),
			rerank: unless('/v1/rerank', sharedWords)
		}
	});
});
afterAll(() => bench?.[Symbol.asyncDispose]());

/** The call of a question that has reached a stage. */
const arrival = (marker: string, stage: Stage) =>
	vi.waitFor(
		() => {
			const call = bench.test.model.calls.find((each) => each.path === stage && markerOf(each) === marker);
			expect(call).toBeDefined();
			return call!;
		},
		{ timeout: 10_000, interval: 5 }
	);

/** The trace of a question, once it is as expected. */
const traceOf = (marker: string, expected: Partial<TraceSummary>, timeout = 10_000) =>
	vi.waitFor(
		async () => {
			const [trace] = await bench.json<TraceSummary[]>(`/traces?q=${marker}`);
			expect(trace).toMatchObject(expected);
			return trace!;
		},
		{ timeout, interval: 10 }
	);

/** Asserts what is left of a question whose asker has gone. */
async function expectCancelled(
	marker: string,
	route: Route,
	leftAt: number,
	call: ModelCall | null,
	answer: string | null
): Promise<void> {
	if (call) {
		const { by, at } = await call.closed;
		expect(by).toBe('client');
		expect(at - leftAt).toBeLessThan(CLOSED_MS);
	}
	await traceOf(marker, { status: 'cancelled', route, answer }, STORED_MS);
	await bench.expectNothingLeft();
}

interface Departure {
	name: string;
	stage: Stage;
	/** What the model does, when it is reached. */
	script?: Script;
	/** The text that was told before the client left. */
	answer?: string;
}

const departures: readonly Departure[] = [
	{ name: 'while the question is embedded', stage: '/v1/embeddings' },
	{ name: 'during retrieval', stage: '/v1/rerank' },
	{ name: 'before the headers of the model', stage: '/v1/chat/completions', script: silence },
	{ name: 'before the first token', stage: '/v1/chat/completions', script: stall() },
	{ name: 'in the middle', stage: '/v1/chat/completions', script: stall(['Four']), answer: 'Four' },
	{
		name: 'after the last token, before the end',
		stage: '/v1/chat/completions',
		script: [token('Four'), finish(), { do: 'stall' }],
		answer: 'Four'
	}
];

describe.each(ROUTES)('a client of %s that leaves', (route) => {
	it.each(departures)('$name', async ({ stage, script, answer }) => {
		const { marker, question } = newQuestion();
		if (script) bench.script(marker, [script]);
		else stuck.set(marker, stage);
		const controller = new AbortController();
		const asking = bench.send(route, { question }, controller.signal);
		asking.catch(() => {});
		const call = await arrival(marker, stage);
		if (answer) await traceOf(marker, { answer });
		const leftAt = performance.now();
		controller.abort();
		await expectCancelled(marker, route, leftAt, call, answer ?? null);
		expect(bench.callsFor(marker)).toHaveLength(script ? 1 : 0);
	});

	it('while it waits for its turn', async () => {
		const first = newQuestion();
		bench.script(first.marker, [silence]);
		const blocking = new AbortController();
		bench.send('ask_stream', { question: first.question }, blocking.signal).catch(() => {});
		const call = await arrival(first.marker, '/v1/chat/completions');
		const { marker, question } = newQuestion();
		const controller = new AbortController();
		bench.send(route, { question }, controller.signal).catch(() => {});
		await traceOf(marker, { status: 'pending' });
		controller.abort();
		await traceOf(marker, { status: 'cancelled', route, answer: null }, STORED_MS);
		expect(bench.callsFor(marker)).toEqual([]);
		const leftAt = performance.now();
		blocking.abort();
		await expectCancelled(first.marker, 'ask_stream', leftAt, call, null);
	});

	it('by closing only its own side of the connection', async () => {
		const { marker, question } = newQuestion();
		bench.script(marker, [silence]);
		const { hostname, port, host } = new URL(bench.test.app.url);
		const socket = connect(Number(port), hostname);
		const body = JSON.stringify({ question });
		const head = {
			ask: 'POST /ask',
			ask_stream: 'POST /ask/stream',
			trpc_ask: `GET /trpc/ask?input=${encodeURIComponent(body)}`
		}[route];
		const isGet = route === 'trpc_ask';
		const length = isGet ? '' : `content-type: application/json\r\ncontent-length: ${body.length}\r\n`;
		socket.write(`${head} HTTP/1.1\r\nhost: ${host}\r\n${length}\r\n${isGet ? '' : body}`);
		const call = await arrival(marker, '/v1/chat/completions');
		const leftAt = performance.now();
		socket.end();
		socket.resume();
		await expectCancelled(marker, route, leftAt, call, null);
	});
});

it('leaves no connection open', () => bench.expectNoConnections());
