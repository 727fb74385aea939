import { join } from 'node:path';
import { createParser } from 'eventsource-parser';
import { expect, vi } from 'vitest';
import { askEventSchema, askResponseSchema, type AskEvent, type AskInput } from '#lib/contract/ask.ts';
import { problemSchema, type ErrorCode } from '#lib/contract/error-code.ts';
import { traceSchema, type Trace, type TraceStatus, type Usage } from '#lib/contract/trace.ts';
import type { ModelCall, ModelServerOptions, Script } from '../fixtures/model-server.ts';
import { startHttpTest, type HttpTest, type HttpTestOptions } from './setup.ts';

const root = join(import.meta.dirname, '../..');

/** The doors through which every fault is sent. */
export const ROUTES = ['ask', 'ask_stream', 'trpc_ask'] as const;
export type Route = (typeof ROUTES)[number];

/** HTTP status of `POST /ask`, and whether asking again may help, for each code that a model endpoint can cause. */
const OUTCOMES: Partial<Record<ErrorCode, [status: number, retryable: boolean]>> = {
	upstream_connect: [502, true],
	upstream_auth: [502, false],
	upstream_bad_request: [502, false],
	upstream_rate_limited: [429, true],
	upstream_5xx: [502, true],
	upstream_timeout: [504, true],
	upstream_truncated: [502, true],
	upstream_malformed: [502, true],
	upstream_reset: [502, true],
	upstream_error_event: [502, true],
	content_filter: [502, false],
	no_content: [502, true],
	index_not_ready: [503, true]
};

/** What must come of a fault, whichever door the question came through. */
export interface Outcome {
	/** Null when it is an answer after all. */
	code: ErrorCode | null;
	/** The text that was told, whole or as far as it came. */
	text?: string;
	finishReason?: string;
	/** Calls that the model endpoint received. */
	calls?: number;
	/** HTTP status of `POST /ask`, where it is not the usual one of the code. */
	status?: number;
	/** Of `POST /ask`. */
	retryAfter?: string;
	usage?: Partial<Usage>;
	/** Of the step that called the model. */
	details?: Record<string, unknown>;
	/** What the sentence must say. */
	says?: RegExp;
}

/** What the endpoint does, always the same or by what it is asked. */
type Answering = Script | ((call: ModelCall) => Script);

export interface Fault {
	name: string;
	/** What the model endpoint does, call after call; the last one for all further ones. */
	scripts: readonly [Answering, ...Answering[]];
	/** Beside the question. */
	input?: Partial<AskInput>;
	outcome: Outcome;
}

/** What one door told. */
interface Told {
	status: number;
	retryAfter: string | null;
	/** Whatever came over the wire. */
	wire: string;
	traceId: string;
	/** Null at the door that tells none. */
	events: AskEvent[] | null;
	text: string;
	error: { code: string; message: string; retryable?: boolean } | null;
	finishReason: string | null;
}

/** Stands in every request to the model endpoint; must come out nowhere. */
export const KEY = 'sk-canary-9f8e7d6c5b4a';

/** The built application with a look inside, and a model endpoint that keeps no connection open. */
export interface FaultBench extends AsyncDisposable {
	test: HttpTest;
	/** Sends a fault through all doors at once and checks what came of it at each, and that nothing stays behind; gives the traces. */
	check(fault: Fault, routes?: readonly Route[]): Promise<Trace[]>;
	/** Asserts that the process holds what it held before the first fault, and that no call to the model is going on. */
	expectNothingLeft(): Promise<void>;
	/** Asserts that in time all connections to the model endpoint are closed, those too that were kept for further calls. */
	expectNoConnections(): Promise<void>;
	/** Sends a question through a door; the connection is not kept. */
	send(route: Route, input: AskInput, signal?: AbortSignal): Promise<Response>;
	/** The JSON answer of a GET. */
	json<T>(path: string): Promise<T>;
	/** The calls that belong to a question. */
	callsFor(marker: string): ModelCall[];
	/** What calls for a question with this marker get. */
	script(marker: string, scripts: readonly Answering[]): void;
}

export interface FaultBenchOptions {
	env?: HttpTestOptions['env'];
	/** What the endpoint does at other paths than that of the chat. */
	model?: Pick<ModelServerOptions, 'embeddings' | 'rerank'>;
	/** Modules that are loaded into the application before it starts. */
	imports?: readonly string[];
}

/** The question's mark in a request to the model endpoint; empty in those that belong to none. */
export const markerOf = (call: ModelCall) => /case\d+x/.exec(call.rawBody)?.[0] ?? '';

