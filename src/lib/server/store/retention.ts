import type { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import type { Scrubber } from './scrub.ts';

/** Traces deleted before the event loop gets a turn; overwriting their pages and index takes about a millisecond each. */
const DELETE_BATCH = 5;

/** Pages given back to the disk before the event loop gets a turn. */
const VACUUM_PAGES = 100;

/** How long is waited until nothing is left of what was deleted, while somebody is reading; it goes on without being waited for. */
const ERASURE_MS = 2000;

/** Deletes the oldest traces in small batches, and gives their space back to the disk. */
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
		const batch = this.#guard(() =>
			this.#database.prepare(
				`DELETE FROM traces WHERE trace_number IN (
					SELECT trace_number FROM traces WHERE timestamp < ? AND status <> 'pending'
					ORDER BY timestamp LIMIT ${DELETE_BATCH})`
			)
		);
		let deleted = 0;
		while (this.#guard(isWanted)) {
			const { changes } = this.#guard(() => batch.run(before));
			deleted += Number(changes);
			if (Number(changes) < DELETE_BATCH) break;
			await setImmediate();
		}
		while (deleted > 0 && this.#database.isOpen && this.#figure('freelist_count') > 0) {
			this.#guard(() => this.#database.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`));
			await setImmediate();
		}
		if (deleted > 0) {
			this.#scrubber.scrub();
			await this.#scrubber.erased(AbortSignal.timeout(ERASURE_MS));
		}
		return deleted;
	}

	/** Size of the database without the pages that are free, in bytes; the write-ahead log comes and goes. */
	usedBytes(): number {
		return (this.#figure('page_count') - this.#figure('freelist_count')) * this.#figure('page_size');
	}

	#figure(pragma: string): number {
		return Number(Object.values(this.#database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
	}
}
