import { createHash } from 'node:crypto';
import type { SQLOutputValue } from 'node:sqlite';
import type { Source } from '#lib/contract/chunk.ts';
import type { Trace, TraceSummary } from '#lib/contract/trace.ts';
import { metricsOf } from './metrics.ts';
import { tokenLengthsOf } from './stored.ts';

/** A row as SQLite gives it. */
export type Row = Record<string, SQLOutputValue>;

/** Columns of `traces` that the end of a run fills in. */
export function outcomeColumns(trace: Trace) {
	const { timestamp: _timestamp, library_filter: _library, rating: _rating, ...metrics } = metricsOf(trace);
	return {
		...metrics,
		unaccounted_ms: trace.unaccounted_ms,
		total_tokens: trace.usage.total_tokens,
		usage_source: trace.usage.source
	};
}

/** What is kept of a subject: enough to find their traces by, and not their name. SHA-256. */
export function hashOfSubject(subject: string): Uint8Array {
	return createHash('sha256').update(subject).digest();
}

/** Columns of `traces` that are known at acceptance and never change. */
export function acceptanceColumns(trace: Trace) {
	return {
		trace_id: trace.trace_id,
		timestamp: Date.parse(trace.timestamp),
		library_filter: trace.library_filter,
		route: trace.route,
		conversation_id: trace.conversation_id,
		question_folded: trace.question.toLowerCase()
	};
}

/** Columns of `trace_contents` that the end of a run fills in. */
export function contentColumns(trace: Trace, tokenLengths: readonly number[] | null) {
	return {
		error: trace.error && JSON.stringify(trace.error),
		answer: trace.answer,
		citations: JSON.stringify(trace.citations),
		steps: JSON.stringify(trace.steps),
		sources: JSON.stringify(trace.sources),
		standalone_question: trace.standalone_question,
		token_lengths: tokenLengths && JSON.stringify(tokenLengths),
		prompt: JSON.stringify(trace.prompt),
		support: JSON.stringify(trace.support),
		candidates: JSON.stringify(trace.candidates)
	};
}

/** Columns that `summaryFrom` reads. */
export const SUMMARY_COLUMNS = `
	trace_id, timestamp, question, library_filter, route, conversation_id, steps, total_duration_ms, unaccounted_ms,
	time_to_first_token_ms, status, error, model, answer, sources, citations, evidence, refused_by, prompt_tokens,
	completion_tokens, total_tokens, usage_source, cost_usd, rating, feedback_comment`;

/** Columns that `traceFrom` reads. */
export const TRACE_COLUMNS = `${SUMMARY_COLUMNS}, standalone_question, prompt, support, candidates`;

/** What the list shows, from a row with `SUMMARY_COLUMNS`. */
export function summaryFrom(row: Row): TraceSummary {
	return {
		trace_id: String(row.trace_id),
		timestamp: new Date(Number(row.timestamp)).toISOString(),
		question: String(row.question),
		library_filter: row.library_filter as string | null,
		route: row.route as TraceSummary['route'],
		conversation_id: row.conversation_id as string | null,
		steps: json(row.steps),
		total_duration_ms: row.total_duration_ms as number | null,
		unaccounted_ms: row.unaccounted_ms as number | null,
		time_to_first_token_ms: row.time_to_first_token_ms as number | null,
		status: row.status as TraceSummary['status'],
		error: json(row.error),
		model: row.model as string | null,
		answer: row.answer as string | null,
		sources: json<StoredSource[]>(row.sources).map(toSource),
		citations: json(row.citations),
		evidence: row.evidence as TraceSummary['evidence'],
		refused_by: row.refused_by as TraceSummary['refused_by'],
		usage: {
			prompt_tokens: row.prompt_tokens as number | null,
			completion_tokens: row.completion_tokens as number | null,
			total_tokens: row.total_tokens as number | null,
			source: row.usage_source as TraceSummary['usage']['source']
		},
		cost_usd: row.cost_usd as number | null,
		feedback:
			row.rating === null
				? null
				: {
						rating: row.rating as NonNullable<TraceSummary['feedback']>['rating'],
						comment: row.feedback_comment as string | null
					}
	};
}

/** The whole trace, from a row with `TRACE_COLUMNS`. */
export function traceFrom(row: Row): Trace {
	return {
		...summaryFrom(row),
		standalone_question: row.standalone_question as string | null,
		prompt: json(row.prompt),
		support: json<Trace['support'] | null>(row.support) ?? [],
		candidates: json(row.candidates)
	};
}

/** Token lengths, from a row with `answer` and `token_lengths`. */
export function tokenLengthsFrom(row: Row): number[] {
	return tokenLengthsOf(row.answer as string | null, json<number[] | null>(row.token_lengths));
}

/** A source as it was stored; before sources could be of several passages, its only one had no list. */
type StoredSource = Omit<Source, 'chunk_ids'> & Partial<Pick<Source, 'chunk_ids'>>;

function toSource(stored: StoredSource): Source {
	return { ...stored, chunk_ids: stored.chunk_ids ?? [stored.chunk_id] };
}

function json<T>(column: SQLOutputValue | undefined): T {
	return JSON.parse(typeof column === 'string' ? column : 'null') as T;
}
