import type { Stats, StatsRequest } from '#lib/contract/stats.ts';
import { FINISHED_STATUSES, type TraceListRequest, type TraceSummary } from '#lib/contract/trace.ts';
import { isLarge, largeStats } from './large-stats.ts';
import { listQuery, NEWEST, pageQuery, placeOf, searched, type Place } from './list-query.ts';
import { searchPage } from './page-search.ts';
import { readMetrics } from './read-metrics.ts';
import { Rollups } from './rollup.ts';
import { statsOf } from './stats.ts';
import { storageError, type StoreConnection } from './store-connection.ts';
import { unknownCursor } from './stored.ts';
import * as rows from './trace-row.ts';
import type { StoredRun, Turn } from './trace-store.ts';

const FINISHED = FINISHED_STATUSES.map((status) => `'${status}'`).join(', ');

/** Reads the rows of traces; each function throws AppError `storage_failed`. */
export class TraceReader {
	readonly #connection: StoreConnection;
	readonly #rollups: Rollups;

	constructor(connection: StoreConnection) {
		this.#connection = connection;
		this.#rollups = new Rollups(connection.prepare, connection.write);
	}

	/** A run with its trace in full; null when there is none. */
	getRun(traceId: string): StoredRun | null {
		return this.#connection.guard(() => {
			const row = this.#connection
				.prepare(
					`SELECT ${rows.TRACE_COLUMNS}, token_lengths FROM traces JOIN trace_contents USING (trace_number)
				WHERE trace_id = ?`
				)
				.get(traceId);
			return row ? { trace: rows.traceFrom(row), tokenLengths: rows.tokenLengthsFrom(row) } : null;
		});
	}

	/** A page of the list, newest first. */
	async list(request: TraceListRequest): Promise<TraceSummary[]> {
		try {
			for (;;) {
				const from = this.#cursor(request.before);
				const isServed = searched(request).length === 0;
				const found = isServed ? null : await searchPage(this.#connection.prepare, request, from);
				const { sql, values } = found ? pageQuery(request, found) : listQuery(request, from);
				const page = this.#connection
					.prepare(sql)
					.all(...values)
					.map(rows.summaryFrom);
				// Fewer when one was deleted or changed since it was found: a page that is not full would seem the last.
				if (!found || page.length === found.length) return page;
			}
		} catch (thrown) {
			throw storageError(thrown, 'The traces could not be read.');
		}
	}

	/** Statistics of a window that ends now. */
	async stats(request: StatsRequest, now = new Date()): Promise<Stats> {
		try {
			const { prepare } = this.#connection;
			if (isLarge(prepare, request, now)) return await largeStats(prepare, this.#rollups, request, now);
			const { traces, steps } = await readMetrics(prepare, request, now);
			return statsOf(traces, steps, request, now);
		} catch (thrown) {
			throw storageError(thrown, 'The traces could not be read.');
		}
	}

	/** The last turns of a conversation that have an answer, oldest first. */
	turns(conversationId: string, limit: number): Turn[] {
		return this.#connection.guard(() => {
			const found = this.#connection
				.prepare(
					`SELECT question, answer FROM traces JOIN trace_contents USING (trace_number)
				WHERE (conversation_id = ? OR trace_id = ?) AND status IN (${FINISHED})
				ORDER BY timestamp DESC, trace_number DESC LIMIT ?`
				)
				.all(conversationId, conversationId, limit);
			return found
				.reverse()
				.map(({ question, answer }) => ({ question: String(question), answer: String(answer ?? '') }));
		});
	}

	#cursor(traceId: string | undefined): Place {
		if (traceId === undefined) return NEWEST;
		const cursor = this.#connection
			.prepare('SELECT timestamp, trace_number FROM traces WHERE trace_id = ?')
			.get(traceId);
		if (!cursor) throw unknownCursor();
		return placeOf(cursor);
	}
}
