import type { Breather } from '#lib/server/breather.ts';
import type { Ranking } from './bm25-search.ts';
import { GrowingArray } from './growing-array.ts';
import { ALL_LIBRARIES, type NumberRange } from './library-ranges.ts';
import { TopK } from './top-k.ts';
import { VectorKernel, type VectorScan } from './vector-kernel.ts';

/** Library number of a passage without a vector. */
const ABSENT = 0xffff;

/** How many vectors are quantised at once while loading. */
const LOAD_BATCH = 512;

/** The question's vector for passages of a library, by number; null for none, so that they are not found. */
export type VectorOf = (library: number) => Float32Array | null;

export interface NearestOptions {
	limit: number;
	/** Only passages of this library; ALL_LIBRARIES for all. */
	library: number;
	/** Which of two passages comes first at equal scores. */
	before: (a: number, b: number) => boolean;
}

/**
 * Vectors of unit length in one block, searched exactly. A kernel scans a quantised copy for what can be among the nearest, and those are
 * scored in full; where the platform has no such kernel, all are. A passage may have no vector.
 */
export class VectorBlock {
	readonly dimensions: number;
	readonly #values: GrowingArray<Float32Array<ArrayBuffer>>;
	/** Library number by passage, or ABSENT. */
	readonly #libraries: GrowingArray<Uint16Array<ArrayBuffer>>;
	/** The passages among which all vectors of a library are, by library number. */
	readonly #ranges = new Map<number, NumberRange>();
	/** Null where there is none, or no memory for it any more. */
	#kernel: VectorKernel | null;

	constructor(dimensions: number, values?: Float32Array<ArrayBuffer>, libraries?: Uint16Array<ArrayBuffer>) {
		this.dimensions = dimensions;
		this.#values = new GrowingArray(Float32Array, values);
		this.#libraries = new GrowingArray(Uint16Array, libraries);
		this.#kernel = VectorKernel.create(dimensions);
	}

	/**
	 * A block of what `select` returned, which is taken as it is, not copied.
	 * @param libraryOf library number of a passage
	 */
	static async load(
		dimensions: number,
		values: Float32Array<ArrayBuffer>,
		present: Uint8Array<ArrayBuffer>,
		libraryOf: (number: number) => number,
		breather: Breather
	): Promise<VectorBlock> {
		const libraries = new Uint16Array(present.length).fill(ABSENT);
		const block = new VectorBlock(dimensions, values, libraries);
		block.#withKernel((kernel) => kernel.reserve(present.length));
		for (let number = 0; number < present.length; number += 1) {
			if (present[number]) {
				const library = libraryOf(number);
				libraries[number] = library;
				block.#widen(library, number);
				block.#quantise(number);
			}
			if (number % LOAD_BATCH === 0) await breather.breathe();
		}
		return block;
	}

	/** Keeps a copy of the vector of a passage. */
	set(number: number, library: number, vector: Float32Array): void {
		if (vector.length !== this.dimensions) {
			throw new RangeError(`A vector has ${vector.length} dimensions instead of ${this.dimensions}.`);
		}
		const { length } = this.#libraries;
		this.#libraries.extend(number + 1);
		this.#libraries.array.fill(ABSENT, length, number);
		this.#values.extend((number + 1) * this.dimensions);
		this.#libraries.set(number, library);
		this.#values.array.set(vector, number * this.dimensions);
		this.#widen(library, number);
		this.#quantise(number);
	}

	remove(number: number): void {
		if (number >= this.#libraries.length) return;
		this.#libraries.set(number, ABSENT);
		this.#kernel?.remove(number);
	}

	/** Dot product with the vector of a passage, which is the cosine for unit vectors; 0 without a vector. */
	similarity(vector: Float32Array, number: number): number {
		if (!this.#has(number)) return 0;
		return dotProduct(vector, this.#values.array, number * this.dimensions);
	}

	/** The nearest passages by dot product in double precision. */
	search(vectorOf: VectorOf, { limit, library, before }: NearestOptions): Ranking {
		const best = new TopK(Math.min(limit, this.#libraries.length), before);
		const scans = this.#scans(vectorOf, library);
		const vectors = new Map(scans.map((scan) => [scan.library, scan.vector]));
		const everywhere = vectors.get(null);
		const offer = (number: number) => {
			const vector = everywhere ?? vectors.get(this.#libraries.at(number))!;
			best.offer(number, dotProduct(vector, this.#values.array, number * this.dimensions));
		};
		if (this.#kernel) {
			for (const number of this.#kernel.candidates(scans, limit)) offer(number);
		} else {
			for (const { library: wanted, from, to } of scans) {
				for (let number = from; number < to; number += 1) {
					const owner = this.#libraries.at(number);
					if (wanted === null ? owner !== ABSENT : owner === wanted) offer(number);
				}
			}
		}
		return best.drain();
	}

	/** What has to be looked through: each library by its own vector, or everything at once where that is the same. */
	#scans(vectorOf: VectorOf, library: number): VectorScan[] {
		const scans: VectorScan[] = [];
		const all = library === ALL_LIBRARIES;
		for (const [owner, range] of this.#ranges) {
			const vector = all || owner === library ? vectorOf(owner) : null;
			if (vector) scans.push({ vector, library: owner, ...range });
		}
		const vector = scans[0]?.vector;
		const isOne = all && scans.length === this.#ranges.size && scans.every((scan) => scan.vector === vector);
		if (!vector || !isOne) return scans;
		return [{ vector, library: null, from: 0, to: this.#libraries.length }];
	}

	/** A copy of the given passages only, numbered anew in the given order. */
	select(numbers: Uint32Array): { values: Float32Array<ArrayBuffer>; present: Uint8Array<ArrayBuffer> } {
		const { dimensions } = this;
		const values = new Float32Array(numbers.length * dimensions);
		const present = new Uint8Array(numbers.length);
		numbers.forEach((number, place) => {
			if (!this.#has(number)) return;
			present[place] = 1;
			values.set(this.#vector(number), place * dimensions);
		});
		return { values, present };
	}

	#has(number: number): boolean {
		return number < this.#libraries.length && this.#libraries.at(number) !== ABSENT;
	}

	#vector(number: number): Float32Array {
		const start = number * this.dimensions;
		return this.#values.array.subarray(start, start + this.dimensions);
	}

	#widen(library: number, number: number): void {
		const range = this.#ranges.get(library);
		if (!range) this.#ranges.set(library, { from: number, to: number + 1 });
		else {
			range.from = Math.min(range.from, number);
			range.to = Math.max(range.to, number + 1);
		}
	}

	#quantise(number: number): void {
		this.#withKernel((kernel) => kernel.set(number, this.#libraries.at(number), this.#vector(number)));
	}

	/** Goes on without the kernel when it has no more memory. */
	#withKernel(use: (kernel: VectorKernel) => void): void {
		if (!this.#kernel) return;
		try {
			use(this.#kernel);
		} catch (thrown) {
			if (!(thrown instanceof RangeError)) throw thrown;
			this.#kernel = null;
		}
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
