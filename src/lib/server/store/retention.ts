import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import type { Scrubber } from './scrub.ts';

/** Traces deleted before the event loop gets a turn; overwriting their pages and index takes about a millisecond each. */
const DELETE_BATCH = 5;

/** Pages given back to the disk before the event loop gets a turn. */
const VACUUM_PAGES = 100;

/** How long is waited until nothing is left of what was deleted, while somebody is reading; it goes on without being waited for. */
const ERASURE_MS = 2000;

/** Deletes many traces in small batches, and gives their space back to the disk. */
export class Retention {
	readonly #database: DatabaseSync;
	readonly #scrubber: Scrubber;
	readonly #guard: <T>(work: () => T) => T;

	/** @param guard turns what SQLite throws into an AppError `storage_failed`. */
	constructor(database: DatabaseSync, scrubber: Scrubber, guard: <T>(work: () => T) => T) {
		this.#database = database;
		this.#scrubber = scrubber;
		this.#guard = guard;
	}

	/**
	 * Asks before every batch whether to go on; pending traces stay. Resolves to how many were deleted.
	 * @param before milliseconds since the epoch.
	 */
	async deleteOldest(before: number, isWanted: () => boolean): Promise<number> {
		let deleted = 0;
		for await (const batch of this.#delete("timestamp < ? AND status <> 'pending'", before, isWanted))
			deleted += batch.length;
		return deleted;
	}

	/** Deletes all traces of a subject, pending ones too; resolves to their ids. */
	async deleteSubject(hash: Uint8Array): Promise<string[]> {
		const deleted: string[] = [];
		for await (const batch of this.#delete('subject = ?', hash, () => true)) deleted.push(...batch);
		return deleted;
	}

	/** Gives the ids of each batch; comes to its end when the space is given back, and nothing is left in files. */
	async *#delete(
		condition: string,
		value: SQLInputValue,
		isWanted: () => boolean
	): AsyncGenerator<string[], void> {
		const batch = this.#guard(() =>
			this.#database.prepare(
				`DELETE FROM traces WHERE trace_number IN (
					SELECT trace_number FROM traces WHERE ${condition}
					ORDER BY timestamp LIMIT ${DELETE_BATCH}) RETURNING trace_id`
			)
		);
		let isAny = false;
		while (this.#guard(isWanted)) {
			const deleted = this.#guard(() => batch.all(value)).map(({ trace_id }) => String(trace_id));
			isAny ||= deleted.length > 0;
			yield deleted;
			if (deleted.length < DELETE_BATCH) break;
			await setImmediate();
		}
		if (!isAny) return;
		while (this.#database.isOpen && this.#figure('freelist_count') > 0) {
			this.#guard(() => this.#database.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`));
			await setImmediate();
		}
		this.#scrubber.scrub();
		await this.#scrubber.erased(AbortSignal.timeout(ERASURE_MS));
	}

	/** Size of the database without the pages that are free, in bytes; the write-ahead log comes and goes. */
	usedBytes(): number {
		return (this.#figure('page_count') - this.#figure('freelist_count')) * this.#figure('page_size');
	}

	#figure(pragma: string): number {
		return Number(Object.values(this.#database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
	}
}
