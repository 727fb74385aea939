import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Source } from '#lib/contract/chunk.ts';
import type { Stats, StatsRequest } from '#lib/contract/stats.ts';
import type { FeedbackInput, Trace, TraceListRequest, TraceSummary } from '#lib/contract/trace.ts';
import { OwnerLock } from './owner-lock.ts';
import { QuestionIndex } from './question-index.ts';
import { Retention } from './retention.ts';
import type { Synchronous } from './schema.ts';
import { Scrubber } from './scrub.ts';
import { storageError, StoreConnection } from './store-connection.ts';
import { TraceReader } from './trace-reader.ts';
import { hashOfSubject } from './trace-row.ts';
import type { StoredRun, TraceStore, Turn } from './trace-store.ts';
import { TraceWriter } from './trace-writer.ts';

/**
 * Traces in `traces.sqlite` in the data folder. Write-ahead log; unless told otherwise a commit takes some tens of
 * microseconds and survives the death of the process, while a power failure may lose the last moments. Several processes
 * may have it open; opening it ends, as `interrupted`, what dead ones have left pending.
 */
export class SqliteTraceStore implements TraceStore {
	readonly #connection: StoreConnection;
	readonly #owner: OwnerLock;
	readonly #reader: TraceReader;
	readonly #writer: TraceWriter;
	readonly #questions: QuestionIndex;
	readonly #scrubber: Scrubber;
	readonly #retention: Retention;

	/**
	 * @param dataFolder made when it is not there.
	 * @throws AppError `storage_failed`.
	 */
	constructor(dataFolder: string, synchronous?: Synchronous) {
		const path = join(dataFolder, 'traces.sqlite');
		let connection: StoreConnection | undefined;
		try {
			mkdirSync(dataFolder, { recursive: true });
			connection = new StoreConnection(path, synchronous);
			const { database, prepare, write, guard } = connection;
			this.#connection = connection;
			this.#owner = OwnerLock.acquire(path);
			this.#reader = new TraceReader(connection);
			this.#writer = new TraceWriter(connection, this.#owner);
			this.#questions = new QuestionIndex(prepare, write, connection.isCheckpointing);
			this.#scrubber = new Scrubber(connection.erase);
			this.#retention = new Retention(database, this.#scrubber, guard);
			this.#writer.interruptLeftovers();
			this.#questions.start();
			const left = prepare('SELECT 1 FROM erasure WHERE wanted > done').get();
			if (left) this.#scrubber.scrub();
		} catch (thrown) {
			connection?.close();
			throw storageError(thrown, 'The trace database could not be opened.');
		}
	}

	create(trace: Trace, subject: string | null = null): void {
		this.#writer.create(trace, subject);
		this.#questions.inserted();
	}

	saveProgress(answers: ReadonlyMap<string, string>): void {
		this.#writer.saveProgress(answers);
	}

	saveSources(traceId: string, sources: readonly Source[]): void {
		this.#writer.saveSources(traceId, sources);
	}

	finalise(run: StoredRun): boolean {
		return this.#writer.finalise(run);
	}

	saveFeedback(feedback: FeedbackInput): boolean {
		return this.#writer.saveFeedback(feedback);
	}

	get(traceId: string): Trace | null {
		return this.getRun(traceId)?.trace ?? null;
	}

	getRun(traceId: string): StoredRun | null {
		return this.#reader.getRun(traceId);
	}

	async list(request: TraceListRequest): Promise<TraceSummary[]> {
		return this.#reader.list(request);
	}

	async stats(request: StatsRequest, now = new Date()): Promise<Stats> {
		return this.#reader.stats(request, now);
	}

	turns(conversationId: string, limit: number): Turn[] {
		return this.#reader.turns(conversationId, limit);
	}

	delete(traceId: string): boolean {
		return this.#connection.guard(() => {
			const { changes } = this.#connection.prepare('DELETE FROM traces WHERE trace_id = ?').run(traceId);
			if (changes !== 0) this.#scrubber.scrub();
			return changes !== 0;
		});
	}

	erased(signal: AbortSignal): Promise<void> {
		return this.#scrubber.erased(signal);
	}

	async deleteBefore(moment: Date): Promise<number> {
		return this.#retention.deleteOldest(moment.getTime(), () => true);
	}

	async deleteSubject(subject: string): Promise<string[]> {
		return this.#retention.deleteSubject(hashOfSubject(subject));
	}

	/**
	 * Deletes the oldest traces, except pending ones, until what is stored takes at most so many bytes; resolves to how many.
	 */
	async deleteBeyond(bytes: number): Promise<number> {
		const { MAX_SAFE_INTEGER } = Number;
		return this.#retention.deleteOldest(MAX_SAFE_INTEGER, () => this.#retention.usedBytes() > bytes);
	}

	close(): void {
		if (!this.#connection.database.isOpen) return;
		this.#scrubber.stop();
		this.#questions.stop();
		this.#connection.close();
		this.#owner.release();
	}

	/** Sets a pragma of the connection, such as `max_page_count`. */
	configure(pragma: string): void {
		this.#connection.database.exec(pragma);
	}
}
