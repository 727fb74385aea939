import { ABSENT } from './number.ts';

/** Keeps a number and its unit on one line. */
const GAP = '\u00a0';

/**
 * A length of time as people say it: `0.4 ms`, `45 ms`, `2.3 s`, `1 min 5 s`, `2 h 5 min`.
 *
 * @param milliseconds null when nobody measured it.
 * @param absent what to say then; never `0`.
 */
export function formatDuration(milliseconds: number | null | undefined, absent: string = ABSENT): string {
	if (milliseconds === null || milliseconds === undefined || !Number.isFinite(milliseconds)) return absent;
	const sign = milliseconds < 0 ? '−' : '';
	return sign + say(Math.abs(milliseconds));
}

function say(milliseconds: number): string {
	// Each limit is where the next unit's rounding takes over, so that 999.7 ms is 1 s and not 1000 ms.
	if (milliseconds === 0) return `0${GAP}ms`;
	if (milliseconds < 0.095) return `<0.1${GAP}ms`;
	if (milliseconds < 9.95) return `${trimmed(milliseconds, 1)}${GAP}ms`;
	if (milliseconds < 999.5) return `${Math.round(milliseconds)}${GAP}ms`;
	const seconds = milliseconds / 1000;
	if (seconds < 9.995) return `${trimmed(seconds, seconds < 1.995 ? 2 : 1)}${GAP}s`;
	if (seconds < 59.95) return `${trimmed(seconds, 1)}${GAP}s`;
	const whole = Math.round(seconds);
	if (whole < 3600) return pair(Math.floor(whole / 60), 'min', whole % 60, 's');
	const minutes = Math.round(whole / 60);
	return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
	const head = `${large}${GAP}${largeUnit}`;
	return small === 0 ? head : `${head}${GAP}${small}${GAP}${smallUnit}`;
}

/** Fixed digits without the zeros that say nothing: 2.30 is 2.3, 2.0 is 2. */
function trimmed(value: number, digits: number): string {
	return String(Number(value.toFixed(digits)));
}
