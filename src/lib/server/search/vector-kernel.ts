import { TopK } from './top-k.ts';
import { KERNEL_BYTES } from './vector-kernel-bytes.ts';
import { quantise } from './vector-quantisation.ts';

/** Bytes of a page of WebAssembly memory. */
const PAGE = 65_536;
const LANES = 4;
/** Components of one passage that lie together. */
const RUN = 8;
/** Bytes before the components of a group: libraries, scales, radii. */
const HEAD = 48;
/** Bytes of a result: the most and the least the four similarities can be, and the address of the group. */
const RESULT = 48;
/** Groups that are scanned at once; then the threshold is raised to what was found. */
const SLICE = 256;
const NO_LIBRARY = -1;
const HIGHEST_LIBRARY = 0x7fffffff;
const MOST_INT8 = 127;
const MOST_INT16 = 32_767;
const MOST_INT32 = 0x7fffffff;

/** Relative error of the kernel's 32-bit arithmetic, at most: five roundings of 2^-24 each, and room. */
const ROUNDING = 2 ** -20;

/** Passages to look through by one vector. */
export interface VectorScan {
	vector: Float32Array;
	/** Only passages of this library; null for all. */
	library: number | null;
	/** Numbers of the passages: from the first (included) to the last (excluded). */
	from: number;
	to: number;
}

type Scan = (
	group: number,
	groupsEnd: number,
	question: number,
	questionEnd: number,
	result: number,
	firstLibrary: number,
	lastLibrary: number,
	questionScale: number,
	questionLength: number,
	slack: number,
	threshold: number
) => number;

/**
 * Vectors quantised to 8 bits a component, in WebAssembly memory, scanned by the kernel in `vector-kernel.wat`. It finds passages that
 * can be the nearest: for each it knows how far its estimate may be off, so that none is ever missed. Exact scores are the caller's
 * matter. Vectors must be finite.
 */
export class VectorKernel {
	readonly #memory: WebAssembly.Memory;
	readonly #scan: Scan;
	readonly #dimensions: number;
	readonly #questionEnd: number;
	readonly #groupsStart: number;
	/** Bytes of a group. */
	readonly #groupSize: number;
	/** A vector in whole numbers, padded with zeros to whole runs. */
	readonly #rounded: Int16Array;
	#groups = 0;
	/** Length of the longest vector or its quantised form, at most. */
	#longest = 0;
	#int8: Int8Array;
	#int16: Int16Array;
	#int32: Int32Array;
	#float32: Float32Array;

	private constructor(dimensions: number, memory: WebAssembly.Memory, scan: Scan) {
		this.#dimensions = dimensions;
		this.#memory = memory;
		this.#scan = scan;
		const padded = Math.ceil(Math.max(dimensions, 1) / RUN) * RUN;
		this.#rounded = new Int16Array(padded);
		this.#questionEnd = padded * 2;
		this.#groupsStart = this.#questionEnd + SLICE * RESULT;
		this.#groupSize = HEAD + LANES * padded;
		this.#int8 = new Int8Array(memory.buffer);
		this.#int16 = new Int16Array(memory.buffer);
		this.#int32 = new Int32Array(memory.buffer);
		this.#float32 = new Float32Array(memory.buffer);
		this.#growTo(this.#groupsStart);
	}

	/** Null where there is no WebAssembly with SIMD, or no memory for it. */
	static create(dimensions: number): VectorKernel | null {
		try {
			const bytes = Uint8Array.from(atob(KERNEL_BYTES), (character) => character.charCodeAt(0));
			const { memory, scan } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
			return new VectorKernel(dimensions, memory as WebAssembly.Memory, scan as Scan);
		} catch {
			return null;
		}
	}

	/**
	 * Keeps the vector of a passage.
	 * @throws RangeError when there is no memory left.
	 */
	set(number: number, library: number, vector: Float32Array): void {
		this.reserve(number + 1);
		const rounded = this.#rounded;
		const { scale, length, radius } = quantise(vector, MOST_INT8, rounded);
		const int8 = this.#int8;
		let run = this.#address(number) + HEAD + (number % LANES) * RUN;
		for (let place = 0; place < rounded.length; place += RUN, run += LANES * RUN) {
			for (let at = 0; at < RUN; at += 1) int8[run + at] = rounded[place + at]!;
		}
		const head = this.#head(number);
		this.#int32[head] = library;
		this.#float32[head + LANES] = scale;
		this.#float32[head + 2 * LANES] = radius;
		this.#longest = Math.max(this.#longest, length + radius);
	}

