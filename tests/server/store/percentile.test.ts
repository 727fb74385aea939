import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { average, percentile, sorted } from '#lib/server/store/percentile.ts';
import { nearestRank } from '../../fixtures/naive-stats.ts';

describe('nearest-rank percentiles', () => {
	// The example of https://en.wikipedia.org/wiki/Percentile#The_nearest-rank_method
	it.each([
		[5, 15],
		[30, 20],
		[40, 20],
		[50, 35],
		[100, 50]
	])('the %i th of 15, 20, 35, 40, 50 is %i', (percent, expected) => {
		expect(percentile(sorted([50, 15, 40, 20, 35]), percent)).toBe(expected);
	});

	it('are values that occurred, as a count of the values below shows', () => {
		fc.assert(
			fc.property(
				fc.array(fc.nat(50), { maxLength: 120 }),
				fc.constantFrom(50, 95, 99),
				(values, percent) => {
					expect(percentile(sorted(values), percent)).toBe(nearestRank(values, percent / 100));
				}
			)
		);
	});

	it('sort numbers as numbers and leave out the unknown', () => {
		expect([...sorted([10, null, 9, 100])]).toEqual([9, 10, 100]);
	});

	it('are null without values, as is the average', () => {
		expect(percentile(sorted([null]), 95)).toBeNull();
		expect(average([null, null])).toBeNull();
	});
});

describe('the average', () => {
	it('is over the known values, to the microsecond', () => {
		expect(average([1, null, 1, 2])).toBe(1.333);
		expect(average([0, null])).toBe(0);
	});
});
