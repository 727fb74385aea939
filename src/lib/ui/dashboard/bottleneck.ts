import type { Stats } from '#lib/contract/stats.ts';
import { FINISHED_STATUSES, stepNameSchema } from '#lib/contract/trace.ts';
import { formatDuration, formatShare } from '#lib/ui/format/index.ts';
import { PHASES, PHASE_LABELS, phaseOf, type Phase } from '#lib/ui/trace/phase.ts';

/** The part of an average answer that a phase takes. */
export interface PhaseShare {
	phase: Phase;
	average_ms: number;
	/** Of the average answer, 0 to 1; the shares add up to 1. */
	share: number;
}

/** Where the time of an average answer goes. */
export interface Bottleneck {
	/** The phase that takes most of it. */
	phase: Phase;
	/** The average answer. */
	average_ms: number;
	/** Rewriting only where there were follow-ups. */
	shares: PhaseShare[];
	sentence: string;
}

type Figures = Pick<
	Stats,
	| 'avg_latency_ms'
	| 'avg_rewriting_ms'
	| 'avg_retrieval_ms'
	| 'avg_generation_ms'
	| 'bottleneck'
	| 'statuses'
	| 'steps'
>;

/**
 * Says what answers wait for; null when nothing has been answered.
 *
 * The averages of `/stats` are each over the answers that had the phase: a refused question, for which no model was
 * asked, does not lower the average generation. So they do not add up to the average answer until each is weighted by
 * the part of the answers that had its phase, which is what this does.
 */
export function describeBottleneck(stats: Figures): Bottleneck | null {
	const { avg_latency_ms: average_ms, bottleneck: phase } = stats;
	if (average_ms === null || average_ms === 0 || phase === null) return null;
	const answers = FINISHED_STATUSES.reduce((sum, status) => sum + (stats.statuses[status] ?? 0), 0);
	const weighted = (average: number | null, phase: Phase) =>
		average === null || answers === 0 ? 0 : (average * runsOf(phase, stats, answers)) / answers;
	const rewriting = weighted(stats.avg_rewriting_ms, 'rewriting');
	const retrieval = weighted(stats.avg_retrieval_ms, 'retrieval');
	const generation = weighted(stats.avg_generation_ms, 'generation');
	const other = Math.max(0, average_ms - rewriting - retrieval - generation);
	const averages: Record<Phase, number> = { rewriting, retrieval, generation, other };
	const whole = rewriting + retrieval + generation + other;
	const phases = PHASES.filter((phase) => phase !== 'rewriting' || stats.avg_rewriting_ms !== null);
	const shares = phases.map((phase) => ({
		phase,
		average_ms: averages[phase],
		share: averages[phase] / whole
	}));
	return { phase, average_ms, shares, sentence: sentence(phase, averages[phase], average_ms) };
}

/** In how many of the finished answers the phase ran: as many as its most frequent step did. */
function runsOf(phase: Phase, { steps }: Figures, answers: number): number {
	const counts = stepNameSchema.options
		.filter((name) => phaseOf(name) === phase)
		.map((name) => steps[name]?.count ?? 0);
	return Math.min(answers, Math.max(...counts));
}

function sentence(phase: Phase, part_ms: number, average_ms: number): string {
	const subject =
		phase === 'other'
			? 'Time outside rewriting, retrieval and generation makes up'
			: `${PHASE_LABELS[phase]} takes`;
	const figures = `${formatDuration(part_ms)} of ${formatDuration(average_ms)}`;
	return `${subject} ${formatShare(part_ms / average_ms)} of an average answer: ${figures}.`;
}
