import fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readBuffers, writeBuffers } from '#lib/server/store/buffer-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'citelight-buffers-'));
const path = join(folder, 'file.bin');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('gives arrays and meta back as they were', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.uint8Array(),
			fc.uint16Array(),
			fc.uint32Array(),
			fc.float32Array(),
			fc.jsonValue(),
			async (bytes, words, numbers, floats, meta) => {
				await writeBuffers(path, meta, {
					bytes: bytes.slice(),
					words: words.slice(),
					numbers: numbers.slice(),
					floats: floats.slice()
				});
				const file = await readBuffers(path);
				expect(file.meta).toEqual(JSON.parse(JSON.stringify(meta)));
				expect(file.array('bytes', 'Uint8Array')).toEqual(bytes);
				expect(file.array('words', 'Uint16Array')).toEqual(words);
				expect(file.array('numbers', 'Uint32Array')).toEqual(numbers);
				expect(file.array('floats', 'Float32Array')).toEqual(floats);
			}
		),
		{ numRuns: 50 }
	);
});

it('writes the part of an array that is in view, not what lies around it', async () => {
	await writeBuffers(path, null, { part: Uint32Array.from([1, 2, 3, 4]).subarray(1, 3) });
	expect([...(await readBuffers(path)).array('part', 'Uint32Array')]).toEqual([2, 3]);
});

it('refuses arrays that are not there or of another type, and files that are not its own', async () => {
	await writeBuffers(path, null, { part: new Uint32Array(2) });
	const file = await readBuffers(path);
	expect(() => file.array('other', 'Uint32Array')).toThrow('other');
	expect(() => file.array('part', 'Uint8Array')).toThrow('part');
	writeFileSync(path, 'garbage that is long enough');
	await expect(readBuffers(path)).rejects.toThrow();
	await expect(readBuffers(join(folder, 'missing'))).rejects.toThrow();
});
