import type { Breather } from '#lib/server/breather.ts';

/** Bytes that are decoded between two looks at the clock. */
const STRETCH = 32_768;
const NEWLINE = 10;

/** The lines of a UTF-8 text, none for an empty one. Gives way to the event loop between stretches of them. */
export async function* readLines(bytes: Uint8Array, breather: Breather): AsyncGenerator<string[]> {
	const decoder = new TextDecoder();
	for (let from = 0; from < bytes.length;) {
		const newline = bytes.indexOf(NEWLINE, Math.min(from + STRETCH, bytes.length));
		const to = newline < 0 ? bytes.length : newline;
		yield decoder.decode(bytes.subarray(from, to)).split('\n');
		await breather.breathe();
		from = to + 1;
	}
}