	remove(number: number): void {
		if (number < this.#groups * LANES) this.#int32[this.#head(number)] = NO_LIBRARY;
	}

	/**
	 * Makes room for passages up to this number.
	 * @throws RangeError when there is no memory left.
	 */
	reserve(count: number): void {
		const groups = Math.ceil(count / LANES);
		if (groups <= this.#groups) return;
		this.#growTo(this.#groupsStart + groups * this.#groupSize);
		for (; this.#groups < groups; this.#groups += 1) {
			const head = this.#head(this.#groups * LANES);
			this.#int32.fill(NO_LIBRARY, head, head + LANES);
		}
	}

	/** Passages among which are the nearest of those with a vector, over all scans, ties included: hardly more than asked for. */
	candidates(scans: readonly VectorScan[], limit: number): number[] {
		const best = new TopK(Math.min(limit, this.#groups * LANES), () => false);
		let { threshold } = best;
		const numbers: number[] = [];
		const most: number[] = [];
		const float32 = this.#float32;
		const slice = SLICE * this.#groupSize;
		for (const { vector, library, from, to } of scans) {
			const question = this.#askFor(vector);
			const end = this.#groupsStart + Math.min(Math.ceil(to / LANES), this.#groups) * this.#groupSize;
			for (let group = this.#address(from); group < end; group += slice) {
				const resultsEnd = this.#scan(
					group,
					Math.min(group + slice, end),
					0,
					this.#questionEnd,
					this.#questionEnd,
					library ?? 0,
					library ?? HIGHEST_LIBRARY,
					question.scale,
					question.length,
					question.slack,
					threshold
				);
				for (let result = this.#questionEnd; result < resultsEnd; result += RESULT) {
					const address = this.#int32[(result + 32) >> 2]!;
					const first = ((address - this.#groupsStart) / this.#groupSize) * LANES;
					for (let lane = 0; lane < LANES; lane += 1) {
						const upper = float32[(result >> 2) + lane]!;
						if (upper < threshold || upper === -Infinity) continue;
						numbers.push(first + lane);
						most.push(upper);
						best.offer(first + lane, float32[(result >> 2) + LANES + lane]!);
						({ threshold } = best);
					}
				}
			}
		}
		return numbers.filter((_, at) => most[at]! >= threshold);
	}

	/** Writes the question's vector where the kernel reads it, as finely as 32 bits hold the sum of its products. */
	#askFor(vector: Float32Array) {
		const components = this.#questionEnd / 2;
		const most = Math.min(MOST_INT16, Math.floor(MOST_INT32 / (MOST_INT8 * components)));
		const question = this.#int16.subarray(0, components);
		const { scale, length, radius } = quantise(vector.subarray(0, this.#dimensions), most, question);
		return { scale, length, slack: (radius + length * ROUNDING) * this.#longest };
	}

	/** Address of the group of a passage. */
	#address(number: number): number {
		return this.#groupsStart + Math.floor(number / LANES) * this.#groupSize;
	}

	/** Place of the library of a passage in memory as 32-bit numbers; scale and radius follow 4 and 8 places later. */
	#head(number: number): number {
		return this.#address(number) / 4 + (number % LANES);
	}

	#growTo(bytes: number): void {
		const missing = bytes - this.#memory.buffer.byteLength;
		if (missing <= 0) return;
		// A little ahead, so that not every passage asks for a page.
		this.#memory.grow(Math.ceil(missing / PAGE) + 15);
		this.#int8 = new Int8Array(this.#memory.buffer);
		this.#int16 = new Int16Array(this.#memory.buffer);
		this.#int32 = new Int32Array(this.#memory.buffer);
		this.#float32 = new Float32Array(this.#memory.buffer);
	}
}
