import type { SQLInputValue } from 'node:sqlite';
import type { TraceListRequest } from '#lib/contract/trace.ts';
import { SUMMARY_COLUMNS, type Row } from './trace-row.ts';

/** A statement and what to bind to it. */
export interface Query {
	sql: string;
	values: SQLInputValue[];
}

/**
 * The query of a page of the list.
 * @param cursor timestamp and number of the trace that the page starts after; null for the first page.
 */
export function listQuery(
	{ limit, library, status, q, min_ms }: TraceListRequest,
	cursor: Row | null
): Query {
	const conditions: string[] = [];
	const values: SQLInputValue[] = [];
	const add = (condition: string, ...bound: SQLInputValue[]) => {
		conditions.push(condition);
		values.push(...bound);
	};
	if (cursor) {
		add('(timestamp, trace_number) < (?, ?)', Number(cursor.timestamp), Number(cursor.trace_number));
	}
	if (library !== undefined) add('library_filter IS ?', library === 'null' ? null : library);
	if (status !== undefined) add('status = ?', status);
	// Folded by us: SQLite's LIKE ignores the case of ASCII letters only, and has wildcards to escape.
	if (q !== undefined) add('instr(question_folded, ?) > 0', q.toLowerCase());
	if (min_ms !== undefined) add('total_duration_ms >= ?', min_ms);
	const sql = `SELECT ${SUMMARY_COLUMNS} FROM traces JOIN trace_contents USING (trace_number)
		${conditions.length ? `WHERE ${conditions.join(' AND ')}` : ''}
		ORDER BY timestamp DESC, trace_number DESC LIMIT ?`;
	return { sql, values: [...values, limit] };
}
