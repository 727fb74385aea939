import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '#lib/server/error.ts';
import { EventStreamReader, type ServerSentEvent } from '#lib/server/model/event-stream.ts';

const encoder = new TextEncoder();

function readAll(bytes: Uint8Array, size: number): { data: string[]; plainText: string } {
	const reader = new EventStreamReader();
	const data: string[] = [];
	for (let at = 0; at < bytes.length; at += size) {
		data.push(...reader.push(bytes.slice(at, at + size)).map((event) => event.data));
	}
	data.push(...reader.end().map((event) => event.data));
	return { data, plainText: reader.plainText };
}

/** What a reader gives for pieces of a body, one after the other, or what it throws. */
function readPieces(
	pieces: readonly Uint8Array[]
): { events: ServerSentEvent[]; plainText: string } | string {
	const reader = new EventStreamReader();
	try {
		const events = [...pieces.flatMap((piece) => reader.push(piece)), ...reader.end()];
		return { events, plainText: reader.plainText };
	} catch (thrown) {
		expect(thrown).toBeInstanceOf(AppError);
		return (thrown as AppError).code;
	}
}

/** The bytes cut at any places. */
function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
	const cuts = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].toSorted(
		(a, b) => a - b
	);
	return cuts.slice(1).map((cut, at) => bytes.subarray(cuts[at], cut));
}

/** The events of a whole text, by the letter of the standard: lines first, then fields. */
function eventsByTheStandard(text: string): ServerSentEvent[] {
	const events: ServerSentEvent[] = [];
	let data: string[] = [];
	let name: string | undefined;
	for (const line of `${text.replace(/^\uFEFF/, '')}\n\n`.split(/\r\n|\n|\r/)) {
		if (line === '') {
			if (data.length > 0) events.push({ name, data: data.join('\n') });
			[data, name] = [[], undefined];
			continue;
		}
		const [, field, value] = /^([^:]*)(?:: ?(.*))?$/s.exec(line)!;
		if (field === 'data') data.push(value ?? '');
		if (field === 'event') name = value || undefined;
	}
	return events;
}

const places = fc.array(fc.nat(5000), { maxLength: 20 });

describe('event stream', () => {
	it('reads what the standard says, for any lines with any ends, cut anywhere', () => {
		const line = fc.oneof(
			fc.constantFrom(
				'',
				'',
				'data',
				'data:',
				'data: ',
				'event: error',
				'event',
				'id: 1',
				'retry: 5',
				':',
				': hi'
			),
			fc.json().map((json) => `data: ${json.replace(/[\r\n]/g, '')}`),
			fc.string({ unit: 'grapheme' }).map((text) => `data:${text.replace(/[\r\n]/g, ' ')}`),
			fc.string({ unit: 'binary-ascii' }).map((text) => text.replace(/[\r\n]/g, '-'))
		);
		const ended = fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r')).map((parts) => parts.join(''));
		const body = fc.tuple(fc.constantFrom('', '\uFEFF'), fc.array(ended, { maxLength: 25 }), line);
		fc.assert(
			fc.property(body, places, ([mark, lines, last], cuts) => {
				const text = mark + lines.join('') + last;
				const reading = readPieces(cutAt(encoder.encode(text), cuts));
				expect(reading).toMatchObject({ events: eventsByTheStandard(text) });
			}),
			{ numRuns: 3000 }
		);
	});

	it('gives the same for any bytes, however they are cut, and throws nothing but errors of ours', () => {
		const frames = fc
			.constantFrom('data: {"a":1}\n\n', 'data:', '\r', '\n', 'é🐈', ': x\n', '{"error":1}')
			.map((text) => encoder.encode(text));
		const bytes = fc
			.array(fc.oneof(frames, fc.uint8Array({ maxLength: 12 })), { maxLength: 20 })
			.map((parts) => new Uint8Array(parts.flatMap((part) => [...part])));
		fc.assert(
			fc.property(bytes, places, (whole, cuts) => {
				expect(readPieces(cutAt(whole, cuts))).toEqual(readPieces([whole]));
				expect(readPieces(cutAt(whole, [...whole.keys()]))).toEqual(readPieces([whole]));
			}),
			{ numRuns: 3000 }
		);
	});

	it('gives the same events wherever the bytes are cut and however lines end', () => {
		const payloads = fc.array(
			fc.jsonValue().map((value) => JSON.stringify(value)),
			{ maxLength: 6 }
		);
		fc.assert(
			fc.property(
				payloads,
				fc.constantFrom('\n', '\r\n', '\r'),
				fc.integer({ min: 1, max: 9 }),
				fc.boolean(),
				(sent, newline, size, comments) => {
					const text = sent
						.map((data) => `${comments ? `: comment${newline}` : ''}data: ${data}${newline}${newline}`)
						.join('');
					expect(readAll(encoder.encode(text), size).data).toEqual(sent);
				}
			)
		);
	});

	it('takes the last event without the blank line that should follow', () => {
		expect(readAll(encoder.encode('data: 1\n\ndata: 2'), 3).data).toEqual(['1', '2']);
	});

	it('keeps a body without any event', () => {
		const body = '{\n "error": {"message": "x"}\n}';
		expect(readAll(encoder.encode(body), 4)).toEqual({ data: [], plainText: body });
		expect(readAll(encoder.encode('data: 1\n\n'), 4).plainText).toBe('');
	});

	it('gives up on an event that does not end', () => {
		const reader = new EventStreamReader();
		const megabyte = encoder.encode('x'.repeat(1024 * 1024));
		reader.push(encoder.encode('data: "'));
		expect(() => {
			for (let n = 0; n < 20; n++) reader.push(megabyte);
		}).toThrow(expect.objectContaining({ code: 'upstream_malformed' }));
	});
});
