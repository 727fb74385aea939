import { Worker } from 'node:worker_threads';
import { pathToFileURL } from 'node:url';

/** So many writes are some megabytes of the write-ahead log. */
const WRITES = 64;

/**
 * Runs in the thread. It is text, because a bundler finds no files of threads; the connection is opened for each time, so that the thread
 * never holds the database open, and never makes it anew where it was deleted.
 */
const SCRIPT = `
	const { parentPort, workerData } = require('node:worker_threads');
	const { DatabaseSync } = require('node:sqlite');
	parentPort.on('message', () => {
		try {
			const database = new DatabaseSync(new URL(workerData));
			try {
				database.exec('PRAGMA wal_checkpoint(PASSIVE)');
			} finally {
				database.close();
			}
		} catch {
			// Whoever writes comes upon the same trouble and tells of it.
		}
	});
`;

/**
 * Moves what the write-ahead log holds into the database, in a thread of its own: that waits for the disk, ten milliseconds or
 * a hundred, and must not hold up answers. Nobody waits for it; where it cannot keep up, SQLite does the rest at the next write
 * (`wal_autocheckpoint`). https://www.sqlite.org/wal.html#ckpt
 */
export class Checkpointer {
	readonly #path: string;
	#writes = 0;
	#thread: Worker | undefined;

	constructor(path: string) {
		this.#path = path;
	}

	/** Counts a write; the thread starts when there is something for it to do. */
	wrote(): void {
		this.#writes += 1;
		if (this.#writes < WRITES) return;
		this.#writes = 0;
		this.#thread ??= this.#start();
		this.#thread.postMessage(null);
	}

	/** Ends the thread. */
	stop(): void {
		void this.#thread?.terminate();
		this.#thread = undefined;
	}

	#start(): Worker {
		const thread = new Worker(SCRIPT, {
			eval: true,
			execArgv: [],
			resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
			workerData: `${pathToFileURL(this.#path)}?mode=rw`
		});
		thread.unref();
		// A thread that cannot run is done without.
		thread.on('error', () => {});
		return thread;
	}
}
