import { AppError } from '#lib/server/error.ts';

/**
 * The vectors of an `/embeddings` answer, in the order of the inputs (by `index`, where given) and of unit length.
 * @param count how many inputs were sent.
 * @param dimensions the length that each must have; 0 when not known yet: then all must have that of the first.
 * @throws AppError `upstream_malformed` saying what is wrong with them.
 */
export function readVectors(response: unknown, count: number, dimensions: number): Float32Array[] {
	const data = (response as { data?: unknown } | null)?.data;
	if (!Array.isArray(data)) throw malformed('no list of vectors');
	if (data.length !== count) throw malformed(`${data.length} vectors for ${count} inputs`);
	const vectors = new Array<Float32Array | undefined>(count);
	let expected = dimensions;
	data.forEach((entry: unknown, position) => {
		const { embedding, index = position } = (entry ?? {}) as { embedding?: unknown; index?: unknown };
		if (!Number.isInteger(index) || (index as number) < 0 || (index as number) >= count) {
			throw malformed('an index that no input has');
		}
		if (vectors[index as number]) throw malformed('two vectors for one input');
		const vector = readVector(embedding);
		expected ||= vector.length;
		if (vector.length !== expected) {
			throw malformed(`${vector.length} values, expected ${expected} (base64/float mismatch?)`);
		}
		vectors[index as number] = vector;
	});
	return vectors as Float32Array[];
}

/**
 * Checks that a vector can be compared with those of an index.
 * @param length of the vector.
 * @param expected length of those of the index; 0 when there are none.
 * @throws AppError `upstream_malformed`: the model behind the name is another one than before.
 */
export function requireDimensions(length: number, expected: number): void {
	if (expected === 0 || length === expected) return;
	throw malformed(`${length} values, expected ${expected} as in the index (another model than before?)`);
}

function readVector(embedding: unknown): Float32Array {
	if (!Array.isArray(embedding) || embedding.length === 0)
		throw malformed('a vector that is no list of numbers');
	const vector = new Float32Array(embedding.length);
	let squares = 0;
	for (const [position, value] of embedding.entries()) {
		if (typeof value !== 'number' || !Number.isFinite(value))
			throw malformed('a value that is no finite number');
		vector[position] = value;
		squares += value * value;
	}
	if (squares === 0) throw malformed('a vector of zeros');
	const length = Math.sqrt(squares);
	for (let position = 0; position < vector.length; position++) vector[position]! /= length;
	return vector;
}

function malformed(what: string): AppError {
	return new AppError(
		'upstream_malformed',
		`The embeddings endpoint returned ${what}. Check that the model is an embedding model and that the endpoint supports encoding_format float.`
	);
}