let number = 0;
/** A question that can be told from all others, also in what reaches the model. */
export function newQuestion(): { marker: string; question: string } {
	const marker = `case${(number += 1)}x`;
	return { marker, question: `How do I plant apple trees? (${marker})` };
}

export async function startFaultBench({
	env = {},
	model = {},
	imports = []
}: FaultBenchOptions = {}): Promise<FaultBench> {
	const scripts = new Map<string, Answering[]>();
	const script = (call: ModelCall): Script => {
		const own = scripts.get(markerOf(call)) ?? [];
		const next = (own.length > 1 ? own.shift() : own[0]) ?? [];
		return typeof next === 'function' ? next(call) : next;
	};
	const probe = join(root, 'scripts/bench/process-probe.ts');
	const test = await startHttpTest({
		model: { ...model, script, keepAlive: false },
		env: (endpoint) => ({ OPENAI_API_KEY: KEY, ...(typeof env === 'function' ? env(endpoint) : env) }),
		command: [
			process.execPath,
			...[probe, ...imports].flatMap((path) => ['--import', path]),
			join(root, 'src/cli/main.ts')
		]
	});
	const callsFor = (marker: string) => test.model.chatCalls.filter((call) => markerOf(call) === marker);
	const [, probeUrl] = /probe on (\S+)/.exec(test.app.logs()) ?? [];

	/** Handles of the process by kind, warnings and rejections. */
	const held = async () => {
		const response = await fetch(probeUrl!, { headers: { connection: 'close' } });
		const { resources, warnings, unhandled_rejections } = (await response.json()) as {
			resources: Record<string, number>;
			warnings: string[];
			unhandled_rejections: number;
		};
		return { resources, warnings, unhandled_rejections };
	};
	const busy = async () => {
		const { checks } = (await (await get('/readyz')).json()) as {
			checks: { accepting: { running: number; queued: number } };
		};
		return checks.accepting;
	};
	const get = (path: string, init: RequestInit = {}) =>
		fetch(test.app.url + path, { headers: { connection: 'close' }, ...init });
	const post = (path: string, body: unknown, init: RequestInit) =>
		fetch(test.app.url + path, {
			method: 'POST',
			headers: { 'content-type': 'application/json', connection: 'close' },
			body: JSON.stringify(body),
			...init
		});

	const send = (route: Route, input: AskInput, signal?: AbortSignal) => {
		const given = signal ? { signal } : {};
		if (route === 'ask') return post('/ask', input, given);
		if (route === 'ask_stream') return post('/ask/stream', input, given);
		return get(`/trpc/ask?input=${encodeURIComponent(JSON.stringify(input))}`, given);
	};

	async function ask(route: Route, input: AskInput): Promise<Told> {
		const response = await send(route, input);
		const wire = await response.text();
		const { status } = response;
		const told = { status, retryAfter: response.headers.get('retry-after'), wire };
		return route === 'ask'
			? { ...told, ...readWhole(status, wire) }
			: { ...told, ...readStream(route, wire) };
	}

	async function expectNothingLeft(): Promise<void> {
		await vi.waitFor(
			async () => {
				expect(test.model.activeCalls).toBe(0);
				expect(await busy()).toMatchObject({ running: 0, queued: 0 });
				expect(await held()).toEqual(baseline);
			},
			{ timeout: 10_000, interval: 20 }
		);
	}

	async function check(
		{ scripts: given, input = {}, outcome }: Fault,
		routes = ROUTES as readonly Route[]
	): Promise<Trace[]> {
		const traces = await Promise.all(
			routes.map(async (route) => {
				const { marker, question } = newQuestion();
				scripts.set(marker, [...given]);
				const told = await ask(route, { question, ...input });
				const calls = callsFor(marker);
				const trace = traceSchema.parse(await (await get(`/traces/${told.traceId}`)).json());
				expectOutcome(route, told, trace, calls, outcome);
				await Promise.all(calls.map((call) => call.closed));
				return trace;
			})
		);
		await expectNothingLeft();
		expect(test.app.logs()).not.toContain(KEY);
		return traces;
	}

	// What is made at first use belongs to the baseline: it is there once for all.
	let baseline: Awaited<ReturnType<typeof held>> | undefined;
	const warm: Script = [{ do: 'respond', status: 400 }];
	await Promise.all(
		ROUTES.map((route) => {
			const { marker, question } = newQuestion();
			scripts.set(marker, [warm]);
			return ask(route, { question });
		})
	);
	await vi.waitFor(async () => expect(test.model.activeCalls).toBe(0));
	let before = '';
	await vi.waitFor(
		async () => {
			baseline = await held();
			const now = JSON.stringify(baseline);
			const isSteady = now === before;
			before = now;
			expect(isSteady).toBe(true);
		},
		{ timeout: 10_000, interval: 100 }
	);
	expect(baseline).toMatchObject({ warnings: [], unhandled_rejections: 0 });

	return {
		test,
		check,
		expectNothingLeft,
		send,
		json: async <T>(path: string) => (await (await get(path)).json()) as T,
		expectNoConnections: () => vi.waitFor(() => expect(test.model.openSockets).toBe(0), { timeout: 20_000 }),
		callsFor,
		script: (marker, given) => void scripts.set(marker, [...given]),
		[Symbol.asyncDispose]: () => test[Symbol.asyncDispose]()
	};
}

