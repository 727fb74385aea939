import { startApp } from './app-process.ts';
import { startForked } from './forked.ts';
import type { BenchQuestion } from './measure.ts';
import { formatRatio, type Table } from './table.ts';

/** Answers at a time, and the tokens of each. */
const STREAMS = [1, 16] as const;
const TOKENS = 10_000;
const ROUNDS = 7;

export interface ThroughputFigures {
	tokens: number;
	/** By the number of answers at a time: events a second that reached the client, medians over the rounds. */
	rows: { streams: number; proxy: number; ours: number; share: number }[];
}

/**
 * Events a second from a model endpoint through us to a client, beside a proxy that only copies bytes. Both are given the same
 * stream in turns, so that what else the machine does falls on both.
 */
export async function measureThroughput(
	dataFolder: string,
	questions: readonly BenchQuestion[]
): Promise<ThroughputFigures> {
	await using endpoint = await startForked('blast-endpoint.ts', String(TOKENS));
	const upstream = `${endpoint.url}/v1`;
	await using proxy = await startForked('copying-proxy.ts', upstream);
	await using app = await startApp(dataFolder, {
		OPENAI_BASE_URL: upstream,
		OPENAI_API_KEY: 'none',
		MAX_CONCURRENT_ANSWERS: '1000'
	});
	const question = await answered(app.url, questions);
	const targets = { proxy: proxy.url, ours: `${app.url}/ask/stream` };
	const rows: ThroughputFigures['rows'] = [];
	for (const streams of STREAMS) {
		const rates = { proxy: [] as number[], ours: [] as number[] };
		for (let round = -1; round < ROUNDS; round += 1) {
			for (const name of ['proxy', 'ours'] as const) {
				const startedAt = performance.now();
				const counts = await Promise.all(
					Array.from({ length: streams }, () => countEvents(targets[name], question))
				);
				const seconds = (performance.now() - startedAt) / 1000;
				if (counts.some((count) => count < TOKENS)) throw new Error(`${name} lost events.`);
				if (round >= 0) rates[name].push(counts.reduce((sum, count) => sum + count, 0) / seconds);
			}
		}
		const [direct, ours] = [median(rates.proxy), median(rates.ours)];
		rows.push({ streams, proxy: direct, ours, share: ours / direct });
	}
	return { tokens: TOKENS, rows };
}

export function throughputTable({ tokens, rows }: ThroughputFigures): Table {
	const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
	return {
		title: 'Events a second, from the model endpoint to the client',
		columns: ['answers at a time', 'proxy that copies bytes', 'citelight', 'citelight / proxy'],
		rows: rows.map(({ streams, proxy, ours, share }) => [
			String(streams),
			whole.format(proxy),
			whole.format(ours),
			formatRatio(share)
		]),
		notes: [
			`${whole.format(tokens)} tokens an answer, each a write of its own, as fast as they are taken; medians of ${ROUNDS} rounds in turns. ` +
				'Ours includes search, prompt, ledger and trace. The endpoint, the proxy, the service and the client share the machine.'
		]
	};
}

/** A question that reaches the model. */
async function answered(url: string, questions: readonly BenchQuestion[]): Promise<string> {
	for (const { question } of questions) {
		if ((await countEvents(`${url}/ask/stream`, question)) > TOKENS) return question;
	}
	throw new Error('None of the questions reaches the model.');
}

/** Counts the blank lines that close events, as bytes: the client must not be what is measured. */
async function countEvents(url: string, question: string): Promise<number> {
	const response = await fetch(url, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ question })
	});
	let events = 0;
	let endedLine = false;
	for await (const bytes of response.body!) {
		let at = -1;
		if (endedLine && bytes[0] === 0x0a) events += 1;
		while ((at = bytes.indexOf(0x0a, at + 1)) >= 0) if (bytes[at + 1] === 0x0a) events += 1;
		endedLine = bytes.at(-1) === 0x0a;
	}
	return events;
}

function median(values: readonly number[]): number {
	return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
