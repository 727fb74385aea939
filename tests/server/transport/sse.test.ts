import { createParser, type EventSourceMessage } from 'eventsource-parser';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { askEventSchema, type AskEvent } from '#lib/contract/ask.ts';
import { EventLog } from '#lib/server/run/event-log.ts';
import { eventId, eventStream, frameEvent, parseEventId, SSE_HEADERS } from '#lib/server/transport/sse.ts';

const token = (data: string): AskEvent => ({ type: 'token', data });
const done: AskEvent = {
	type: 'done',
	data: {
		trace_id: 'run',
		conversation_id: 'run',
		total_ms: 12.5,
		time_to_first_token_ms: 3,
		finish_reason: 'stop',
		usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3, source: 'reported' },
		evidence: 'good',
		refused_by: null,
		support: [],
		citations: [1]
	}
};

function parse(chunks: Iterable<Uint8Array>): EventSourceMessage[] {
	const messages: EventSourceMessage[] = [];
	const parser = createParser({ onEvent: (message) => messages.push(message) });
	const decoder = new TextDecoder();
	for (const chunk of chunks) parser.feed(decoder.decode(chunk, { stream: true }));
	return messages;
}

/** All writes of a stream, as bytes. */
async function writes(stream: ReadableStream<Uint8Array>): Promise<Uint8Array[]> {
	const chunks: Uint8Array[] = [];
	for await (const chunk of stream) chunks.push(chunk);
	return chunks;
}

const decode = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

describe('the frame of an event', () => {
	it('is an id line, one data line and a blank line', () => {
		expect(frameEvent('run', { seq: 7, event: token('a\nb') })).toBe(
			'id: run:7\ndata: {"type":"token","data":"a\\nb"}\n\n'
		);
	});

	it('survives any text, at every split of the bytes', () => {
		const text = fc.oneof(
			fc.string({ unit: 'binary' }),
			fc.constantFrom(
				'\r\n',
				'\r',
				'\n\n',
				'\u2028',
				'\u2029',
				'\u0085',
				'\0',
				' lead',
				'trail ',
				'data: x\n\n',
				'👩‍👩‍👧'
			)
		);
		fc.assert(
			fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (tokens) => {
				const events = [...tokens.map(token), done];
				const framed = events.map((event, index) => frameEvent('run', { seq: index + 1, event })).join('');
				const bytes = new TextEncoder().encode(framed);
				for (let cut = 0; cut <= bytes.length; cut += 1) {
					const messages = parse([bytes.subarray(0, cut), bytes.subarray(cut)]);
					expect(messages.map(({ data }) => JSON.parse(data) as unknown)).toEqual(events);
					expect(messages.map(({ id }) => id)).toEqual(events.map((_, index) => `run:${index + 1}`));
				}
			}),
			{ numRuns: 60 }
		);
	});

	it('survives one byte at a time', () => {
		const framed = new TextEncoder().encode(frameEvent('run', { seq: 1, event: token('Grüße 𝒳\u2028 ') }));
		const [message] = parse(Array.from(framed, (_, index) => framed.subarray(index, index + 1)));
		expect(askEventSchema.parse(JSON.parse(message!.data))).toEqual(token('Grüße 𝒳\u2028 '));
	});

	it('never contains a line that is not an id, data or empty', () => {
		fc.assert(
			fc.property(fc.string({ unit: 'binary' }), (text) => {
				const lines = frameEvent('run', { seq: 1, event: token(text) }).split(/\r\n|\r|\n/);
				expect(lines.map((line) => line.split(':')[0])).toEqual(['id', 'data', '', '']);
			})
		);
	});
});

describe('event ids', () => {
	it('read back what was written', () => {
		fc.assert(
			fc.property(fc.uuid(), fc.nat(999_999_999), (traceId, seq) => {
				expect(parseEventId(eventId(traceId, seq))).toEqual({ traceId, seq });
			})
		);
	});

	it.each([
		'',
		'run',
		'run:',
		':1',
		'run:x',
		'run:-1',
		'run:1.5',
		'a b:1',
		'run:1:2',
		`run:${'9'.repeat(20)}`
	])('refuse %j', (id) => expect(parseEventId(id)).toBeNull());
});

