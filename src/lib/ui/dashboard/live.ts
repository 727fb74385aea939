import type { TraceSummary } from '#lib/contract/trace.ts';
import { OVER_ALL } from './libraries.ts';
import type { DashboardView } from './view.ts';

/** Whether the table shows a trace, by the same rules as the server's list. */
export function matchesView(trace: TraceSummary, view: DashboardView): boolean {
	const { library, status, evidence, q, min_ms } = view;
	if (library !== undefined && (trace.library_filter ?? OVER_ALL) !== library) return false;
	if (status !== undefined && trace.status !== status) return false;
	if (evidence !== undefined && trace.evidence !== evidence) return false;
	if (q !== undefined && !trace.question.toLowerCase().includes(q.toLowerCase())) return false;
	if (min_ms !== undefined && !((trace.total_duration_ms ?? -1) >= min_ms)) return false;
	return true;
}

/**
 * The list after a trace has been accepted or has ended: it takes its place, changes where it stands, or goes when it
 * no longer matches. A page of older traces only changes what it already shows.
 *
 * @param rows newest first.
 * @param most rows that are kept.
 */
export function mergeTrace(
	rows: readonly TraceSummary[],
	trace: TraceSummary,
	view: DashboardView,
	most: number
): TraceSummary[] {
	const at = rows.findIndex((row) => row.trace_id === trace.trace_id);
	if (!matchesView(trace, view)) return rows.filter((_, index) => index !== at);
	if (at >= 0) {
		// News may arrive out of order: an ended trace does not start again.
		if (trace.status === 'pending') return [...rows];
		return rows.with(at, trace);
	}
	if (view.before !== undefined) return [...rows];
	const later = rows.findIndex((row) => row.timestamp <= trace.timestamp);
	return rows.toSpliced(later < 0 ? rows.length : later, 0, trace).slice(0, most);
}

/**
 * What to show while somebody is pointing at the table: the same rows in the same places, as they are now. What is new
 * waits.
 */
export function holdRows(shown: readonly TraceSummary[], latest: readonly TraceSummary[]): TraceSummary[] {
	const current = new Map(latest.map((trace) => [trace.trace_id, trace]));
	return shown.map((trace) => current.get(trace.trace_id) ?? trace);
}

/** How many traces of the latest list are newer than everything that is shown. */
export function waitingCount(shown: readonly TraceSummary[], latest: readonly TraceSummary[]): number {
	const known = new Set(shown.map((trace) => trace.trace_id));
	const first = latest.findIndex((trace) => known.has(trace.trace_id));
	return first < 0 ? 0 : first;
}
