import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventStreamReader } from '#lib/server/model/event-stream.ts';

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

describe('event stream', () => {
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
