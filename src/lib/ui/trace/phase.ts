import type { Step, StepName } from '#lib/contract/trace.ts';

/**
 * The parts that a run is split into: rewriting of a follow-up, all other steps before generation, generation, and the rest (waiting, and time
 * that no step accounts for).
 */
export type Phase = 'rewriting' | 'retrieval' | 'generation' | 'other';

/** In the order in which they are stacked and listed. */
export const PHASES: readonly Phase[] = ['rewriting', 'retrieval', 'generation', 'other'];

export const PHASE_LABELS: Record<Phase, string> = {
	rewriting: 'Rewriting',
	retrieval: 'Retrieval',
	generation: 'Generation',
	other: 'Other'
};

/** The same colour for a phase wherever it is drawn. */
export const PHASE_COLORS: Record<Phase, string> = {
	rewriting: 'var(--series-4)',
	retrieval: 'var(--series-1)',
	generation: 'var(--series-2)',
	other: 'var(--series-3)'
};

export function phaseOf(step: StepName): Phase {
	if (step === 'queue') return 'other';
	if (step === 'query_rewriting') return 'rewriting';
	return step === 'llm_generation' ? 'generation' : 'retrieval';
}

/** A stretch of a run in milliseconds from its acceptance. */
export interface Stretch {
	start_ms: number;
	duration_ms: number;
}

/**
 * The stretches of a run that no step covers, in order.
 *
 * @param total_ms length of the run; gaps shorter than a microsecond are rounding and left out.
 */
export function uncovered(
	steps: readonly Pick<Step, 'start_ms' | 'duration_ms'>[],
	total_ms: number
): Stretch[] {
	const gaps: Stretch[] = [];
	let reached = 0;
	const note = (until: number) => {
		if (until - reached > 0.001) gaps.push({ start_ms: reached, duration_ms: until - reached });
	};
	for (const { start_ms, duration_ms } of steps.toSorted((a, b) => a.start_ms - b.start_ms)) {
		note(Math.min(start_ms, total_ms));
		reached = Math.max(reached, start_ms + duration_ms);
	}
	note(total_ms);
	return gaps;
}
