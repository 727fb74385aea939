import { fork } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { percentile, sorted } from '#lib/server/store/percentile.ts';
import { startApp, type App } from './app-process.ts';
import type { CrowdOrder, Streamed } from './crowd-readers.ts';
import { startForked } from './forked.ts';
import type { BenchQuestion } from './measure.ts';
import { formatMilliseconds, type Table } from './table.ts';

const CROWDS = [50, 500] as const;
const TOKEN_PAUSE_MS = 20;
const TOKENS = 1000;
/** Answers are started so far apart: a crowd gathers, it does not arrive in one packet. */
const ARRIVAL_MS = 10;
/** Asked on top of a full house. */
const TOO_MANY = 50;

/** What became of a number of answers at a time. */
export interface Crowd {
	answers: number;
	/** Answers with all of their tokens and one `done` at the end. */
	whole: number;
	/** Asked to first token, as the server measured it, in milliseconds. */
	first_token: { p50_ms: number; p95_ms: number };
	/** Of `/livez` while they stream. */
	livez: { p50_ms: number; p99_ms: number };
	/** Longest delay of the event loop, and its 99th percentile, while they stream. */
	loop: { p99_ms: number; max_ms: number };
	/** Resident memory while they stream, beyond that before, by answer. */
	megabytes_each: number;
	/** Those above the limit: how many got 503 with `Retry-After`, and the slowest of them. */
	refused: { asked: number; rightly: number; max_ms: number };
}

/** Many answers at a time, each with a token every 20 ms: are all whole, and does the server stay responsive? */
export async function measureCrowds(
	dataFolder: string,
	questions: readonly BenchQuestion[]
): Promise<Crowd[]> {
	await using model = await startForked('paced-endpoint.ts', String(TOKEN_PAUSE_MS), String(TOKENS));
	const crowds: Crowd[] = [];
	for (const answers of CROWDS) {
		await using app = await startApp(dataFolder, {
			OPENAI_BASE_URL: `${model.url}/v1`,
			OPENAI_API_KEY: 'none',
			MAX_CONCURRENT_ANSWERS: String(answers),
			MAX_QUEUE: '0'
		});
		crowds.push(await gather(app, answers, questions));
	}
	return crowds;
}

async function gather(app: App, answers: number, questions: readonly BenchQuestion[]): Promise<Crowd> {
	const asked = await answerable(app, questions);
	const before = await app.residentMegabytes();
	app.startMonitor();
	const readers = fork(join(import.meta.dirname, 'crowd-readers.ts'));
	const order: CrowdOrder = { url: app.url, questions: asked, answers, arrival_ms: ARRIVAL_MS };
	readers.send(order);
	await once(readers, 'message');
	const ended = once(readers, 'message') as Promise<[Streamed[]]>;
	const over = await Promise.all(
		Array.from({ length: TOO_MANY }, async (_, number) => {
			await wait(number * ARRIVAL_MS);
			return refusal(app.url, asked[0]!);
		})
	);
	const livez = await probe(app.url, 200);
	const during = await app.residentMegabytes();
	const { p99_ms, max_ms } = await app.readMonitor();
	const [results] = await ended;
	const firstToken = sorted(await Promise.all(results.map(({ traceId }) => firstTokenOf(app.url, traceId))));
	return {
		answers,
		whole: results.filter(({ tokens, isDone }) => isDone && tokens === TOKENS).length,
		first_token: { p50_ms: percentile(firstToken, 50) ?? 0, p95_ms: percentile(firstToken, 95) ?? 0 },
		livez: { p50_ms: percentile(livez, 50) ?? 0, p99_ms: percentile(livez, 99) ?? 0 },
		loop: { p99_ms, max_ms },
		megabytes_each: (during - before) / answers,
		refused: {
			asked: over.length,
			rightly: over.filter(({ isRight }) => isRight).length,
			max_ms: Math.max(...over.map(({ after_ms }) => after_ms))
		}
	};
}

/** Questions that reach the model; asking them also warms the code up. */
async function answerable(app: App, questions: readonly BenchQuestion[]): Promise<string[]> {
	const found: string[] = [];
	await Promise.all(
		questions.slice(0, 40).map(async ({ question }) => {
			if (await reachesModel(app.url, question)) found.push(question);
		})
	);
	if (found.length === 0) throw new Error('None of the questions reaches the model.');
	return found;
}

const headers = { 'content-type': 'application/json' };

/** Whether a question reaches the model. */
async function reachesModel(url: string, question: string): Promise<boolean> {
	const body = JSON.stringify({ question });
	const response = await fetch(`${url}/ask/stream`, { method: 'POST', headers, body });
	return response.ok && !(await response.text()).includes('"finish_reason":"refused"');
}

async function firstTokenOf(url: string, traceId: string): Promise<number> {
	const trace = (await (await fetch(`${url}/traces/${traceId}`)).json()) as {
		time_to_first_token_ms: number | null;
	};
	return trace.time_to_first_token_ms ?? Infinity;
}

/** Times of `/livez`, ascending, asked one after the other on a connection of its own each time. */
async function probe(url: string, times: number): Promise<Float64Array> {
	const durations: number[] = [];
	for (let time = 0; time < times; time += 1) {
		const startedAt = performance.now();
		await new Promise<void>((done, fail) => {
			request(`${url}/livez`, { agent: false }, (response) => response.resume().once('end', done))
				.once('error', fail)
				.end();
		});
		durations.push(performance.now() - startedAt);
		await wait(10);
	}
	return sorted(durations);
}

async function refusal(url: string, question: string): Promise<{ isRight: boolean; after_ms: number }> {
	const startedAt = performance.now();
	const response = await fetch(`${url}/ask/stream`, {
		method: 'POST',
		headers,
		body: JSON.stringify({ question })
	});
	const after_ms = performance.now() - startedAt;
	await response.body?.cancel();
	return { isRight: response.status === 503 && Number(response.headers.get('retry-after')) > 0, after_ms };
}

export function crowdTable(crowds: readonly Crowd[]): Table {
	return {
		title: `Answers at a time, each with a token every ${TOKEN_PAUSE_MS} ms`,
		columns: ['', ...crowds.map(({ answers }) => `${answers}`)],
		rows: [
			['whole to the last token', ...crowds.map(({ whole, answers }) => `${whole} of ${answers}`)],
			...(['p50_ms', 'p95_ms'] as const).map((key) => [
				`time to first token, ${key.slice(0, 3)}`,
				...crowds.map(({ first_token }) => formatMilliseconds(first_token[key]))
			]),
			['/livez, p99', ...crowds.map(({ livez }) => formatMilliseconds(livez.p99_ms))],
			['event loop, p99', ...crowds.map(({ loop }) => formatMilliseconds(loop.p99_ms))],
			['event loop, max', ...crowds.map(({ loop }) => formatMilliseconds(loop.max_ms))],
			['memory of an answer', ...crowds.map(({ megabytes_each }) => `${megabytes_each.toFixed(2)} MB`)],
			['above the limit: 503', ...crowds.map(({ refused }) => `${refused.rightly} of ${refused.asked}`)],
			['the slowest of them', ...crowds.map(({ refused }) => formatMilliseconds(refused.max_ms))]
		],
		notes: ['The model endpoint, the server and those who ask share the machine.']
	};
}
