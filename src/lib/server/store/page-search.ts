import type { StatementSync } from 'node:sqlite';
import type { TraceListRequest } from '#lib/contract/trace.ts';
import { Breather } from '#lib/server/breather.ts';
import type { Place } from './list-query.ts';
import { byDuration, byQuestion, byTime } from './page-searches.ts';

type Prepare = (sql: string) => StatementSync;

/** A search that nears its end gets so many times the time of the others. */
const NEAR_END = 4;

/**
 * Looks for a page whose filters no single index serves. Which way is short depends on what is stored: through all traces in
 * the order of the list when many fit, over the index of questions or of durations when few do. So all are gone at once,
 * a step at a time for the one that has had the least time, and the first to arrive has the page.
 * @returns numbers of the traces of the page.
 */
export async function searchPage(
	prepare: Prepare,
	request: TraceListRequest,
	from: Place
): Promise<number[]> {
	const searches = [byTime(prepare, request, from)];
	if (request.min_ms !== undefined) searches.push(byDuration(prepare, request, request.min_ms, from));
	if (request.q) searches.push(byQuestion(prepare, request, request.q.toLowerCase(), from));
	const runners = searches.map((search) => ({ search, spent: 0 }));
	const breather = new Breather();
	for (;;) {
		const runner = runners.reduce((least, each) => (each.spent < least.spent ? each : least));
		const started = performance.now();
		const step = runner.search.next();
		const took = performance.now() - started;
		runner.spent += step.value === true ? took / NEAR_END : took;
		if (step.done) {
			if (step.value) return step.value.map(({ trace_number }) => trace_number);
			runners.splice(runners.indexOf(runner), 1);
		}
		await breather.breathe();
	}
}
