import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateLimit } from '#lib/server/run/rate-limit.ts';

function limitOf(perMinute: number | undefined) {
	const clock = { now: 0 };
	const limit = new RateLimit(perMinute, () => clock.now);
	const isTaken = (client: string) => {
		try {
			limit.take(client);
			return true;
		} catch {
			return false;
		}
	};
	return { clock, limit, isTaken };
}

describe('the rate of a client', () => {
	it('serves a burst of one minute, refuses with the time to wait, and refills evenly', () => {
		const { clock, limit, isTaken } = limitOf(4);
		expect([1, 2, 3, 4, 5].map(() => isTaken('a'))).toEqual([true, true, true, true, false]);
		expect(() => limit.take('a')).toThrow(
			expect.objectContaining({ code: 'rate_limited', status: 429, retryable: true, retryAfterSeconds: 15 })
		);
		clock.now = 14_999;
		expect(isTaken('a')).toBe(false);
		clock.now = 15_000;
		expect([isTaken('a'), isTaken('a')]).toEqual([true, false]);
	});

	it("is each client's own, and looking counts nothing", () => {
		const { limit, isTaken } = limitOf(1);
		limit.require('a');
		expect([isTaken('a'), isTaken('a'), isTaken('b')]).toEqual([true, false, true]);
	});

	it('has no limit where none is set', () => {
		const { limit, isTaken } = limitOf(undefined);
		expect(Array.from({ length: 1000 }, () => isTaken('a')).every(Boolean)).toBe(true);
		expect(limit.size).toBe(0);
	});

	it('never lets through more than a burst and the rate, whenever they come; waiting as told is enough', () => {
		fc.assert(
			fc.property(
				fc.integer({ min: 1, max: 50 }),
				fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 200 }),
				(perMinute, pauses) => {
					const { clock, limit } = limitOf(perMinute);
					let taken = 0;
					for (const pause of pauses) {
						clock.now += pause;
						try {
							limit.take('a');
							taken += 1;
						} catch (thrown) {
							const { retryAfterSeconds } = thrown as { retryAfterSeconds: number };
							clock.now += retryAfterSeconds * 1000;
							limit.take('a');
							taken += 1;
						}
						expect(taken).toBeLessThanOrEqual(perMinute + (clock.now * perMinute) / 60_000 + 1e-6);
					}
				}
			)
		);
	});

	it('remembers a bounded number of clients', () => {
		const { limit, clock } = limitOf(10);
		for (let client = 0; client < 100_500; client += 1) {
			clock.now += 1;
			limit.take(String(client));
		}
		expect(limit.size).toBeLessThanOrEqual(100_000);
	});
});
