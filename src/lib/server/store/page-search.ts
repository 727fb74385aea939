import type { SQLInputValue, StatementSync } from 'node:sqlite';
import type { TraceListRequest } from '#lib/contract/trace.ts';
import { Breather } from '#lib/server/breather.ts';
import { after, allOf, byPlace, indexOf, placeOf, searched, selected, type Place } from './list-query.ts';
import { matchingQuestions } from './question-index.ts';

type Prepare = (sql: string) => StatementSync;
/** Looks for a page in short steps; null when it has given up. */
type Search = Generator<undefined, readonly Place[] | null>;

/** Rows looked at in a step, at first and at most: a thousand take about a millisecond. */
const FIRST_STEP = 1000;
const LONGEST_STEP = 3000;
/** Traces that the index of questions may name for it to be worth looking at each; of more than these, the newest are found by time. */
const MOST_MATCHES = 4000;

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
		runner.spent += performance.now() - started;
		if (step.done) {
			if (step.value) return step.value.map(({ trace_number }) => trace_number);
			runners.splice(runners.indexOf(runner), 1);
		}
		await breather.breathe();
	}
}

/** In the order of the list, until the page is full. */
function* byTime(prepare: Prepare, request: TraceListRequest, from: Place): Search {
	const found: Place[] = [];
	const traces = `traces INDEXED BY ${indexOf(request)}`;
	const order = 'ORDER BY timestamp DESC, trace_number DESC';
	for (let start = from, rows = FIRST_STEP; ; rows = Math.min(2 * rows, LONGEST_STEP)) {
		const within = allOf([after(start), ...selected(request)]);
		const last = prepare(
			`SELECT timestamp, trace_number FROM ${traces} WHERE ${within.sql} ${order} LIMIT 1 OFFSET ?`
		).get(...within.values, rows - 1);
		const end: Place = last ? placeOf(last) : { timestamp: Number.MIN_SAFE_INTEGER, trace_number: 0 };
		const fitting = allOf([within, ...searched(request)]);
		const hits = prepare(
			`SELECT timestamp, trace_number FROM ${traces} WHERE ${fitting.sql}
			AND timestamp >= ? AND (timestamp > ? OR trace_number >= ?) ${order} LIMIT ?`
		).all(...fitting.values, end.timestamp, end.timestamp, end.trace_number, request.limit - found.length);
		found.push(...hits.map(placeOf));
		if (!last || found.length === request.limit) return found;
		start = end;
		yield;
	}
}

/** All that took long enough, the newest of them. */
function* byDuration(prepare: Prepare, request: TraceListRequest, least: number, from: Place): Search {
	const newest = new Newest(request.limit);
	const fits = allOf([after(from), ...selected(request), ...searched(request)]);
	const traces = 'traces INDEXED BY traces_by_duration';
	const order = 'total_duration_ms, timestamp, trace_number';
	let start: SQLInputValue[] = [least, Number.MIN_SAFE_INTEGER, 0];
	for (let rows = FIRST_STEP; ; rows = Math.min(2 * rows, LONGEST_STEP)) {
		const last = prepare(
			`SELECT ${order} FROM ${traces} WHERE total_duration_ms >= ? AND (${order}) > (?, ?, ?)
			ORDER BY ${order} LIMIT 1 OFFSET ?`
		).get(least, ...start, rows - 1);
		const end = last && [Number(last.total_duration_ms), Number(last.timestamp), Number(last.trace_number)];
		const hits = prepare(
			`SELECT timestamp, trace_number FROM ${traces} WHERE total_duration_ms >= ? AND (${order}) > (?, ?, ?)
			AND total_duration_ms <= ? AND (${order}) <= (?, ?, ?) AND ${fits.sql}`
		).all(least, ...start, ...(end ? [end[0]!, ...end] : Array(4).fill(Number.MAX_VALUE)), ...fits.values);
		newest.add(hits.map(placeOf));
		if (!end) return newest.places();
		start = end;
		yield;
	}
}

/** All whose question has the rarest of the letter triples, when they are few, and those that are not in the index yet. */
function* byQuestion(prepare: Prepare, request: TraceListRequest, q: string, from: Place): Search {
	const matches = matchingQuestions(prepare, q, MOST_MATCHES);
	if (!matches) return null;
	yield;
	const newest = new Newest(request.limit);
	const fits = allOf([after(from), ...selected(request), ...searched(request)]);
	for (let at = 0; at < matches.traceNumbers.length; at += FIRST_STEP) {
		const some = matches.traceNumbers.slice(at, at + FIRST_STEP);
		const hits = prepare(
			`SELECT timestamp, trace_number FROM json_each(?) AS hit CROSS JOIN traces ON trace_number = hit.value
			WHERE ${fits.sql}`
		).all(JSON.stringify(some), ...fits.values);
		newest.add(hits.map(placeOf));
		yield;
	}
	for (let last = matches.indexedTo; ;) {
		const rows = prepare(
			`SELECT timestamp, trace_number, ${fits.sql} AS fits FROM traces
			WHERE trace_number > ? ORDER BY trace_number LIMIT ?`
		).all(...fits.values, last, FIRST_STEP);
		newest.add(rows.filter((row) => row.fits === 1).map(placeOf));
		const end = rows.at(-1);
		if (!end || rows.length < FIRST_STEP) return newest.places();
		last = Number(end.trace_number);
		yield;
	}
}

/** The newest of the places added. */
class Newest {
	readonly #limit: number;
	#places: Place[] = [];

	constructor(limit: number) {
		this.#limit = limit;
	}

	add(places: readonly Place[]): void {
		this.#places = [...this.#places, ...places].sort(byPlace).slice(0, this.#limit);
	}

	places(): readonly Place[] {
		return this.#places;
	}
}
