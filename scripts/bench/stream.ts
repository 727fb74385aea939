import { setTimeout as wait } from 'node:timers/promises';
import { startApp, type App } from './app-process.ts';
import type { LoopDelay } from './loop-monitor.ts';
import { summarise, type BenchQuestion, type Latency } from './measure.ts';
import { startModelEndpoint } from './model-endpoint.ts';
import { formatMilliseconds, type Table } from './table.ts';

/** Answers that stream all the time. */
const STREAMS = 50;
const TOKEN_PAUSE_MS = 20;
/** Questions that come in on top, and the tokens of their answers. */
const QUESTIONS_PER_SECOND = 20;
const SHORT_ANSWER = 10;
const SECONDS = 15;
const ENDLESS = 1_000_000;

export interface StreamFigures {
	/** Nothing to do: what the machine itself does to a timer. */
	idle: LoopDelay;
	/** The answers stream, no questions come in. */
	streaming: LoopDelay;
	/** The answers stream and the questions come in. */
	questions: LoopDelay;
	/** As the asker sees it, of the questions that came in. */
	time_to_first_token: Latency;
	/** From the request to the sources, which is retrieval and all around it. */
	time_to_sources: Latency;
	asked: number;
	answered: number;
}

/** The delay of the event loop inside the application while it streams and is asked. */
export async function measureStream(dataFolder: string, questions: BenchQuestion[]): Promise<StreamFigures> {
	await using model = await startModelEndpoint(TOKEN_PAUSE_MS);
	await using app = await startApp(dataFolder, {
		OPENAI_BASE_URL: model.url,
		OPENAI_API_KEY: 'none',
		MAX_CONCURRENT_ANSWERS: '1000',
		ANSWER_TIMEOUT_MS: '3600000'
	});
	const at = (number: number) => questions[number % questions.length]!;
	// The code is compiled by the first questions, which are not measured.
	model.tokens = 1;
	for (let number = 0; number < 60; number += 1) await ask(app, at(number));
	const during = async (seconds: number) => {
		app.startMonitor();
		await wait(seconds * 1000);
		return app.readMonitor();
	};
	const idle = await during(3);

	model.tokens = ENDLESS;
	const streams: Promise<Asked>[] = [];
	// A question that nothing is found for does not reach the model; others are asked in its place.
	for (let number = 0; model.streaming < STREAMS && number < 20 * STREAMS; number += 1) {
		const isStreaming = model.streaming;
		const stream = ask(app, at(number));
		streams.push(stream);
		await Promise.race([stream, until(() => model.streaming > isStreaming)]);
	}
	const streaming = await during(5);

	model.tokens = SHORT_ANSWER;
	app.startMonitor();
	const asked: Promise<Asked>[] = [];
	const startedAt = performance.now();
	for (let number = 0; number < SECONDS * QUESTIONS_PER_SECOND; number += 1) {
		await wait(Math.max(0, startedAt + (number * 1000) / QUESTIONS_PER_SECOND - performance.now()));
		asked.push(ask(app, at(number)));
	}
	const delay = await app.readMonitor();
	const answers = await Promise.all(asked);
	model.finishAll();
	await Promise.all(streams);
	const times = (pick: (answer: Asked) => number | null) =>
		summarise(answers.flatMap((answer) => (pick(answer) === null ? [] : [[pick(answer)!]])));
	return {
		idle,
		streaming,
		questions: delay,
		time_to_first_token: times((answer) => answer.first_token_ms),
		time_to_sources: times((answer) => answer.sources_ms),
		asked: answers.length,
		answered: answers.filter((answer) => answer.isDone).length
	};
}

interface Asked {
	sources_ms: number | null;
	first_token_ms: number | null;
	isDone: boolean;
}

async function ask(app: App, { question }: BenchQuestion): Promise<Asked> {
	const startedAt = performance.now();
	const response = await fetch(`${app.url}/ask/stream`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ question })
	});
	const asked: Asked = { sources_ms: null, first_token_ms: null, isDone: false };
	const decoder = new TextDecoder();
	for await (const bytes of response.body!) {
		const text = decoder.decode(bytes, { stream: true });
		if (text.includes('"type":"sources"')) asked.sources_ms ??= performance.now() - startedAt;
		if (text.includes('"type":"token"')) asked.first_token_ms ??= performance.now() - startedAt;
		if (text.includes('"type":"done"')) asked.isDone = true;
	}
	return asked;
}

async function until(isSo: () => boolean): Promise<void> {
	while (!isSo()) await wait(5);
}

export function streamTable(figures: StreamFigures): Table {
	const row = (name: string, delay: LoopDelay) => [
		name,
		...[delay.p50_ms, delay.p99_ms, delay.max_ms].map(formatMilliseconds),
		...[delay.p99_work_ms, delay.longest_work_ms].map(formatMilliseconds),
		`${Math.round(delay.utilization * 100)} %`
	];
	const { time_to_first_token: token, time_to_sources: sources } = figures;
	return {
		title: `Delay of the application's event loop while ${STREAMS} answers stream a token every ${TOKEN_PAUSE_MS} ms`,
		columns: ['', 'p50', 'p99', 'max', 'work p99', 'work max', 'busy'],
		rows: [
			row('idle', figures.idle),
			row('streaming', figures.streaming),
			row(`streaming, and ${QUESTIONS_PER_SECOND} questions a second`, figures.questions)
		],
		notes: [
			`${figures.answered} of ${figures.asked} questions were answered. Time to the sources: p50 ${formatMilliseconds(sources.p50_ms)}, p95 ${formatMilliseconds(sources.p95_ms)}; ` +
				`to the first token: p50 ${formatMilliseconds(token.p50_ms)}, p95 ${formatMilliseconds(token.p95_ms)}, ${TOKEN_PAUSE_MS} ms of which are the model's. ` +
				'The model and those who ask run on the same machine; work is the processor time of the thread between two looks at the loop, which is not theirs.'
		]
	};
}
