import fc from 'fast-check';
import { expect, it } from 'vitest';
import { meanInterval, shareInterval } from '#lib/server/evaluation/intervals.ts';
import { randomNumbers } from '#lib/server/evaluation/random-numbers.ts';

const share = fc.double({ min: 0, max: 1, noNaN: true });

it('lies within the values, and is the same for the same values', () => {
	fc.assert(
		fc.property(fc.array(share, { minLength: 2, maxLength: 30 }), (values) => {
			const interval = meanInterval(values)!;
			expect(interval.low).toBeLessThanOrEqual(interval.high);
			expect(interval.low).toBeGreaterThanOrEqual(Math.min(...values) - 1e-12);
			expect(interval.high).toBeLessThanOrEqual(Math.max(...values) + 1e-12);
			expect(meanInterval(values)).toEqual(interval);
		}),
		{ numRuns: 30 }
	);
});

it('says nothing about fewer than two values', () => {
	expect([meanInterval([]), meanInterval([0.5]), shareInterval(0, 0)]).toEqual([null, null, null]);
});

/** In how many of many samples the interval holds the true mean. */
function coverage(intervalOf: (sample: number[]) => { low: number; high: number } | null): number {
	const SAMPLES = 300;
	const TRUE_MEAN = 0.7;
	const random = randomNumbers(7);
	let held = 0;
	for (let sample = 0; sample < SAMPLES; sample += 1) {
		const values = Array.from({ length: 60 }, () => (random() < TRUE_MEAN ? 1 : 0));
		const { low, high } = intervalOf(values)!;
		if (low <= TRUE_MEAN && TRUE_MEAN <= high) held += 1;
	}
	return held / SAMPLES;
}

it('holds the true mean about 95 times in 100', () => {
	const ofMean = coverage(meanInterval);
	const ofShare = coverage((values) => shareInterval(values.filter(Boolean).length, values.length));
	for (const held of [ofMean, ofShare]) {
		expect(held).toBeGreaterThan(0.91);
		expect(held).toBeLessThan(0.985);
	}
});

it('narrows with the number of questions, and knows that none of a few is not never', () => {
	const width = (count: number) => {
		const { low, high } = meanInterval(Array.from({ length: count }, (_, at) => at % 2))!;
		return high - low;
	};
	expect(width(400)).toBeLessThan(width(40) / 2);
	// Figures of the rule of three: about 3 / n for none of n.
	expect(shareInterval(0, 30)!.high).toBeCloseTo(0.1135, 4);
	expect(shareInterval(0, 30)!.low).toBe(0);
	expect(shareInterval(30, 30)!.high).toBe(1);
});
