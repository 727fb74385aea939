import type { SeriesPoint } from '#lib/contract/stats.ts';
import { formatTick } from '#lib/ui/format/index.ts';
import { PHASES, type Phase } from '#lib/ui/trace/phase.ts';

/** A bucket of the time line with its start as a date, which is what a time scale takes. */
export type TimePoint = Omit<SeriesPoint, 'start'> & { start: Date };

export function timePoints(series: readonly SeriesPoint[]): TimePoint[] {
	return series.map((point) => ({ ...point, start: new Date(point.start) }));
}

/** Width of the buckets in milliseconds; a single bucket is taken to be as wide as `fallback_ms`. */
export function bucketWidth(points: readonly Pick<TimePoint, 'start'>[], fallback_ms = 60_000): number {
	const [first, second] = points;
	return first && second ? second.start.getTime() - first.start.getTime() : fallback_ms;
}

/** Where the time line starts and ends: the end of the last bucket, not its start. */
export function timeExtent(points: readonly Pick<TimePoint, 'start'>[]): [Date, Date] {
	const first = points.at(0)?.start ?? new Date(0);
	const last = points.at(-1)?.start ?? new Date(0);
	return [first, new Date(last.getTime() + bucketWidth(points))];
}

/** Part of the time axis at its start where a label would run into those of the other axis. */
const CORNER = 0.05;

/** What stands at a tick of a time axis; empty where there is no room. */
export function tickLabel(moment: Date, [start, end]: readonly [Date, Date]): string {
	const span_ms = end.getTime() - start.getTime();
	const isInCorner = moment.getTime() - start.getTime() < CORNER * span_ms;
	return isInCorner ? '' : formatTick(moment, span_ms);
}

/**
 * The points that a line cannot show: those with a value and no neighbour that has one. They are drawn as dots, so
 * that a quiet hour with one question is not invisible.
 */
export function lonePoints<T>(points: readonly T[], value: (point: T) => number | null): T[] {
	return points.filter((point, index) => {
		const has = (at: number) => {
			const neighbour = points[at];
			return neighbour !== undefined && value(neighbour) !== null;
		};
		return value(point) !== null && !has(index - 1) && !has(index + 1);
	});
}

/** The average of each phase in a bucket, in milliseconds; null where there is no data. */
export function phaseAverages(point: TimePoint): Record<Phase, number | null> {
	return {
		rewriting: point.avg_rewriting_ms,
		retrieval: point.avg_retrieval_ms,
		generation: point.avg_generation_ms,
		other: point.avg_other_ms
	};
}

/** The phases of a time line: rewriting is one only where there were follow-ups. */
export function phasesOf(points: readonly TimePoint[]): readonly Phase[] {
	const isRewritten = points.some((point) => point.avg_rewriting_ms !== null);
	return isRewritten ? PHASES : PHASES.filter((phase) => phase !== 'rewriting');
}

/** The parts of an average answer in a bucket, stacked from 0; empty when the bucket has no data. */
export function stackPhases(point: TimePoint): { phase: Phase; from: number; to: number }[] {
	const averages = phaseAverages(point);
	const stack: { phase: Phase; from: number; to: number }[] = [];
	let from = 0;
	for (const phase of PHASES) {
		const average = averages[phase];
		if (average === null) continue;
		stack.push({ phase, from, to: from + average });
		from += average;
	}
	return stack;
}
