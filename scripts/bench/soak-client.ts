import { request, type IncomingMessage } from 'node:http';
import type { Random } from './random.ts';

/** What became of one question, as the one who asked saw it. */
export type Ending =
	/** The client left; what became of the answer is in the trace. */
	| 'left'
	/** The terminal event, or the status of an answer that is not a stream. */
	| 'done'
	| `error ${string}`
	/** None of these: no terminal event, or more than one. */
	| 'broken';

const DOORS = ['ask', 'stream', 'trpc'] as const;
/** When a client leaves: on sending, at the headers, at the first bytes of the body, or this many milliseconds later. */
const LEAVING = ['sent', 'headers', 'body', 'later'] as const;
const LATEST_LEAVING_MS = 60;

/**
 * Asks once through a door taken at random, over a connection of its own.
 * @param share of the clients that leave before the end, from 0 to 1.
 */
export function askOnce(url: string, question: string, random: Random, share: number): Promise<Ending> {
	const door = random.pick(DOORS);
	const leaving = random.next() < share ? random.pick(LEAVING) : null;
	const delay_ms = random.below(LATEST_LEAVING_MS);
	const body = door === 'trpc' ? undefined : JSON.stringify({ question });
	const path = {
		ask: '/ask',
		stream: '/ask/stream',
		trpc: `/trpc/ask?input=${encodeURIComponent(JSON.stringify({ question }))}`
	}[door];
	return new Promise((settle) => {
		let timer: NodeJS.Timeout | undefined;
		const call = request(url + path, {
			method: body ? 'POST' : 'GET',
			agent: false,
			headers: { connection: 'close', ...(body && { 'content-type': 'application/json' }) }
		});
		const end = (ending: Ending) => {
			clearTimeout(timer);
			settle(ending);
		};
		const leave = () => {
			call.destroy();
			end('left');
		};
		call.once('error', () => end(leaving ? 'left' : 'broken'));
		call.once('response', (response: IncomingMessage) => {
			if (leaving === 'headers') return leave();
			let text = '';
			response.setEncoding('utf8');
			response.on('data', (part: string) => {
				text += part;
				if (leaving === 'body') leave();
			});
			response.once('error', () => end(leaving ? 'left' : 'broken'));
			response.once('end', () => end(door === 'ask' ? readWhole(response, text) : readStream(text)));
		});
		call.end(body, () => {
			if (leaving === 'sent') leave();
			if (leaving === 'later') timer = setTimeout(leave, delay_ms);
		});
	});
}

function readWhole({ statusCode }: IncomingMessage, text: string): Ending {
	try {
		const body = JSON.parse(text) as { answer?: string; code?: string };
		if (statusCode === 200 && body.answer) return 'done';
		return statusCode !== 200 && body.code ? `error ${body.code}` : 'broken';
	} catch {
		return 'broken';
	}
}

function readStream(text: string): Ending {
	const events = [...text.matchAll(/^data: (\{"type":.*\})$/gm)].map(
		([, json]) => JSON.parse(json!) as { type: string; data: { code?: string } }
	);
	const terminal = events.filter(({ type }) => type === 'done' || type === 'error');
	const last = events.at(-1);
	if (!last || terminal.length !== 1 || terminal[0] !== last) return 'broken';
	return last.type === 'done' ? 'done' : `error ${last.data.code}`;
}
