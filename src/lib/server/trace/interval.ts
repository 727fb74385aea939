import type { Step } from '#lib/contract/trace.ts';

/** Microsecond precision is what the clock has; more digits would be noise on the wire. */
export function round(milliseconds: number): number {
	return Math.round(milliseconds * 1000) / 1000;
}

/** Time covered by at least one of the steps, in milliseconds: overlapping steps count once. */
export function unionLength(steps: readonly Pick<Step, 'start_ms' | 'duration_ms'>[]): number {
	const byStart = steps.toSorted((a, b) => a.start_ms - b.start_ms);
	let covered = 0;
	let reached = -Infinity;
	for (const { start_ms: start, duration_ms: duration } of byStart) {
		const end = start + duration;
		if (end <= reached) continue;
		covered += end - Math.max(start, reached);
		reached = end;
	}
	return covered;
}
