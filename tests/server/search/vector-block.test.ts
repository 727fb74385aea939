import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Breather } from '#lib/server/breather.ts';
import { ALL_LIBRARIES } from '#lib/server/search/library-ranges.ts';
import { VectorBlock } from '#lib/server/search/vector-block.ts';
import { randomFrom } from '../../../scripts/bench/random.ts';

afterEach(() => {
	vi.unstubAllGlobals();
	vi.restoreAllMocks();
});

/** Passages with equal scores come in falling order of their numbers: not the order they are found in. */
const before = (a: number, b: number) => a > b;

interface Stored {
	library: number;
	vector: Float32Array;
}

/** The same vector for all libraries, or one by library. */
type Asked = Float32Array | readonly (Float32Array | null)[];
const vectorOf = (asked: Asked) => (library: number) =>
	asked instanceof Float32Array ? asked : (asked[library] ?? null);

/** By all dot products in double precision, one after the other. */
function nearest(stored: ReadonlyMap<number, Stored>, asked: Asked, limit: number, library: number) {
	return [...stored]
		.filter(([, entry]) => library === ALL_LIBRARIES || entry.library === library)
		.flatMap(([number, entry]) => {
			const vector = vectorOf(asked)(entry.library);
			if (!vector) return [];
			return [{ number, score: entry.vector.reduce((sum, value, at) => sum + value * vector[at]!, 0) }];
		})
		.sort((a, b) => b.score - a.score || b.number - a.number)
		.slice(0, limit);
}

function found(block: VectorBlock, asked: Asked, limit: number, library = ALL_LIBRARIES) {
	const { numbers, scores } = block.search(vectorOf(asked), { limit, library, before });
	return Array.from(numbers, (number, place) => ({ number, score: scores[place]! }));
}

/** A block without a kernel. */
function plainBlock(dimensions: number): VectorBlock {
	vi.stubGlobal('WebAssembly', undefined);
	try {
		return new VectorBlock(dimensions);
	} finally {
		vi.unstubAllGlobals();
	}
}

/** Multiples of 1/16: their products and sums are exact in double precision in any order, and often tie. */
const coarse = fc.integer({ min: -16, max: 16 }).map((value) => value / 16);
/** The same over sizes so different that the small ones are lost in quantisation. */
const uneven = fc
	.tuple(coarse, fc.constantFrom(1, 1, 1, 64, 1 / 1024, 0))
	.map(([value, size]) => value * size);

const scenario = fc.integer({ min: 1, max: 40 }).chain((dimensions) => {
	const vector = fc
		.oneof(...[coarse, uneven].map((of) => fc.array(of, { minLength: dimensions, maxLength: dimensions })))
		.map((values) => Float32Array.from(values));
	const number = fc.integer({ min: 0, max: 60 });
	return fc.record({
		dimensions: fc.constant(dimensions),
		changes: fc.array(
			fc.oneof(
				{ weight: 5, arbitrary: fc.record({ number, library: fc.integer({ min: 0, max: 2 }), vector }) },
				{ weight: 1, arbitrary: fc.record({ number, vector: fc.constant(null) }) }
			),
			{ maxLength: 80 }
		),
		questions: fc.array(
			fc.record({
				asked: fc.oneof(vector, fc.tuple(fc.option(vector), fc.option(vector), fc.option(vector))),
				limit: fc.integer({ min: 0, max: 12 }),
				library: fc.constantFrom(ALL_LIBRARIES, 0, 1, 2, 9)
			}),
			{ minLength: 1, maxLength: 4 }
		)
	});
});

