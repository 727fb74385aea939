import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Breather } from '#lib/server/breather.ts';
import { readLines } from '#lib/server/search/lines.ts';

async function collect(text: string): Promise<string[]> {
	const lines: string[] = [];
	const bytes = new TextEncoder().encode(text);
	for await (const some of readLines(bytes, new Breather())) lines.push(...some);
	return lines;
}

it('gives the lines of a text, however long and in whatever script', async () => {
	const line = fc.oneof(
		fc.string({ minLength: 1, unit: 'grapheme' }).map((text) => text.replaceAll('\n', ' ')),
		fc.constantFrom('é'.repeat(20_000), '漢'.repeat(15_000), 'x'.repeat(32_768))
	);
	await fc.assert(
		fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
			expect(await collect(lines.join('\n'))).toEqual(lines);
		})
	);
});

it('stops when told', async () => {
	const lines = readLines(
		new TextEncoder().encode('a\n'.repeat(1_000_000)),
		new Breather(AbortSignal.abort())
	);
	const read = async () => {
		for await (const _ of lines) continue;
	};
	await expect(read()).rejects.toMatchObject({ code: 'cancelled' });
});
