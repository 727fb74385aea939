import type { Trace } from '#lib/contract/trace.ts';
import type { StoredRun, TraceStore } from '#lib/server/store/trace-store.ts';
import { logFailure } from './failure-log.ts';

const LOG_EVERY_MS = 60_000;

/**
 * Writes runs to the store without ever failing them: an answer goes on when the disk is full, and the loss is counted.
 */
export class Journal {
	readonly #store: TraceStore;
	#failures = 0;
	#isFailing = false;
	#loggedAt = -Infinity;

	constructor(store: TraceStore) {
		this.#store = store;
	}

	/** Writes that failed since the start. */
	get failures(): number {
		return this.#failures;
	}

	/** Whether the last write failed. */
	get isFailing(): boolean {
		return this.#isFailing;
	}

	/** False when it could not be stored. */
	create(trace: Trace): boolean {
		return this.#attempt(() => this.#store.create(trace));
	}

	saveProgress(traceId: string, answer: string): void {
		this.#attempt(() => this.#store.saveProgress(traceId, answer));
	}

	/**
	 * Ends the trace in the store.
	 * @param wasCreated whether its row exists; a row that could not be made at acceptance is made now.
	 */
	finalise(run: StoredRun, wasCreated: boolean): void {
		this.#attempt(() => {
			if (!wasCreated) this.#store.create({ ...run.trace, status: 'pending', answer: null });
			this.#store.finalise(run);
		});
	}

	#attempt(write: () => void): boolean {
		try {
			write();
			this.#isFailing = false;
			return true;
		} catch (thrown) {
			this.#failures += 1;
			this.#isFailing = true;
			const now = performance.now();
			if (now - this.#loggedAt >= LOG_EVERY_MS) {
				this.#loggedAt = now;
				logFailure(`storing a trace (${this.#failures} failed so far)`, thrown);
			}
			return false;
		}
	}
}
