import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meanMetrics, measureRanking, rankDocuments } from '#lib/server/search/relevance-metrics.ts';

describe('measureRanking', () => {
	it('gives 1 throughout for the best order', () => {
		expect(measureRanking(['a', 'b', 'x'], ['b', 'a'])).toEqual({
			recall_at_5: 1,
			recall_at_20: 1,
			mrr_at_10: 1,
			ndcg_at_10: 1
		});
	});

	it('gives 0 throughout when nothing relevant is there', () => {
		expect(measureRanking([], ['a'])).toEqual({
			recall_at_5: 0,
			recall_at_20: 0,
			mrr_at_10: 0,
			ndcg_at_10: 0
		});
	});

	it('discounts by the logarithm of the rank', () => {
		const metrics = measureRanking(['x', 'a', 'y', 'b'], ['a', 'b']);
		expect(metrics.mrr_at_10).toBe(1 / 2);
		expect(metrics.ndcg_at_10).toBeCloseTo(
			(1 / Math.log2(3) + 1 / Math.log2(5)) / (1 + 1 / Math.log2(3)),
			12
		);
	});

	it('divides recall at 5 by at most 5, and recall at 20 by all that are relevant', () => {
		const relevant = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
		const metrics = measureRanking(['a', 'b', 'c', 'd', 'x', 'e'], relevant);
		expect(metrics.recall_at_5).toBe(4 / 5);
		expect(metrics.recall_at_20).toBe(5 / 8);
	});

	it('looks at the first 10 only for reciprocal rank and gain', () => {
		const eleventh = [...'abcdefghij', 'right'];
		expect(measureRanking(eleventh, ['right'])).toMatchObject({
			mrr_at_10: 0,
			ndcg_at_10: 0,
			recall_at_20: 1
		});
	});

	it('stays between 0 and 1', () => {
		const names = fc.uniqueArray(fc.constantFrom(...'abcdefghijklmnop'));
		fc.assert(
			fc.property(
				names,
				fc.uniqueArray(fc.constantFrom(...'abcdefgh'), { minLength: 1 }),
				(ranking, relevant) => {
					for (const value of Object.values(measureRanking(ranking, relevant))) {
						expect(value).toBeGreaterThanOrEqual(0);
						expect(value).toBeLessThanOrEqual(1 + 1e-12);
					}
				}
			)
		);
	});
});

it('collapses passages to documents in order of first appearance, apart by library', () => {
	const passages = [
		{ library: 'a', document: 'two.md' },
		{ library: 'a', document: 'one.md' },
		{ library: 'b', document: 'two.md' },
		{ library: 'a', document: 'two.md' }
	];
	expect(rankDocuments(passages)).toEqual(['a/two.md', 'a/one.md', 'b/two.md']);
});

it('averages over questions, and over none', () => {
	const all = [measureRanking(['a'], ['a']), measureRanking(['x', 'a'], ['a'])];
	expect(meanMetrics(all)).toMatchObject({ mrr_at_10: 0.75, recall_at_5: 1 });
	expect(meanMetrics([])).toMatchObject({ mrr_at_10: 0 });
});
