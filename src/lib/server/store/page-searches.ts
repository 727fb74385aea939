import type { SQLInputValue, StatementSync } from 'node:sqlite';
import type { TraceListRequest } from '#lib/contract/trace.ts';
import {
	after,
	allOf,
	byPlace,
	indexOf,
	placeOf,
	searched,
	selected,
	type Place,
	type Query
} from './list-query.ts';
import { frequentMatches, matchingQuestions } from './question-index.ts';

type Prepare = (sql: string) => StatementSync;
/** Looks for a page in short steps, and says after each whether it knows that few are left; null when it has given up. */
export type Search = Generator<boolean, readonly Place[] | null>;

/** Rows looked at in a step, at first and at most: a thousand take about a millisecond. */
const FIRST_STEP = 1000;
const LONGEST_STEP = 3000;
/** Traces that took long enough which are put into the order of the list before any of them is looked at. */
const MOST_SORTED = 20_000;
/** Traces that the index of questions may name for it to be worth looking at each; of more than these, the newest are found by time. */
const MOST_MATCHES = 4000;

/** In the order of the list, until the page is full. */
export function* byTime(prepare: Prepare, request: TraceListRequest, from: Place): Search {
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
		yield false;
	}
}

/** All that took long enough: their places are in the index, so only the newest of them are looked at until the page is full. */
export function* byDuration(prepare: Prepare, request: TraceListRequest, least: number, from: Place): Search {
	const newest = new Newest(request.limit);
	const fits = allOf([...selected(request), ...searched(request)]);
	const traces = 'traces INDEXED BY traces_by_duration';
	const order = 'total_duration_ms, timestamp, trace_number';
	const within = after(from);
	let start: SQLInputValue[] = [least, Number.MIN_SAFE_INTEGER, 0];
	let places: Place[] = [];
	for (let isEnd = false; !isEnd;) {
		const last = prepare(
			`SELECT ${order} FROM ${traces} WHERE total_duration_ms >= ? AND (${order}) > (?, ?, ?)
			ORDER BY ${order} LIMIT 1 OFFSET ?`
		).get(least, ...start, LONGEST_STEP - 1);
		const end = last && [Number(last.total_duration_ms), Number(last.timestamp), Number(last.trace_number)];
		const rows = prepare(
			`SELECT timestamp, trace_number FROM ${traces} WHERE total_duration_ms >= ? AND (${order}) > (?, ?, ?)
			AND total_duration_ms <= ? AND (${order}) <= (?, ?, ?) AND ${within.sql}`
		).all(least, ...start, ...(end ? [end[0]!, ...end] : Array(4).fill(Number.MAX_VALUE)), ...within.values);
		places = places.concat(rows.map(placeOf));
		isEnd = !end;
		start = end ?? start;
		yield isEnd;
		if (!isEnd && places.length < MOST_SORTED) continue;
		places.sort(byPlace);
		for (let at = 0; at < places.length && !newest.isFullAt(places[at]!); at += FIRST_STEP) {
			newest.add(fitting(prepare, places.slice(at, at + FIRST_STEP).map(numberOf), fits));
			yield isEnd;
		}
		places = [];
	}
	return newest.places();
}

/**
 * All whose question has the rarest of the letter triples, when they are few, and those that are not in the index yet. When they are many,
 * the last inserted first, until none that is left can be newer.
 */
export function* byQuestion(prepare: Prepare, request: TraceListRequest, q: string, from: Place): Search {
	const few = matchingQuestions(prepare, q, MOST_MATCHES);
	yield false;
	const many = few ? null : frequentMatches(prepare, q, from.timestamp, MOST_MATCHES);
	const matches = few ?? many;
	if (!matches) return null;
	const newest = new Newest(request.limit);
	const fits = allOf([after(from), ...selected(request), ...searched(request)]);
	for (let at = 0; at < matches.traceNumbers.length; at += FIRST_STEP) {
		newest.add(fitting(prepare, matches.traceNumbers.slice(at, at + FIRST_STEP), fits));
		yield !many;
	}
	for (let last = matches.indexedTo; ;) {
		const rows = prepare(
			`SELECT timestamp, trace_number, ${fits.sql} AS fits FROM traces
			WHERE trace_number > ? ORDER BY trace_number LIMIT ?`
		).all(...fits.values, last, FIRST_STEP);
		newest.add(rows.filter((row) => row.fits === 1).map(placeOf));
		const end = rows.at(-1);
		if (!end || rows.length < FIRST_STEP) break;
		last = Number(end.trace_number);
		yield false;
	}
	const seen = new Set(matches.traceNumbers);
	for (let below = matches.indexedTo + 1; many;) {
		const numbers = many.below(below, FIRST_STEP);
		const unseen = numbers.filter((number) => !seen.has(number));
		newest.add(fitting(prepare, unseen, fits));
		const lowest = numbers.at(-1);
		if (lowest === undefined || numbers.length < FIRST_STEP) break;
		const bound = newerThanAllBelow(prepare, numbers);
		if (bound && newest.isFullAt(bound)) break;
		below = lowest;
		yield false;
	}
	return newest.places();
}

/** The places of those among some traces that fit. */
function fitting(prepare: Prepare, traceNumbers: readonly number[], fits: Query): Place[] {
	return prepare(
		`SELECT timestamp, trace_number FROM json_each(?) AS hit CROSS JOIN traces ON trace_number = hit.value
		WHERE ${fits.sql}`
	)
		.all(JSON.stringify(traceNumbers), ...fits.values)
		.map(placeOf);
}

const numberOf = ({ trace_number }: Place) => trace_number;

/** The place of the trace with the lowest number among some that is newer than all with lower ones; null when none is. */
function newerThanAllBelow(prepare: Prepare, traceNumbers: readonly number[]): Place | null {
	const row = prepare(
		`SELECT timestamp, trace_number FROM json_each(?) AS hit CROSS JOIN traces ON trace_number = hit.value
		WHERE trace_number NOT IN late_traces ORDER BY trace_number LIMIT 1`
	).get(JSON.stringify(traceNumbers));
	return row ? placeOf(row) : null;
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

	/** Whether a trace older than one at a place cannot be among them any more. */
	isFullAt(place: Place): boolean {
		const last = this.#places[this.#limit - 1];
		return last !== undefined && byPlace(last, place) <= 0;
	}

	places(): readonly Place[] {
		return this.#places;
	}
}
