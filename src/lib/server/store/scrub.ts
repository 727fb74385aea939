import type { DatabaseSync } from 'node:sqlite';

/** Up to this many pages (4 MB), writing the database anew takes about ten milliseconds. */
const FEW_PAGES = 1024;

/**
 * Takes what has been deleted out of the files. `secure_delete` overwrites a row where it lies, but earlier versions of its
 * pages are still in the write-ahead log, and copies may lie in the unused space of pages between which SQLite once
 * moved it: the log is emptied, and a small database written anew. When another process is reading, both wait for
 * the next time.
 */
export function scrub(database: DatabaseSync): void {
	database.exec('PRAGMA busy_timeout = 20');
	try {
		const pages = Number(database.prepare('PRAGMA page_count').get()?.page_count);
		if (pages <= FEW_PAGES) database.exec('VACUUM');
	} catch {
		// Locked by another process, or no room on the disk: what was deleted is overwritten all the same.
	}
	try {
		database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
	} finally {
		database.exec('PRAGMA busy_timeout = 1000');
	}
}