describe('an event stream', () => {
	it('puts what is ready into one write', async () => {
		const log = EventLog.of([token('a'), token('b'), done]);
		const chunks = await writes(eventStream('run', log.listen()));
		expect(chunks).toHaveLength(1);
		expect(parse(chunks).map(({ id }) => id)).toEqual(['run:1', 'run:2', 'run:3']);
	});

	it('keeps its order when everything comes at once and when it trickles', async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(fc.nat(3), { maxLength: 30 }), async (pauses) => {
				const log = new EventLog();
				const feeding = (async () => {
					for (const [index, pause] of pauses.entries()) {
						log.append(token(String(index)));
						for (let turn = 0; turn < pause; turn += 1) await Promise.resolve();
					}
					log.append(done);
					log.close();
				})();
				const messages = parse(await writes(eventStream('run', log.listen())));
				await feeding;
				expect(messages.map(({ id }) => id)).toEqual([...pauses, 0].map((_, index) => `run:${index + 1}`));
			})
		);
	});

	it('reads nothing before the client does', async () => {
		const log = EventLog.of([token('a'), done]);
		const events = log.listen();
		eventStream('run', events);
		await Promise.resolve();
		expect((await events.nextBatch()).map(({ seq }) => seq)).toEqual([1, 2]);
	});

	it('lets its listener go when the client leaves', async () => {
		const counts: number[] = [];
		const log = new EventLog((count) => counts.push(count));
		const reader = eventStream('run', log.listen()).getReader();
		await reader.read();
		await reader.cancel();
		expect(counts).toEqual([1, 0]);
	});

	it('ends when the signal of its listener fires', async () => {
		const left = new AbortController();
		const log = new EventLog();
		log.append(token('a'));
		const reader = eventStream('run', log.listen({ signal: left.signal })).getReader();
		await reader.read();
		const waiting = reader.read();
		left.abort();
		expect(await waiting).toEqual({ done: true, value: undefined });
	});

	it('has the headers that proxies need', () => {
		expect(SSE_HEADERS).toEqual({
			'content-type': 'text/event-stream',
			'cache-control': 'no-cache, no-transform',
			'x-accel-buffering': 'no'
		});
	});
});

describe('heartbeats', () => {
	beforeEach(() => void vi.useFakeTimers());
	afterEach(() => void vi.useRealTimers());

	it('come at once when there is nothing yet, then every 10 s, and only while nothing else does', async () => {
		const log = new EventLog();
		const reader = eventStream('run', log.listen()).getReader();
		const first = reader.read();
		await vi.advanceTimersByTimeAsync(1);
		expect(decode((await first).value)).toBe(':hb\n');
		for (let count = 0; count < 3; count += 1) {
			const next = reader.read();
			await vi.advanceTimersByTimeAsync(10_000);
			expect(decode((await next).value)).toBe(':hb\n');
		}
		const next = reader.read();
		await vi.advanceTimersByTimeAsync(5000);
		log.append(token('a'));
		await vi.advanceTimersByTimeAsync(0);
		expect(decode((await next).value)).toContain('data: ');
	});

	it('are invisible between events', async () => {
		const beat = new TextEncoder().encode(':hb\n');
		const event = new TextEncoder().encode(frameEvent('run', { seq: 1, event: token('a') }));
		expect(parse([beat, beat, event, beat, event, beat])).toHaveLength(2);
	});

	it('lose no event that comes while one is due', async () => {
		const log = new EventLog();
		const reader = eventStream('run', log.listen()).getReader();
		let text = '';
		const reading = (async () => {
			for (;;) {
				const { done, value } = await reader.read();
				if (done) return;
				text += decode(value);
			}
		})();
		for (let count = 0; count < 20; count += 1) {
			await vi.advanceTimersByTimeAsync(count % 2 ? 10_000 : 9999);
			log.append(token(String(count)));
		}
		log.append(done);
		log.close();
		await vi.advanceTimersByTimeAsync(1);
		await reading;
		expect(parse([new TextEncoder().encode(text)])).toHaveLength(21);
		expect(vi.getTimerCount()).toBe(0);
	});
});

describe('what waits for a reader', () => {
	it('is bounded by a write, and nothing of it is lost', async () => {
		const log = new EventLog();
		const text = 'x'.repeat(20_000);
		for (let count = 0; count < 30; count += 1) log.append(token(text));
		log.append(done);
		log.close();
		const chunks = await writes(eventStream('run', log.listen()));
		for (const chunk of chunks) expect(chunk.byteLength).toBeLessThan(65_536 + 21_000);
		const events = parse(chunks).map(({ data }) => JSON.parse(data) as AskEvent);
		expect(events).toEqual([...Array.from({ length: 30 }, () => token(text)), done]);
	});
});

describe('the place in the line', () => {
	beforeEach(() => void vi.useFakeTimers());
	afterEach(() => void vi.useRealTimers());

	it('is told at once and every second as a comment that is no event, until the run has its turn', async () => {
		const log = new EventLog();
		let ahead: number | null = 2;
		const reader = eventStream('run', log.listen(), { ahead: () => ahead }).getReader();
		const next = async (milliseconds: number) => {
			const read = reader.read();
			await vi.advanceTimersByTimeAsync(milliseconds);
			return decode((await read).value);
		};
		expect(await next(0)).toBe(': queued 3\n');
		ahead = 0;
		expect(await next(1000)).toBe(': queued 1\n');
		ahead = null;
		expect(await next(10_000)).toBe(':hb\n');
		log.append(token('Hello'));
		expect(await next(0)).toContain('Hello');
		await reader.cancel();
	});
});
