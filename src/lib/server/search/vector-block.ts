import { GrowingArray } from './growing-array.ts';
import { TopK } from './top-k.ts';
import type { Ranking } from './bm25-index.ts';

/** Vectors of unit length in one block, searched exactly by scanning. A passage may have none. */
export class VectorBlock {
	readonly dimensions: number;
	readonly #values: GrowingArray<Float32Array<ArrayBuffer>>;
	/** 1 where a passage has a vector. */
	readonly #present: GrowingArray<Uint8Array<ArrayBuffer>>;

	constructor(dimensions: number, values?: Float32Array<ArrayBuffer>, present?: Uint8Array<ArrayBuffer>) {
		this.dimensions = dimensions;
		this.#values = new GrowingArray(Float32Array, values);
		this.#present = new GrowingArray(Uint8Array, present);
	}

	/** Keeps a copy of the vector of a passage. */
	set(number: number, vector: Float32Array): void {
		if (vector.length !== this.dimensions) {
			throw new RangeError(`A vector has ${vector.length} dimensions instead of ${this.dimensions}.`);
		}
		this.#present.extend(number + 1);
		this.#values.extend((number + 1) * this.dimensions);
		this.#present.set(number, 1);
		this.#values.array.set(vector, number * this.dimensions);
	}

	remove(number: number): void {
		if (number < this.#present.length) this.#present.set(number, 0);
	}

	/** Dot product with the vector of a passage, which is the cosine for unit vectors; 0 without a vector. */
	similarity(vector: Float32Array, number: number): number {
		if (this.#present.at(number) === 0) return 0;
		return dotProduct(vector, this.#values.array, number * this.dimensions);
	}

	/** The nearest passages among those that `accepts` lets pass. */
	search(
		vector: Float32Array,
		limit: number,
		accepts: (number: number) => boolean,
		before: (a: number, b: number) => boolean
	): Ranking {
		const count = this.#present.length;
		const present = this.#present.array;
		const values = this.#values.array;
		const best = new TopK(Math.min(limit, count), before);
		let threshold = best.threshold;
		for (let number = 0; number < count; number += 1) {
			if (present[number] === 0 || !accepts(number)) continue;
			const score = dotProduct(vector, values, number * this.dimensions);
			if (score < threshold) continue;
			best.offer(number, score);
			threshold = best.threshold;
		}
		return best.drain();
	}

	/** A copy of the given passages only, numbered anew in the given order. */
	select(numbers: Uint32Array): { values: Float32Array<ArrayBuffer>; present: Uint8Array<ArrayBuffer> } {
		const { dimensions } = this;
		const values = new Float32Array(numbers.length * dimensions);
		const present = new Uint8Array(numbers.length);
		numbers.forEach((number, place) => {
			if (this.#present.at(number) === 0) return;
			present[place] = 1;
			const start = number * dimensions;
			values.set(this.#values.array.subarray(start, start + dimensions), place * dimensions);
		});
		return { values, present };
	}
}

/** Four sums at once: the additions of one need not wait for those of the other. */
function dotProduct(a: Float32Array, b: Float32Array, offset: number): number {
	const { length } = a;
	let sum0 = 0;
	let sum1 = 0;
	let sum2 = 0;
	let sum3 = 0;
	let at = 0;
	for (; at + 3 < length; at += 4) {
		sum0 += a[at]! * b[offset + at]!;
		sum1 += a[at + 1]! * b[offset + at + 1]!;
		sum2 += a[at + 2]! * b[offset + at + 2]!;
		sum3 += a[at + 3]! * b[offset + at + 3]!;
	}
	for (; at < length; at += 1) sum0 += a[at]! * b[offset + at]!;
	return sum0 + sum1 + sum2 + sum3;
}
