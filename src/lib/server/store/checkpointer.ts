import { Worker } from 'node:worker_threads';
import { eraseUnused } from './erase-unused.ts';

/** So many writes are some megabytes of the write-ahead log. */
const WRITES = 64;

/**
 * Runs in the thread. It is text, because a bundler finds no files of threads; the connection is opened for each time, so that the thread
 * never holds the database open, and never makes it anew where it was deleted.
 */
const SCRIPT = `
	const { parentPort, workerData: path } = require('node:worker_threads');
	const { DatabaseSync } = require('node:sqlite');
	const { pathToFileURL } = require('node:url');
	const fs = require('node:fs');
	const eraseUnused = ${eraseUnused.toString()};
	let file;
	// Deno takes an address for a path that nobody has permitted.
	const place = 'Deno' in globalThis ? path : new URL(pathToFileURL(path) + '?mode=rw');
	parentPort.on('message', ({ erasure }) => {
		let isErased = false;
		try {
			if (!fs.existsSync(path)) throw new Error('The database was deleted.');
			const database = new DatabaseSync(place);
			try {
				if (erasure === undefined) {
					database.exec('PRAGMA wal_checkpoint(PASSIVE)');
				} else {
					file ??= fs.openSync(path, 'r+');
					isErased = eraseUnused({ fs, database, path, file });
				}
			} finally {
				database.close();
			}
		} catch {
			// Whoever writes comes upon the same trouble and tells of it.
		}
		parentPort.postMessage({ erasure, isErased });
	});
`;

/** What the thread answers, to a checkpoint without a number. */
interface Answer {
	erasure?: number;
	isErased: boolean;
}

/**
 * Moves what the write-ahead log holds into the database, and erases what was deleted, in a thread of its own: that waits for the disk, ten
 * milliseconds or a hundred, and must not hold up answers. Nobody waits for a checkpoint; where it cannot keep up, SQLite does the rest at
 * the next write (`wal_autocheckpoint`). https://www.sqlite.org/wal.html#ckpt
 */
export class Checkpointer {
	readonly #path: string;
	#writes = 0;
	#isCheckpointing = false;
	#thread: Worker | undefined;
	#erasures = 0;
	readonly #erasing = new Map<number, (isErased: boolean) => void>();

	constructor(path: string) {
		this.#path = path;
	}

	/** Counts a write; the thread starts when there is something for it to do. */
	wrote(): void {
		this.#writes += 1;
		this.#checkpoint();
	}

	/**
	 * Whether what was written is being moved. The log begins anew only when all of it has been: who has time should not write meanwhile, or
	 * it grows until SQLite moves all of it at one write, which holds up everything.
	 */
	get isCheckpointing(): boolean {
		return this.#isCheckpointing;
	}

	/** Resolves to whether all that had been deleted before is in the files no more; never rejects. */
	erase(): Promise<boolean> {
		const thread = (this.#thread ??= this.#start());
		const erasure = (this.#erasures += 1);
		// A command that deletes something ends when this has ended.
		thread.ref();
		return new Promise((resolve) => {
			this.#erasing.set(erasure, resolve);
			thread.postMessage({ erasure });
		});
	}

	/** Ends the thread. */
	stop(): void {
		void this.#thread?.terminate();
		this.#ended(this.#thread);
	}

	#checkpoint(): void {
		// One at a time: an erasure is not to wait for a row of them.
		if (this.#writes < WRITES || this.#isCheckpointing) return;
		this.#writes = 0;
		this.#isCheckpointing = true;
		this.#thread ??= this.#start();
		this.#thread.postMessage({});
	}

	#start(): Worker {
		const thread = new Worker(SCRIPT, {
			eval: true,
			execArgv: [],
			resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
			// The end of the thread must not close the file that it has open: see `Erasable`.
			trackUnmanagedFds: false,
			workerData: this.#path
		});
		thread.on('message', ({ erasure, isErased }: Answer) => {
			if (erasure === undefined) {
				this.#isCheckpointing = false;
				this.#checkpoint();
				return;
			}
			this.#erasing.get(erasure)?.(isErased);
			this.#erasing.delete(erasure);
			if (this.#erasing.size === 0) thread.unref();
		});
		// A thread that cannot run is done without; the next time, there is another.
		thread.on('error', () => {});
		thread.on('exit', () => this.#ended(thread));
		// Last, because who listens to it refers to it.
		thread.unref();
		return thread;
	}

	#ended(thread: Worker | undefined): void {
		if (thread === undefined || thread !== this.#thread) return;
		this.#thread = undefined;
		this.#isCheckpointing = false;
		for (const resolve of this.#erasing.values()) resolve(false);
		this.#erasing.clear();
	}
}
