import { setImmediate } from 'node:timers/promises';
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import type { StatsRequest } from '#lib/contract/stats.ts';
import type { StepMetrics, TraceMetrics } from './metrics.ts';
import { windowBounds } from './series.ts';

/** Traces read before the event loop gets a turn: a few milliseconds' worth. */
const PAGE = 400;

const METRICS_COLUMNS = `
	timestamp, library_filter, status, total_duration_ms, rewriting_ms, retrieval_ms, generation_ms,
	time_to_first_token_ms, prompt_tokens, completion_tokens, cost_usd, model, evidence, refused_by,
	sentences_quoted, sentences_supported, sentences_weak, sentences_none, rating`;

/**
 * Reads the metrics that a statistics request selects, page by page in the order of time, so that however many there are
 * nothing else waits for long. Each trace is seen once, with its steps as they are at that moment.
 */
export async function readMetrics(
	prepare: (sql: string) => StatementSync,
	{ window, library }: StatsRequest,
	now: Date
): Promise<{ traces: TraceMetrics[]; steps: LibraryStep[] }> {
	return readBetween(prepare, windowBounds(window, now.getTime()), library);
}

/** A step with the library that its question was about. */
export type LibraryStep = StepMetrics & Pick<TraceMetrics, 'library_filter'>;

/** The same for the traces of a stretch of time, both ends included, in milliseconds since the epoch. */
export async function readBetween(
	prepare: (sql: string) => StatementSync,
	bounds: { from: number; to: number },
	library: string | undefined
): Promise<{ traces: TraceMetrics[]; steps: LibraryStep[] }> {
	const to = Number.isFinite(bounds.to) ? bounds.to : Number.MAX_SAFE_INTEGER;
	const ofLibrary = library === undefined ? '' : 'AND library_filter IS ?';
	const filter: SQLInputValue[] = library === undefined ? [] : [library === 'null' ? null : library];
	const pageOfTraces = prepare(
		`SELECT trace_number, ${METRICS_COLUMNS} FROM traces
		WHERE (timestamp, trace_number) > (?, ?) AND timestamp <= ? ${ofLibrary}
		ORDER BY timestamp, trace_number LIMIT ${PAGE}`
	);
	const stepsOfPage = prepare(
		`SELECT name, duration_ms, library_filter FROM traces CROSS JOIN trace_steps USING (trace_number)
		WHERE timestamp BETWEEN ? AND ? AND (timestamp, trace_number) > (?, ?) AND (timestamp, trace_number) <= (?, ?)
		${ofLibrary}`
	);
	const traces: TraceMetrics[] = [];
	const steps: LibraryStep[] = [];
	let after: [number, number] = [
		Number.isFinite(bounds.from) ? bounds.from - 1 : -1,
		Number.MAX_SAFE_INTEGER
	];
	for (;;) {
		const page = pageOfTraces.all(...after, to, ...filter);
		const last = page.at(-1);
		if (!last) return { traces, steps };
		const until: [number, number] = [Number(last.timestamp), Number(last.trace_number)];
		for (const row of page) traces.push(row as unknown as TraceMetrics);
		for (const row of stepsOfPage.all(after[0], until[0], ...after, ...until, ...filter)) {
			steps.push(row as unknown as LibraryStep);
		}
		if (page.length < PAGE) return { traces, steps };
		after = until;
		await setImmediate();
	}
}
