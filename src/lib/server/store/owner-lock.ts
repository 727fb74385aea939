import { existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Says which process a pending row belongs to, and whether that process lives. Several may have one trace database open
 * (the server and the command line), so "pending when I open it" does not mean "left over".
 *
 * An owner is a random name and a file of that name which its process keeps locked through SQLite; the system drops the
 * lock however the process ends. Unlike a process id this cannot be reused by another process, holds across containers
 * that share the folder, and needs no permission to signal (Deno).
 */
export class OwnerLock {
	readonly name: string;
	readonly #databasePath: string;
	readonly #lock: DatabaseSync;

	private constructor(databasePath: string, name: string, lock: DatabaseSync) {
		this.#databasePath = databasePath;
		this.name = name;
		this.#lock = lock;
	}

	/** Makes a new owner beside a database file. */
	static acquire(databasePath: string): OwnerLock {
		for (;;) {
			const name = crypto.randomUUID();
			const path = lockPath(databasePath, name);
			const lock = tryLock(path);
			if (!lock) continue;
			// Another process may have taken the file for a dead one's before it was locked, and removed it.
			if (existsSync(path)) return new OwnerLock(databasePath, name, lock);
			lock.close();
		}
	}

	/**
	 * Removes the files of the owners whose process is gone.
	 * @returns the names of those that live, this one among them.
	 */
	living(): string[] {
		const prefix = `${basename(this.#databasePath)}-owner-`;
		const names = readdirSync(dirname(this.#databasePath))
			.filter((file) => file.startsWith(prefix))
			.map((file) => file.slice(prefix.length));
		return names.filter((name) => {
			if (name === this.name) return true;
			const path = lockPath(this.#databasePath, name);
			const lock = tryLock(path);
			if (!lock) return true;
			removeWhileLocked(path, lock);
			return false;
		});
	}

	/** Gives the name up; what is still pending under it counts as left over from now on. */
	release(): void {
		removeWhileLocked(lockPath(this.#databasePath, this.name), this.#lock);
	}
}

function lockPath(databasePath: string, name: string): string {
	return join(dirname(databasePath), `${basename(databasePath)}-owner-${name}`);
}

/** Locks a file for this process alone; null when another holds it. */
function tryLock(path: string): DatabaseSync | null {
	const lock = new DatabaseSync(path);
	try {
		// An exclusive transaction that never writes, without a journal file: nothing but the lock itself.
		lock.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
		return lock;
	} catch {
		lock.close();
		return null;
	}
}

function removeWhileLocked(path: string, lock: DatabaseSync): void {
	try {
		rmSync(path, { force: true });
	} catch {
		// Windows keeps open files; it goes below or at a later start.
	}
	lock.close();
	try {
		rmSync(path, { force: true });
	} catch {
		// Somebody else is looking at it.
	}
}
