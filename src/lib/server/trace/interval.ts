import type { Step } from '#lib/contract/trace.ts';

type Interval = Pick<Step, 'start_ms' | 'duration_ms'>;

/** Microsecond precision is what the clock has; more digits would be noise on the wire. */
export function round(milliseconds: number): number {
	return Math.round(milliseconds * 1000) / 1000;
}

/** Time covered by at least one of the steps, in milliseconds: overlapping steps count once. */
export function unionLength(steps: readonly Interval[]): number {
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

/** Where the time of a run went; null for a phase that did not take place. */
export interface PhaseDurations {
	/** Time that rewriting a follow-up takes beside retrieval, in milliseconds: what both do at the same time is retrieval. */
	rewriting_ms: number | null;
	/** Union of the other steps before generation, up to its start, in milliseconds; without waiting for a turn. */
	retrieval_ms: number | null;
	/** Union of the generation steps, in milliseconds. */
	generation_ms: number | null;
}

/** Splits steps into rewriting, retrieval and generation, which never overlap, so their sum is at most the run's total. */
export function phaseDurations(steps: readonly Step[]): PhaseDurations {
	const generation = steps.filter((step) => step.name === 'llm_generation');
	const generationStart = Math.min(Infinity, ...generation.map((step) => step.start_ms));
	const before = steps
		.filter(
			({ name, start_ms }) => name !== 'queue' && name !== 'llm_generation' && start_ms < generationStart
		)
		.map(({ name, start_ms, duration_ms }) => ({
			name,
			start_ms,
			duration_ms: Math.min(duration_ms, generationStart - start_ms)
		}));
	const retrieval = before.filter(({ name }) => name !== 'query_rewriting');
	const found = unionLength(retrieval);
	return {
		rewriting_ms: retrieval.length < before.length ? round(unionLength(before) - found) : null,
		retrieval_ms: retrieval.length ? round(found) : null,
		generation_ms: generation.length ? round(unionLength(generation)) : null
	};
}
