import { open, writeFile } from 'node:fs/promises';
import { z } from 'zod';

const constructors = { Uint8Array, Uint16Array, Uint32Array, Float32Array };
type ArrayType = keyof typeof constructors;
type StoredArray =
	Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>;

const headerSchema = z.object({
	meta: z.unknown(),
	arrays: z.array(
		z.object({
			name: z.string(),
			type: z.enum(['Uint8Array', 'Uint16Array', 'Uint32Array', 'Float32Array']),
			/** In bytes from the end of the header. */
			offset: z.number().int().nonnegative(),
			/** In elements. */
			length: z.number().int().nonnegative()
		})
	)
});

/** Every array starts at a multiple of this, so that it can be used where it lies. */
const ALIGNMENT = 16;
const align = (bytes: number) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/**
 * Writes named typed arrays and a JSON value into one file: the length of the header in 4 bytes, the header as JSON, and the arrays as
 * they lie in memory (little-endian, as every platform Node and Deno run on is).
 */
export async function writeBuffers(
	path: string,
	meta: unknown,
	arrays: Readonly<Record<string, StoredArray>>
): Promise<void> {
	let offset = 0;
	const entries = Object.entries(arrays).map(([name, array]) => {
		const entry = { name, type: array.constructor.name as ArrayType, offset, length: array.length };
		offset += align(array.byteLength);
		return entry;
	});
	const header = new TextEncoder().encode(JSON.stringify({ meta, arrays: entries }));
	const start = align(4 + header.length);
	const head = new Uint8Array(start);
	new DataView(head.buffer).setUint32(0, header.length, true);
	head.set(header, 4);
	const padding = new Uint8Array(ALIGNMENT);
	async function* pieces() {
		yield head;
		for (const array of Object.values(arrays)) {
			yield new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
			yield padding.subarray(0, align(array.byteLength) - array.byteLength);
		}
	}
	await writeFile(path, pieces());
}

/** What `writeBuffers` wrote. The arrays share one block of memory that is read in one go. */
export async function readBuffers(path: string): Promise<{
	meta: unknown;
	array<T extends ArrayType>(name: string, type: T): InstanceType<(typeof constructors)[T]>;
}> {
	const block = await readBlock(path);
	const headerLength = new DataView(block).getUint32(0, true);
	const header = headerSchema.parse(
		JSON.parse(new TextDecoder().decode(new Uint8Array(block, 4, headerLength)))
	);
	const start = align(4 + headerLength);
	return {
		meta: header.meta,
		array(name, type) {
			const entry = header.arrays.find((entry) => entry.name === name && entry.type === type);
			if (!entry) throw new Error(`The index file has no ${type} "${name}".`);
			return new constructors[type](block, start + entry.offset, entry.length) as never;
		}
	};
}

async function readBlock(path: string): Promise<ArrayBuffer> {
	const file = await open(path);
	try {
		const { size } = await file.stat();
		const block = new ArrayBuffer(size);
		for (let position = 0; position < size;) {
			const length = Math.min(size - position, 2 ** 30);
			const { bytesRead } = await file.read(new Uint8Array(block, position, length), 0, length, position);
			if (bytesRead === 0) throw new Error('The index file is shorter than it was.');
			position += bytesRead;
		}
		return block;
	} finally {
		await file.close();
	}
}
