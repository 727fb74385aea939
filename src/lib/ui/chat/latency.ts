import type { Step, Trace } from '#lib/contract/trace.ts';
import { phaseOf, type Phase } from '#lib/ui/trace/phase.ts';

export interface LatencyPart {
	label: string;
	duration_ms: number;
}

/** Where the time of an answer went, by the phases of the dashboard, in the order of the run; what did not run is left out. */
export function latencyParts({ steps }: Pick<Trace, 'steps'>): LatencyPart[] {
	const of = (...phases: Phase[]) => steps.filter(({ name }) => phases.includes(phaseOf(name)));
	const waiting = steps.filter(({ name }) => name === 'queue');
	const retrieval = covered(of('retrieval'));
	const parts: [label: string, steps: Step[], duration_ms: number][] = [
		['waiting', waiting, covered(waiting)],
		// What both do at the same time is retrieval.
		['rewriting', of('rewriting'), covered(of('rewriting', 'retrieval')) - retrieval],
		['retrieval', of('retrieval'), retrieval],
		['generation', of('generation'), covered(of('generation'))]
	];
	return parts
		.filter(([, steps]) => steps.some(({ status }) => status !== 'skipped'))
		.map(([label, , duration_ms]) => ({ label, duration_ms }));
}

/** Length of the union of the steps' intervals: searches that ran at the same time count once. */
function covered(steps: readonly Step[]): number {
	let total = 0;
	let end = 0;
	for (const { start_ms, duration_ms } of steps.toSorted((a, b) => a.start_ms - b.start_ms)) {
		total += Math.max(0, start_ms + duration_ms - Math.max(end, start_ms));
		end = Math.max(end, start_ms + duration_ms);
	}
	return total;
}
