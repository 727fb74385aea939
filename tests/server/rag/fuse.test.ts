import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuseByReciprocalRank, RRF_K } from '#lib/server/rag/fuse.ts';

const hits = (...ids: string[]) => ids.map((chunk_id, index) => ({ chunk_id, score: 100 - index }));
const fuse = (lists: ReturnType<typeof hits>[]) =>
	fuseByReciprocalRank(lists.map((list) => ({ hits: list, weight: 1 })));

describe('reciprocal rank fusion', () => {
	it('adds 1 / (60 + rank) over the lists, as the paper does', () => {
		const fused = fuse([hits('a', 'b'), hits('b', 'c')]);
		expect(fused.map((hit) => hit.chunk_id)).toEqual(['b', 'a', 'c']);
		expect(fused[0]?.score).toBeCloseTo(1 / 62 + 1 / 61, 12);
		expect(RRF_K).toBe(60);
	});

	it('lets a rank in a list of twice the weight count twice', () => {
		const fused = fuseByReciprocalRank([
			{ hits: hits('a', 'b'), weight: 1 },
			{ hits: hits('b', 'c'), weight: 2 }
		]);
		expect(fused.map((hit) => hit.chunk_id)).toEqual(['b', 'c', 'a']);
		expect(fused[0]?.score).toBeCloseTo(1 / 62 + 2 / 61, 12);
	});

	it('keeps the order of a single list', () => {
		expect(fuse([hits('x', 'y', 'z'), []]).map((hit) => hit.chunk_id)).toEqual(['x', 'y', 'z']);
	});

	it('breaks ties by id, so that the same lists always give the same order', () => {
		expect(fuse([hits('b'), hits('a')]).map((hit) => hit.chunk_id)).toEqual(['a', 'b']);
	});

	it('ignores the scores of the lists: only ranks count', () => {
		const list = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { maxLength: 30 });
		fc.assert(
			fc.property(list, list, fc.double({ min: 0.001, max: 1000, noNaN: true }), (first, second, factor) => {
				const scaled = hits(...second).map((hit) => ({ ...hit, score: hit.score * factor }));
				expect(fuse([hits(...first), scaled])).toEqual(fuse([hits(...first), hits(...second)]));
			})
		);
	});

	it('returns every chunk of every list exactly once, best first', () => {
		const list = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { maxLength: 30 });
		fc.assert(
			fc.property(fc.array(list, { maxLength: 4 }), (lists) => {
				const fused = fuse(lists.map((ids) => hits(...ids)));
				expect(fused.map((hit) => hit.chunk_id).toSorted()).toEqual([...new Set(lists.flat())].toSorted());
				for (const [at, hit] of fused.entries()) {
					expect(hit.score).toBeLessThanOrEqual(fused[at - 1]?.score ?? Infinity);
				}
			})
		);
	});
});
