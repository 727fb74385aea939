/** What stands where there is no figure: a dash, because 0 would be a claim. */
export const ABSENT = '–';

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 });

/** A count with thousands separators: `12,345`. */
export function formatCount(value: number | null | undefined, absent: string = ABSENT): string {
	return value === null || value === undefined ? absent : whole.format(value);
}

/** A large count in few characters: `950`, `12.3K`, `4.56M`. Below 10,000 it is exact. */
export function formatCompact(value: number | null | undefined, absent: string = ABSENT): string {
	if (value === null || value === undefined) return absent;
	return Math.abs(value) < 10_000 ? whole.format(value) : compact.format(value);
}

/** A part of a whole as a percentage: 0.92 is `92 %`. What is there but rounds to nothing is `<1 %`. */
export function formatShare(share: number | null | undefined, absent: string = ABSENT): string {
	if (share === null || share === undefined || !Number.isFinite(share)) return absent;
	if (share > 0 && share < 0.005) return '<1\u00a0%';
	// A part that is not all must not read as all.
	if (share < 1 && share >= 0.995) return '>99\u00a0%';
	return `${Math.round(share * 100)}\u00a0%`;
}

/** A score of a search stage, whose scales differ: three significant digits, never in exponent form for usual sizes. */
export function formatScore(score: number | null | undefined, absent: string = ABSENT): string {
	if (score === null || score === undefined || !Number.isFinite(score)) return absent;
	if (score === 0) return '0';
	const magnitude = Math.abs(score);
	if (magnitude >= 100) return score.toFixed(0);
	if (magnitude >= 10) return score.toFixed(1);
	if (magnitude >= 1) return score.toFixed(2);
	if (magnitude >= 0.001) return score.toFixed(magnitude >= 0.1 ? 3 : 4);
	return score.toExponential(1);
}

/** `1 question`, `2 questions`, `1,234 questions`. */
export function formatPlural(count: number, one: string, many: string = `${one}s`): string {
	return `${whole.format(count)}\u00a0${count === 1 ? one : many}`;
}

/**
 * Dollars, with as many digits as a small price needs: `$0.0012`, `$1.20`.
 *
 * @param usd null when no price is known, which is not the same as free.
 */
export function formatCost(usd: number | null | undefined, absent = 'unknown'): string {
	if (usd === null || usd === undefined || !Number.isFinite(usd)) return absent;
	if (usd === 0) return '$0';
	if (usd >= 0.995) return `$${usd.toFixed(2)}`;
	if (usd < 0.000_001) return '<$0.000001';
	const digits = Math.min(6, 1 - Math.floor(Math.log10(usd)));
	return `$${usd.toFixed(Math.max(2, digits))}`;
}
