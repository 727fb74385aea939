import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration } from '#lib/ui/format/duration.ts';
import {
	ABSENT,
	formatCompact,
	formatCost,
	formatCount,
	formatPlural,
	formatScore,
	formatShare
} from '#lib/ui/format/number.ts';
import { formatFullMoment, formatMoment, formatTick } from '#lib/ui/format/time.ts';

/** The formats keep number and unit together with no-break spaces, which are hard to read in a test. */
const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('formatDuration', () => {
	it.each([
		[0, '0 ms'],
		[0.04, '<0.1 ms'],
		[0.4, '0.4 ms'],
		[2, '2 ms'],
		[9.96, '10 ms'],
		[45.4, '45 ms'],
		[999.4, '999 ms'],
		[999.7, '1 s'],
		[1250, '1.25 s'],
		[2300, '2.3 s'],
		[12_340, '12.3 s'],
		[59_960, '1 min'],
		[65_000, '1 min 5 s'],
		[7_500_000, '2 h 5 min'],
		[-3, '−3 ms']
	])('says %d ms as %s', (milliseconds, said) => {
		expect(plain(formatDuration(milliseconds))).toBe(said);
	});

	it('never turns the absence of a measurement into a number', () => {
		expect(formatDuration(null)).toBe(ABSENT);
		expect(formatDuration(undefined, 'no data')).toBe('no data');
		expect(formatDuration(NaN)).toBe(ABSENT);
	});

	it('is never further from the truth than the digits it shows, and never shows a full next unit', () => {
		fc.assert(
			fc.property(fc.double({ min: 0.1, max: 3_599_000, noNaN: true }), (milliseconds) => {
				const said = plain(formatDuration(milliseconds));
				const units: Record<string, number> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 };
				const parts = [...said.matchAll(/([\d.]+) (ms|min|s|h)/g)];
				const total = parts.reduce((sum, [, number, unit]) => sum + Number(number) * units[unit!]!, 0);
				expect(Math.abs(total - milliseconds) / milliseconds).toBeLessThan(0.055 / Math.min(1, milliseconds));
				for (const [, number, unit] of parts) {
					expect(Number(number)).toBeLessThan(unit === 'ms' ? 1000 : 60);
				}
			})
		);
	});
});

describe('counts, shares and scores', () => {
	it('groups thousands and shortens what is long', () => {
		expect(formatCount(1234567)).toBe('1,234,567');
		expect(formatCompact(9999)).toBe('9,999');
		expect(formatCompact(12_345)).toBe('12.3K');
		expect(formatCount(null)).toBe(ABSENT);
		expect(formatCount(0)).toBe('0');
	});

	it('does not round a share up to all or down to none', () => {
		expect(plain(formatShare(0.92))).toBe('92 %');
		expect(plain(formatShare(0.001))).toBe('<1 %');
		expect(plain(formatShare(0.999))).toBe('>99 %');
		expect(plain(formatShare(1))).toBe('100 %');
		expect(plain(formatShare(0))).toBe('0 %');
		expect(formatShare(NaN)).toBe(ABSENT);
	});

	it('shows scores of every scale with the digits that tell them apart', () => {
		expect([0, 0.7134, 0.0164, 11.234, 123.4, 1.5, -0.25].map((score) => formatScore(score))).toEqual([
			'0',
			'0.713',
			'0.0164',
			'11.2',
			'123',
			'1.50',
			'-0.250'
		]);
	});

	it('counts one thing and several', () => {
		expect(plain(formatPlural(1, 'question'))).toBe('1 question');
		expect(plain(formatPlural(0, 'query', 'queries'))).toBe('0 queries');
	});
});

describe('formatCost', () => {
	it('says that a price is unknown, not that it is nothing', () => {
		expect(formatCost(null)).toBe('unknown');
		expect(formatCost(0)).toBe('$0');
	});

	it.each([
		[0.0012, '$0.0012'],
		[0.000_034, '$0.000034'],
		[0.25, '$0.25'],
		[0.999, '$1.00'],
		[12.5, '$12.50'],
		[0.000_000_1, '<$0.000001']
	])('shows %d dollars as %s', (usd, said) => {
		expect(formatCost(usd)).toBe(said);
	});
});

describe('moments', () => {
	const now = new Date('2026-02-05T18:00:00.000Z');

	it('leaves out what the reader knows', () => {
		expect(formatMoment('2026-02-05T14:05:09.123Z', now, 'UTC')).toBe('14:05:09');
		expect(formatMoment('2026-02-04T14:05:09.123Z', now, 'UTC')).toBe('4 Feb, 14:05');
		expect(formatMoment('2024-12-31T23:59:59.000Z', now, 'UTC')).toBe('31 Dec 2024, 23:59');
	});

	it("takes today to be the reader's today", () => {
		expect(formatMoment('2026-02-05T01:00:00.000Z', now, 'America/New_York')).toBe('4 Feb, 20:00');
	});

	it('gives the whole moment with its zone', () => {
		expect(formatFullMoment('2026-02-05T14:05:09.123Z', 'UTC')).toBe('5 Feb 2026, 14:05:09 UTC');
	});

	it('passes on what is not a date as it is', () => {
		expect(formatMoment('yesterday')).toBe('yesterday');
	});

	it('makes ticks as fine as the axis is narrow', () => {
		const moment = new Date('2026-02-05T14:05:00.000Z');
		const hour = 3_600_000;
		expect(formatTick(moment, hour, 'UTC')).toBe('14:05');
		expect(formatTick(new Date('2026-02-05T14:05:09.000Z'), 3000, 'UTC')).toBe('14:05:09');
		expect(formatTick(new Date('2026-02-05T14:05:09.500Z'), 3000, 'UTC')).toBe('');
		expect(formatTick(moment, 72 * hour, 'UTC')).toBe('5 Feb 14:05');
		expect(formatTick(moment, 700 * hour, 'UTC')).toBe('5 Feb');
		expect(formatTick(new Date('2026-02-05T00:00:00.000Z'), 72 * hour, 'UTC')).toBe('5 Feb');
	});
});
