import { request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

/** What one answer came to. */
export interface Streamed {
	tokens: number;
	isDone: boolean;
	traceId: string;
}

/** What the readers are told, and what they tell. */
export interface CrowdOrder {
	url: string;
	questions: string[];
	answers: number;
	/** Milliseconds between two questions. */
	arrival_ms: number;
}
export type CrowdNews = 'all stream' | Streamed[];

/** A process of its own: asks so many questions and reads their answers as cheaply as can be, so that it is not what is measured. */
process.once('message', async ({ url, questions, answers, arrival_ms }: CrowdOrder) => {
	const streams: Promise<Streamed>[] = [];
	let begun = 0;
	const onBegin = () => {
		begun += 1;
		if (begun === answers) process.send?.('all stream' satisfies CrowdNews);
	};
	for (let number = 0; number < answers; number += 1) {
		streams.push(read(url, questions[number % questions.length]!, onBegin));
		await wait(arrival_ms);
	}
	process.send?.((await Promise.all(streams)) satisfies CrowdNews);
	process.disconnect();
});

const TOKEN = Buffer.from('data: {"type":"token"');
const DONE = Buffer.from('data: {"type":"done"');

function read(url: string, question: string, onBegin: () => void): Promise<Streamed> {
	const streamed: Streamed = { tokens: 0, isDone: false, traceId: '' };
	return new Promise((done) => {
		const options = {
			method: 'POST',
			agent: false as const,
			headers: { 'content-type': 'application/json' }
		};
		const call = request(`${url}/ask/stream`, options, (response) => {
			let rest: Buffer<ArrayBufferLike> = Buffer.alloc(0);
			response.on('data', (bytes: Buffer) => {
				const all = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes;
				const end = all.lastIndexOf('\n\n') + 2;
				if (end < 2) return void (rest = all);
				const whole = all.subarray(0, end);
				rest = all.subarray(end);
				const had = streamed.tokens;
				for (let at = -1; (at = whole.indexOf(TOKEN, at + 1)) >= 0;) streamed.tokens += 1;
				if (had === 0 && streamed.tokens > 0) onBegin();
				if (whole.includes(DONE)) streamed.isDone = true;
				streamed.traceId ||= /^id: ([\w-]+):/m.exec(whole.toString('latin1'))?.[1] ?? '';
			});
			response.once('close', () => {
				if (streamed.tokens === 0) onBegin();
				done(streamed);
			});
		});
		call.once('error', () => done(streamed)).end(JSON.stringify({ question }));
	});
}
