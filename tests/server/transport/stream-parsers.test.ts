import { getLines, getMessages } from '@microsoft/fetch-event-source/lib/cjs/parse.js';
import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { askEventSchema, type AskEvent } from '#lib/contract/ask.ts';
import { frameEvent } from '#lib/server/transport/sse.ts';

type Chunks = readonly Uint8Array[];
/** Data of every message that a client of the kind hands to its user. */
type Reader = (chunks: Chunks) => string[];

/**
 * As Python's sseclient reads: an event ends with an empty line or the stream, all white space in front of a value is lost,
 * and what has no data is no event. https://github.com/mpetazzoni/sseclient/blob/main/sseclient/__init__.py
 */
const readLikeSseclient: Reader = (chunks) => {
	const text = new TextDecoder().decode(Buffer.concat(chunks));
	return text.split(/\r\r|\n\n|\r\n\r\n/).flatMap((block) => {
		const values = block.split(/\r\n|\r|\n/).flatMap((line) => {
			const [field, ...value] = line.split(':');
			return field === 'data' ? [value.join(':').trimStart()] : [];
		});
		return values.length > 0 ? [values.join('\n')] : [];
	});
};

const readers: Record<string, Reader> = {
	'eventsource-parser'(chunks) {
		const told: string[] = [];
		const parser = createParser({ onEvent: ({ data }) => told.push(data) });
		const decoder = new TextDecoder();
		for (const chunk of chunks) parser.feed(decoder.decode(chunk, { stream: true }));
		return told;
	},
	'fetch-event-source'(chunks) {
		const told: string[] = [];
		const ignore = () => {};
		const onChunk = getLines(getMessages(ignore, ignore, ({ data }) => void told.push(data)));
		for (const chunk of chunks) if (chunk.length > 0) onChunk(chunk);
		return told;
	},
	sseclient: readLikeSseclient
};

const told = (tokens: readonly string[]): AskEvent[] => [
	{ type: 'sources', data: [] },
	...tokens.map((data): AskEvent => ({ type: 'token', data })),
	{ type: 'error', data: { code: 'upstream_reset', message: 'Gone.', trace_id: 'run', retryable: true } }
];
/** A stream with comments between its events, as they come while a run waits, thinks or takes its time. */
const streamOf = (events: readonly AskEvent[]) =>
	new TextEncoder().encode(
		events
			.map(
				(event, at) =>
					`${at % 2 === 0 ? ':hb\n' : ': queued 3\n'}${frameEvent('run', { seq: at + 1, event })}`
			)
			.join('')
	);

const awkward = fc.constantFrom(
	' lead',
	'trail ',
	'\n\n',
	'\r\n',
	'\r',
	'\u2028',
	'\u0085',
	'\ufeff',
	'🐈‍⬛',
	'data: x\n\n',
	':hb'
);

describe.each(Object.entries(readers))('read with %s', (_name, read) => {
	it('every token is there, whole, wherever the bytes are cut, and heartbeats are not', () => {
		const tokens = fc.array(fc.oneof(awkward, fc.string({ unit: 'binary' })), { minLength: 1, maxLength: 3 });
		fc.assert(
			fc.property(tokens, (given) => {
				const events = told(given);
				const bytes = streamOf(events);
				for (let cut = 0; cut <= bytes.length; cut += 1) {
					const messages = read([bytes.subarray(0, cut), bytes.subarray(cut)]);
					const parsed = messages.map((data) => askEventSchema.parse(JSON.parse(data)));
					expect(parsed).toEqual(events);
				}
			}),
			{ numRuns: 25 }
		);
	});
});

it('a heartbeat with a blank line would be a message without data', () => {
	const bytes = new TextEncoder().encode(':hb\n\n');
	expect(readers['fetch-event-source']!([bytes])).toEqual(['']);
});