function readWhole(status: number, wire: string): Omit<Told, 'status' | 'retryAfter' | 'wire'> {
	const body: unknown = JSON.parse(wire);
	if (status === 200) {
		const { trace_id, answer, finish_reason } = askResponseSchema.parse(body);
		return { traceId: trace_id, events: null, text: answer, error: null, finishReason: finish_reason };
	}
	const { trace_id = '', code, detail } = problemSchema.parse(body);
	return { traceId: trace_id, events: null, text: '', error: { code, message: detail }, finishReason: null };
}

function readStream(route: Route, wire: string): Omit<Told, 'status' | 'retryAfter' | 'wire'> {
	const messages: { id: string | undefined; event: string | undefined; data: string }[] = [];
	createParser({ onEvent: (message) => messages.push(message as (typeof messages)[number]) }).feed(wire);
	if (route === 'trpc_ask') {
		expect(messages.shift()?.event).toBe('connected');
		expect(messages.pop()?.event).toBe('return');
	}
	const events = messages.map(({ data, event }) => {
		expect(event).toBeUndefined();
		return askEventSchema.parse(JSON.parse(data));
	});
	const traceId = messages[0]?.id?.replace(/:\d+$/, '') ?? '';
	expect(messages.map(({ id }) => id)).toEqual(messages.map((_, at) => `${traceId}:${at + 1}`));
	// Exactly one terminal event, and it is the last.
	const terminal = events.filter(({ type }) => type === 'done' || type === 'error');
	expect(terminal).toEqual(events.slice(-1));
	const [last] = terminal;
	const text = events.map((event) => (event.type === 'token' ? event.data : '')).join('');
	return {
		traceId,
		events,
		text,
		error: last?.type === 'error' ? last.data : null,
		finishReason: last?.type === 'done' ? last.data.finish_reason : null
	};
}

function expectOutcome(
	route: Route,
	told: Told,
	trace: Trace,
	calls: readonly ModelCall[],
	outcome: Outcome
): void {
	const { code, text = '', finishReason = 'stop', says = /./ } = outcome;
	const [status, retryable] = (code && OUTCOMES[code]) ?? [200, false];
	expect(told.error?.code ?? null).toBe(code);
	expect(told.status).toBe(route === 'ask' ? (outcome.status ?? status) : 200);
	expect(calls).toHaveLength(outcome.calls ?? 1);
	const traceStatus: TraceStatus = code ? 'error' : 'success';
	expect(trace).toMatchObject({ status: traceStatus, route, trace_id: told.traceId });
	expect(trace.answer ?? '').toBe(text);
	if (code) {
		expect(told.error!.message).toMatch(says);
		// A sentence for people, which is also the trace's.
		expect(told.error!.message).toMatch(/^[A-Z].*\.$/);
		expect(trace.error).toEqual({ code, message: told.error!.message });
		if (told.events) expect(told.error!.retryable).toBe(retryable);
		if (route === 'ask') expect(told.retryAfter).toBe(outcome.retryAfter ?? null);
	} else {
		expect(told.finishReason).toBe(finishReason);
		expect(trace.error).toBeNull();
	}
	if (told.events || !code) expect(told.text).toBe(text);
	const step = trace.steps.find(({ name }) => name === 'llm_generation');
	expect(step?.status).toBe(code ? 'error' : 'success');
	if (outcome.details) expect(step?.details).toMatchObject(outcome.details);
	if (outcome.usage) expect(trace.usage).toMatchObject(outcome.usage);
	for (const count of Object.values(trace.usage)) expect(count).not.toBeNaN();
	expect(told.wire + JSON.stringify(trace)).not.toContain(KEY);
	// What the endpoint said is in the trace, and never passed on to who asked.
	expect(told.wire).not.toMatch(/scripted failure|boom/);
	expect(trace.steps.every(({ duration_ms }) => duration_ms >= 0)).toBe(true);
}