describe('a block of vectors', () => {
	it('finds exactly the nearest, through any setting, replacing and removing, with and without the kernel', () => {
		fc.assert(
			fc.property(scenario, ({ dimensions, changes, questions }) => {
				const stored = new Map<number, Stored>();
				const blocks = [new VectorBlock(dimensions), plainBlock(dimensions)];
				for (const change of changes) {
					if (change.vector) {
						const { number, library, vector } = change;
						stored.set(number, { library, vector });
						for (const block of blocks) block.set(number, library, vector);
					} else {
						stored.delete(change.number);
						for (const block of blocks) block.remove(change.number);
					}
				}
				for (const { asked, limit, library } of questions) {
					const expected = nearest(stored, asked, limit, library);
					for (const block of blocks) expect(found(block, asked, limit, library)).toEqual(expected);
				}
			})
		);
	});

	it('finds exactly the nearest of many, more than the kernel scans at once', () => {
		const random = randomFrom(3);
		const make = () => Float32Array.from({ length: 33 }, () => Math.round(random.normal() * 256) / 1024);
		const stored = new Map<number, Stored>();
		const block = new VectorBlock(33);
		for (let number = 0; number < 5000; number += 1) {
			stored.set(number, { library: number % 1000 < 900 ? 0 : 1, vector: make() });
			block.set(number, stored.get(number)!.library, stored.get(number)!.vector);
		}
		for (let number = 0; number < 5000; number += 7) {
			stored.delete(number);
			block.remove(number);
		}
		for (let question = 0; question < 20; question += 1) {
			for (const asked of [make(), [make(), make()]]) {
				for (const library of [ALL_LIBRARIES, 0, 1]) {
					expect(found(block, asked, 50, library)).toEqual(nearest(stored, asked, 50, library));
				}
			}
		}
	});

	it('tells vectors apart that are the same once quantised', () => {
		const block = new VectorBlock(2);
		const vectors = [0.000_02, 0.000_04, 0.000_03].map((value) => Float32Array.of(1, value));
		vectors.forEach((vector, number) => block.set(number, 0, vector));
		expect(found(block, Float32Array.of(0, 1), 2).map(({ number }) => number)).toEqual([1, 2]);
	});

	it('holds vectors of many large components without an overflow', () => {
		const dimensions = 8192;
		const block = new VectorBlock(dimensions);
		block.set(0, 0, new Float32Array(dimensions).fill(1));
		block.set(1, 0, new Float32Array(dimensions).fill(-1));
		block.set(2, 0, new Float32Array(dimensions));
		expect(found(block, new Float32Array(dimensions).fill(1), 2)).toEqual([
			{ number: 0, score: dimensions },
			{ number: 2, score: 0 }
		]);
	});

	it('searches without the kernel when there is no memory for it any more', () => {
		const block = new VectorBlock(64);
		const unit = (place: number) => new Float32Array(64).fill(1, place, place + 1);
		block.set(0, 0, unit(0));
		const grow = vi.spyOn(WebAssembly.Memory.prototype, 'grow').mockImplementation(() => {
			throw new RangeError('out of memory');
		});
		for (let number = 1; number < 20_000; number += 1) block.set(number, 0, unit(number % 64));
		expect(grow).toHaveBeenCalledOnce();
		expect(found(block, unit(0), 1)).toEqual([{ number: 19_968, score: 1 }]);
	});

	it('is the same after it was selected from and loaded', async () => {
		const block = new VectorBlock(3);
		block.set(0, 4, Float32Array.of(1, 0, 0));
		block.set(2, 5, Float32Array.of(0, 1, 0));
		block.set(3, 4, Float32Array.of(0, 0.5, 0.5));
		block.remove(0);
		const { values, present } = block.select(Uint32Array.of(3, 1, 2));
		const libraries = [4, 6, 5];
		const loaded = await VectorBlock.load(3, values, present, (number) => libraries[number]!, new Breather());
		const question = Float32Array.of(0, 1, 0);
		expect(found(loaded, question, 5)).toEqual([
			{ number: 2, score: 1 },
			{ number: 0, score: 0.5 }
		]);
		expect(found(loaded, question, 5, 4)).toEqual([{ number: 0, score: 0.5 }]);
		expect(loaded.similarity(question, 0)).toBe(0.5);
		expect(loaded.similarity(question, 1)).toBe(0);
	});

	it('refuses a vector of another length', () => {
		expect(() => new VectorBlock(3).set(0, 0, Float32Array.of(1, 2))).toThrow(RangeError);
	});
});
