import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { Source } from '#lib/contract/chunk.ts';
import type { Stats, StatsRequest } from '#lib/contract/stats.ts';
import {
	FINISHED_STATUSES,
	type FeedbackInput,
	type Trace,
	type TraceListRequest,
	type TraceSummary
} from '#lib/contract/trace.ts';
import { AppError } from '#lib/server/error.ts';
import { Checkpointer } from './checkpointer.ts';
import { isLarge, largeStats } from './large-stats.ts';
import { listQuery, NEWEST, pageQuery, placeOf, type Place } from './list-query.ts';
import { stepMetricsOf } from './metrics.ts';
import { OwnerLock } from './owner-lock.ts';
import { searchPage } from './page-search.ts';
import { QuestionIndex } from './question-index.ts';
import { inTransaction, PATIENCE_MS, prepareDatabase } from './schema.ts';
import { readMetrics } from './read-metrics.ts';
import { Retention } from './retention.ts';
import { Rollups } from './rollup.ts';
import { Scrubber } from './scrub.ts';
import { statsOf } from './stats.ts';
import { storeTroubleOf } from './store-trouble.ts';
import { unknownCursor } from './stored.ts';
import * as rows from './trace-row.ts';
import { INTERRUPTED_ERROR, type StoredRun, type TraceStore, type Turn } from './trace-store.ts';

const FINISHED = FINISHED_STATUSES.map((status) => `'${status}'`).join(', ');

/**
 * Traces in `traces.sqlite` in the data folder. Write-ahead log with `synchronous = NORMAL`: a commit takes some tens of
 * microseconds and survives the death of the process; a power failure may lose the last moments. Several processes may
 * have it open; opening it ends, as `interrupted`, what dead ones have left pending.
 */
