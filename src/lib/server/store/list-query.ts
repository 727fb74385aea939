import type { SQLInputValue } from 'node:sqlite';
import type { TraceListRequest } from '#lib/contract/trace.ts';
import { SUMMARY_COLUMNS, type Row } from './trace-row.ts';

/** A statement, or a part of one, and what to bind to it. */
export interface Query {
	sql: string;
	values: SQLInputValue[];
}

/** A place in the list: what comes after it is older, or of the same moment and inserted earlier. */
export interface Place {
	timestamp: number;
	trace_number: number;
}

/** The place before all traces. */
export const NEWEST: Place = {
	timestamp: Number.MAX_SAFE_INTEGER,
	trace_number: Number.MAX_SAFE_INTEGER
};

/** The place of a row that has the columns of one. */
export function placeOf(row: Row): Place {
	return { timestamp: Number(row.timestamp), trace_number: Number(row.trace_number) };
}

/** Newest first. */
export function byPlace(a: Place, b: Place): number {
	return b.timestamp - a.timestamp || b.trace_number - a.trace_number;
}

/** Conditions that an index in the order of the list serves. */
export function selected({ library, status, evidence }: TraceListRequest): Query[] {
	const conditions: Query[] = [];
	if (library !== undefined) {
		conditions.push({ sql: 'library_filter IS ?', values: [library === 'null' ? null : library] });
	}
	if (status !== undefined) conditions.push({ sql: 'status = ?', values: [status] });
	else if (evidence !== undefined) conditions.push({ sql: 'evidence = ?', values: [evidence] });
	return conditions;
}

/** The index that serves them; SQLite's own choice may be a worse one, because it does not know how many rows there are. */
export function indexOf({ library, status, evidence }: TraceListRequest): string {
	if (status === undefined && evidence !== undefined)
		return library === undefined ? 'traces_by_evidence' : 'traces_by_library_evidence';
	if (library === undefined) return status === undefined ? 'traces_by_time' : 'traces_by_status';
	return status === undefined ? 'traces_by_library' : 'traces_by_library_status';
}

/** Conditions for which rows must be looked at; the plus keeps SQLite from another index than that of the order. */
export function searched({ q, min_ms, status, evidence }: TraceListRequest): Query[] {
	const conditions: Query[] = [];
	// Folded by us: SQLite's LIKE ignores the case of ASCII letters only, and has wildcards to escape.
	if (q) conditions.push({ sql: 'instr(question_folded, ?) > 0', values: [q.toLowerCase()] });
	if (status !== undefined && evidence !== undefined)
		conditions.push({ sql: '+evidence = ?', values: [evidence] });
	if (min_ms !== undefined) conditions.push({ sql: '+total_duration_ms >= ?', values: [min_ms] });
	return conditions;
}

/** The traces after a place in the list. */
export function after({ timestamp, trace_number }: Place): Query {
	return { sql: '(timestamp, trace_number) < (?, ?)', values: [timestamp, trace_number] };
}

/** All of some conditions. */
export function allOf(conditions: readonly Query[]): Query {
	return {
		sql: conditions.map(({ sql }) => sql).join(' AND ') || 'TRUE',
		values: conditions.flatMap(({ values }) => values)
	};
}

/** The query of a page of the list that an index serves. */
export function listQuery(request: TraceListRequest, from: Place): Query {
	const { sql, values } = allOf([after(from), ...selected(request), ...searched(request)]);
	return {
		sql: `SELECT ${SUMMARY_COLUMNS} FROM traces INDEXED BY ${indexOf(request)}
			JOIN trace_contents USING (trace_number) WHERE ${sql} ORDER BY timestamp DESC, trace_number DESC LIMIT ?`,
		values: [...values, request.limit]
	};
}

/** The query of a page whose traces are known; one that has meanwhile changed and no longer fits is left out. */
export function pageQuery(request: TraceListRequest, traceNumbers: readonly number[]): Query {
	const { sql, values } = allOf([...selected(request), ...searched(request)]);
	return {
		sql: `SELECT ${SUMMARY_COLUMNS} FROM json_each(?) AS hit CROSS JOIN traces ON trace_number = hit.value
			JOIN trace_contents USING (trace_number) WHERE ${sql} ORDER BY timestamp DESC, trace_number DESC`,
		values: [JSON.stringify(traceNumbers), ...values]
	};
}
