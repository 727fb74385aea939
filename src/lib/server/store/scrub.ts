import type { DatabaseSync } from 'node:sqlite';

/** Up to this many pages (4 MB), writing the database anew takes about ten milliseconds. */
const FEW_PAGES = 1024;
const RETRY_MS = 1000;

/**
 * Takes what has been deleted out of the files. `secure_delete` overwrites a row where it lies, but earlier versions of its
 * pages are still in the write-ahead log, and copies may lie in the unused space of pages between which SQLite once
 * moved it: the log is emptied, and a small database written anew. While anybody is reading, that is tried again
 * every second.
 */
export class Scrubber {
	readonly #database: DatabaseSync;
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor(database: DatabaseSync) {
		this.#database = database;
	}

	/** To be called after rows have been deleted; never throws. */
	scrub(): void {
		clearTimeout(this.#timer);
		if (!this.#database.isOpen || scrubbed(this.#database)) return;
		this.#timer = setTimeout(() => this.scrub(), RETRY_MS);
		this.#timer.unref();
	}

	/** Tries no more; to be called before the database is closed. */
	stop(): void {
		clearTimeout(this.#timer);
	}
}

/** False when somebody is reading, here or in another process, or the disk has no room. */
function scrubbed(database: DatabaseSync): boolean {
	const figure = (pragma: string) =>
		Number(Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
	const patience = figure('busy_timeout');
	// Not worth holding up answers for.
	database.exec('PRAGMA busy_timeout = 0');
	try {
		if (figure('page_count') <= FEW_PAGES) database.exec('VACUUM');
		return figure('wal_checkpoint(TRUNCATE)') === 0;
	} catch {
		return false;
	} finally {
		database.exec(`PRAGMA busy_timeout = ${patience}`);
	}
}