export class SqliteTraceStore implements TraceStore {
	readonly #database: DatabaseSync;
	readonly #owner: OwnerLock;
	readonly #scrubber: Scrubber;
	readonly #checkpointer: Checkpointer;
	readonly #statements = new Map<string, StatementSync>();
	readonly #rollups = new Rollups(
		(sql) => this.#prepare(sql),
		(work) => this.#write(work)
	);
	readonly #questions = new QuestionIndex(
		(sql) => this.#prepare(sql),
		(work) => this.#write(work)
	);
	readonly #retention: Retention;
	#isImpatient = false;

	/**
	 * @param dataFolder made when it is not there.
	 * @throws AppError `storage_failed`.
	 */
	constructor(dataFolder: string) {
		const path = join(dataFolder, 'traces.sqlite');
		let database: DatabaseSync | undefined;
		try {
			mkdirSync(dataFolder, { recursive: true });
			database = new DatabaseSync(path);
			prepareDatabase(database);
			this.#database = database;
			this.#owner = OwnerLock.acquire(path);
			this.#scrubber = new Scrubber(database);
			this.#checkpointer = new Checkpointer(path);
			this.#retention = new Retention(database, this.#scrubber, (work) => this.#guard(work));
			this.#interruptLeftovers();
			this.#questions.start();
		} catch (thrown) {
			database?.close();
			throw storageError(thrown, 'The trace database could not be opened.');
		}
	}

	create(trace: Trace): void {
		const columns = {
			...rows.acceptanceColumns(trace),
			...rows.outcomeColumns(trace),
			rating: trace.feedback?.rating ?? null,
			owner: trace.status === 'pending' ? this.#owner.name : null
		};
		const contents = {
			question: trace.question,
			feedback_comment: trace.feedback?.comment ?? null,
			...rows.contentColumns(trace, null)
		};
		this.#write(() => {
			const { lastInsertRowid: trace_number } = this.#insert('traces', columns);
			this.#insert('trace_contents', { trace_number, ...contents });
			this.#insertSteps(Number(trace_number), trace);
		});
		this.#questions.inserted();
	}

	saveProgress(traceId: string, answer: string): void {
		this.#saveWhilePending('answer', answer, traceId);
	}

	saveSources(traceId: string, sources: readonly Source[]): void {
		this.#saveWhilePending('sources', JSON.stringify(sources), traceId);
	}

	finalise({ trace, tokenLengths }: StoredRun): boolean {
		return this.#write(() => {
			const outcome = { ...rows.outcomeColumns(trace), owner: null };
			const ended = this.#prepare(
				`UPDATE traces SET ${assignments(outcome)} WHERE trace_id = ? AND status = 'pending' RETURNING trace_number`
			).get(...Object.values(outcome), trace.trace_id);
			if (!ended) return false;
			const contents = rows.contentColumns(trace, tokenLengths);
			this.#prepare(`UPDATE trace_contents SET ${assignments(contents)} WHERE trace_number = ?`).run(
				...Object.values(contents),
				Number(ended.trace_number)
			);
			this.#insertSteps(Number(ended.trace_number), trace);
			return true;
		});
	}

	get(traceId: string): Trace | null {
		return this.getRun(traceId)?.trace ?? null;
	}

	getRun(traceId: string): StoredRun | null {
		return this.#guard(() => {
			const row = this.#prepare(
				`SELECT ${rows.TRACE_COLUMNS}, token_lengths FROM traces JOIN trace_contents USING (trace_number)
				WHERE trace_id = ?`
			).get(traceId);
			return row ? { trace: rows.traceFrom(row), tokenLengths: rows.tokenLengthsFrom(row) } : null;
		});
	}

	async list(request: TraceListRequest): Promise<TraceSummary[]> {
		try {
			for (;;) {
				const from = this.#cursor(request.before);
				const isServed = !request.q && request.min_ms === undefined;
				const found = isServed ? null : await searchPage((sql) => this.#prepare(sql), request, from);
				const { sql, values } = found ? pageQuery(request, found) : listQuery(request, from);
				const page = this.#prepare(sql)
					.all(...values)
					.map(rows.summaryFrom);
				// Fewer when one was deleted or changed since it was found: a page that is not full would seem the last.
				if (!found || page.length === found.length) return page;
			}
		} catch (thrown) {
			throw storageError(thrown, 'The traces could not be read.');
		}
	}

	async stats(request: StatsRequest, now = new Date()): Promise<Stats> {
		try {
			const prepare = (sql: string) => this.#prepare(sql);
			if (isLarge(prepare, request, now)) return await largeStats(prepare, this.#rollups, request, now);
			const { traces, steps } = await readMetrics(prepare, request, now);
			return statsOf(traces, steps, request, now);
		} catch (thrown) {
			throw storageError(thrown, 'The traces could not be read.');
		}
	}

	turns(conversationId: string, limit: number): Turn[] {
		return this.#guard(() => {
			const found = this.#prepare(
				`SELECT question, answer FROM traces JOIN trace_contents USING (trace_number)
				WHERE (conversation_id = ? OR trace_id = ?) AND status IN (${FINISHED})
				ORDER BY timestamp DESC, trace_number DESC LIMIT ?`
			).all(conversationId, conversationId, limit);
			return found
				.reverse()
				.map(({ question, answer }) => ({ question: String(question), answer: String(answer ?? '') }));
		});
	}

	saveFeedback({ trace_id, rating, comment = null }: FeedbackInput): boolean {
		return this.#write(() => {
			const rated = this.#prepare(
				'UPDATE traces SET rating = ? WHERE trace_id = ? RETURNING trace_number'
			).get(rating, trace_id);
			if (!rated) return false;
			this.#prepare('UPDATE trace_contents SET feedback_comment = ? WHERE trace_number = ?').run(
				comment,
				Number(rated.trace_number)
			);
			return true;
		});
	}

	delete(traceId: string): boolean {
		return this.#guard(() => {
			const { changes } = this.#prepare('DELETE FROM traces WHERE trace_id = ?').run(traceId);
			if (changes !== 0) this.#scrubber.scrub();
			return changes !== 0;
		});
	}

	async deleteBefore(moment: Date): Promise<number> {
		return this.#retention.deleteOldest(moment.getTime(), () => true);
	}

	/**
	 * Deletes the oldest traces, except pending ones, until what is stored takes at most so many bytes; resolves to how many.
	 */
	async deleteBeyond(bytes: number): Promise<number> {
		const { MAX_SAFE_INTEGER } = Number;
		return this.#retention.deleteOldest(MAX_SAFE_INTEGER, () => this.#retention.usedBytes() > bytes);
	}

	close(): void {
		if (!this.#database.isOpen) return;
		this.#scrubber.stop();
		this.#checkpointer.stop();
		this.#questions.stop();
		this.#statements.clear();
		this.#database.close();
		this.#owner.release();
	}

	/** Sets a pragma of the connection, such as `max_page_count`. */
	configure(pragma: string): void {
		this.#database.exec(pragma);
	}

	/** Safe at any time: rows of living processes are not touched, and a row is ended only once. */
	#interruptLeftovers(): void {
		this.#write(() => {
			const living = this.#owner.living();
			const marks = living.map(() => '?').join(', ');
			const ended = this.#database
				.prepare(
					`UPDATE traces SET status = 'interrupted', owner = NULL
					WHERE status = 'pending' AND (owner IS NULL OR owner NOT IN (${marks})) RETURNING trace_number`
				)
				.all(...living);
			const explain = this.#prepare('UPDATE trace_contents SET error = ? WHERE trace_number = ?');
			for (const { trace_number } of ended)
				explain.run(JSON.stringify(INTERRUPTED_ERROR), Number(trace_number));
		});
	}

	#saveWhilePending(column: 'answer' | 'sources', value: string, traceId: string): void {
		this.#guard(() =>
			this.#prepare(
				`UPDATE trace_contents SET ${column} = ?
				WHERE trace_number = (SELECT trace_number FROM traces WHERE trace_id = ? AND status = 'pending')`
			).run(value, traceId)
		);
		this.#checkpointer.wrote();
	}

	#cursor(traceId: string | undefined): Place {
		if (traceId === undefined) return NEWEST;
		const cursor = this.#prepare('SELECT timestamp, trace_number FROM traces WHERE trace_id = ?').get(
			traceId
		);
		if (!cursor) throw unknownCursor();
		return placeOf(cursor);
	}

	#insert(table: string, columns: Record<string, SQLInputValue>) {
		const names = Object.keys(columns);
		return this.#prepare(
			`INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`
		).run(...Object.values(columns));
	}

	#insertSteps(traceNumber: number, trace: Trace): void {
		stepMetricsOf(trace).forEach(({ name, duration_ms }, position) => {
			this.#insert('trace_steps', { trace_number: traceNumber, position, name, duration_ms });
		});
	}

	#prepare(sql: string): StatementSync {
		let statement = this.#statements.get(sql);
		if (!statement) {
			statement = this.#database.prepare(sql);
			this.#statements.set(sql, statement);
		}
		return statement;
	}

	#write<T>(work: () => T): T {
		return this.#guard(() => {
			const result = inTransaction(this.#database, work);
			this.#checkpointer.wrote();
			if (this.#isImpatient) this.#setPatience(false);
			return result;
		});
	}

	/** Who has waited for a lock in vain does not wait for it again: later writes find at once whether it is gone. */
	#setPatience(isImpatient: boolean): void {
		this.#isImpatient = isImpatient;
		this.#database.exec(`PRAGMA busy_timeout = ${isImpatient ? 0 : PATIENCE_MS}`);
	}

	#guard<T>(work: () => T): T {
		try {
			return work();
		} catch (thrown) {
			if (!this.#isImpatient && storeTroubleOf(thrown) === 'locked') this.#setPatience(true);
			throw storageError(thrown, 'The trace store did not answer as it should.');
		}
	}
}

function assignments(columns: Record<string, unknown>): string {
	return Object.keys(columns)
		.map((name) => `${name} = ?`)
		.join(', ');
}

function storageError(thrown: unknown, message: string): AppError {
	return thrown instanceof AppError ? thrown : new AppError('storage_failed', message, { cause: thrown });
}
