import type { SQLInputValue } from 'node:sqlite';
import type { Source } from '#lib/contract/chunk.ts';
import type { FeedbackInput, Trace } from '#lib/contract/trace.ts';
import { stepMetricsOf } from './metrics.ts';
import type { OwnerLock } from './owner-lock.ts';
import type { StoreConnection } from './store-connection.ts';
import * as rows from './trace-row.ts';
import { INTERRUPTED_ERROR, type StoredRun } from './trace-store.ts';

/** Writes the rows of traces; each function throws AppError `storage_failed`. */
export class TraceWriter {
	readonly #connection: StoreConnection;
	readonly #owner: OwnerLock;

	/** @param owner the process that pending traces belong to. */
	constructor(connection: StoreConnection, owner: OwnerLock) {
		this.#connection = connection;
		this.#owner = owner;
	}

	/** Inserts a trace as it is at its acceptance. */
	create(trace: Trace, subject: string | null): void {
		const columns = {
			...rows.acceptanceColumns(trace),
			...rows.outcomeColumns(trace),
			rating: trace.feedback?.rating ?? null,
			subject: subject === null ? null : rows.hashOfSubject(subject),
			owner: trace.status === 'pending' ? this.#owner.name : null
		};
		const contents = {
			question: trace.question,
			feedback_comment: trace.feedback?.comment ?? null,
			...rows.contentColumns(trace, null)
		};
		this.#connection.write(() => {
			const { lastInsertRowid: trace_number } = this.#insert('traces', columns);
			this.#insert('trace_contents', { trace_number, ...contents });
			this.#insertSteps(Number(trace_number), trace);
		});
	}

	/** Keeps the texts so far of runs that have not ended, by trace id. */
	saveProgress(answers: ReadonlyMap<string, string>): void {
		this.#connection.write(() => {
			for (const [traceId, answer] of answers) this.#saveWhilePending('answer', answer, traceId);
		});
	}

	/** Keeps the sources, unless the run has ended. */
	saveSources(traceId: string, sources: readonly Source[]): void {
		this.#connection.guard(() => this.#saveWhilePending('sources', JSON.stringify(sources), traceId));
		this.#connection.wrote();
	}

	/** Ends a pending trace; false when it is not pending any more. */
	finalise({ trace, tokenLengths }: StoredRun): boolean {
		return this.#connection.write(() => {
			const outcome = { ...rows.outcomeColumns(trace), owner: null };
			const ended = this.#connection
				.prepare(
					`UPDATE traces SET ${assignments(outcome)} WHERE trace_id = ? AND status = 'pending' RETURNING trace_number`
				)
				.get(...Object.values(outcome), trace.trace_id);
			if (!ended) return false;
			const contents = rows.contentColumns(trace, tokenLengths);
			this.#connection
				.prepare(`UPDATE trace_contents SET ${assignments(contents)} WHERE trace_number = ?`)
				.run(...Object.values(contents), Number(ended.trace_number));
			this.#insertSteps(Number(ended.trace_number), trace);
			return true;
		});
	}

	/** Keeps a rating; false when there is no such trace. */
	saveFeedback({ trace_id, rating, comment = null }: FeedbackInput): boolean {
		return this.#connection.write(() => {
			const rated = this.#connection
				.prepare('UPDATE traces SET rating = ? WHERE trace_id = ? RETURNING trace_number')
				.get(rating, trace_id);
			if (!rated) return false;
			this.#connection
				.prepare('UPDATE trace_contents SET feedback_comment = ? WHERE trace_number = ?')
				.run(comment, Number(rated.trace_number));
			return true;
		});
	}

	/** Ends what dead processes have left pending. Safe at any time: rows of living processes are not touched, and a row is ended only once. */
	interruptLeftovers(): void {
		this.#connection.write(() => {
			const living = this.#owner.living();
			const marks = living.map(() => '?').join(', ');
			const ended = this.#connection.database
				.prepare(
					`UPDATE traces SET status = 'interrupted', owner = NULL
					WHERE status = 'pending' AND (owner IS NULL OR owner NOT IN (${marks})) RETURNING trace_number`
				)
				.all(...living);
			const explain = this.#connection.prepare('UPDATE trace_contents SET error = ? WHERE trace_number = ?');
			for (const { trace_number } of ended)
				explain.run(JSON.stringify(INTERRUPTED_ERROR), Number(trace_number));
		});
	}

	#saveWhilePending(column: 'answer' | 'sources', value: string, traceId: string): void {
		this.#connection
			.prepare(
				`UPDATE trace_contents SET ${column} = ?
				WHERE trace_number = (SELECT trace_number FROM traces WHERE trace_id = ? AND status = 'pending')`
			)
			.run(value, traceId);
	}

	#insert(table: string, columns: Record<string, SQLInputValue>) {
		const names = Object.keys(columns);
		return this.#connection
			.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`)
			.run(...Object.values(columns));
	}

	#insertSteps(traceNumber: number, trace: Trace): void {
		stepMetricsOf(trace).forEach(({ name, duration_ms }, position) => {
			this.#insert('trace_steps', { trace_number: traceNumber, position, name, duration_ms });
		});
	}
}

function assignments(columns: Record<string, unknown>): string {
	return Object.keys(columns)
		.map((name) => `${name} = ?`)
		.join(', ');
}
