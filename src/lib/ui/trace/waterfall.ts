import type { Step, TraceSummary } from '#lib/contract/trace.ts';
import { STEP_LABELS } from './labels.ts';
import { PHASE_COLORS, phaseOf, uncovered, type Stretch } from './phase.ts';

/** A row of the waterfall. */
export interface WaterfallRow {
	/** Stable while the trace is refreshed. */
	key: string;
	label: string;
	/** Null for the time that no step accounts for. */
	step: Step | null;
	/** One for a step; as many as there are gaps for unaccounted time. */
	stretches: Stretch[];
	/** Of all stretches, in milliseconds. */
	duration_ms: number;
	color: string;
}

type Timed = Pick<TraceSummary, 'steps' | 'total_duration_ms' | 'unaccounted_ms'>;

/** The steps in the order in which they began, then the time that none of them accounts for (once the run has ended). */
export function waterfallRows({ steps, total_duration_ms, unaccounted_ms }: Timed): WaterfallRow[] {
	const rows = steps
		.toSorted((a, b) => a.start_ms - b.start_ms)
		.map((step, index): WaterfallRow => {
			const { name, start_ms, duration_ms } = step;
			return {
				key: `${index}-${name}`,
				label: STEP_LABELS[name],
				step,
				stretches: [{ start_ms, duration_ms }],
				duration_ms,
				color: PHASE_COLORS[phaseOf(name)]
			};
		});
	if (total_duration_ms !== null && unaccounted_ms !== null) {
		rows.push({
			key: 'unaccounted',
			label: 'Unaccounted',
			step: null,
			stretches: uncovered(steps, total_duration_ms),
			duration_ms: unaccounted_ms,
			color: PHASE_COLORS.other
		});
	}
	return rows;
}

/** How long the time axis is: the run, or as far as its steps go while it is not over. */
export function waterfallEnd({ steps, total_duration_ms }: Timed): number {
	const reached = Math.max(0, ...steps.map((step) => step.start_ms + step.duration_ms));
	return Math.max(total_duration_ms ?? 0, reached);
}

/** When generation began, in milliseconds; null when no model was asked. What comes before is often too short to see. */
export function generationStart({ steps }: Timed): number | null {
	return steps.find((step) => step.name === 'llm_generation')?.start_ms ?? null;
}

/**
 * Where a stretch is drawn on an axis from 0 to `end_ms`, in per cent of it; null when it lies beyond.
 */
export function place(
	{ start_ms, duration_ms }: Stretch,
	end_ms: number
): { left: number; width: number } | null {
	if (end_ms <= 0 || start_ms > end_ms) return null;
	const left = (100 * start_ms) / end_ms;
	return { left, width: Math.min(100 - left, (100 * duration_ms) / end_ms) };
}
