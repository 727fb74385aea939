import { AppError, cancelledError } from '#lib/server/error.ts';
import { FairLine } from './fair-line.ts';

/** Leaves the queue or gives the place back; only the first call counts. */
export type Release = () => void;

/** A place among the answers, or in the line for one. */
export interface Place {
	/**
	 * Resolves when the answer may be written.
	 * @throws AppError `cancelled` when the signal fires while waiting; `overloaded` when the waiting took too long, or the
	 * place in the line went to somebody who had fewer.
	 */
	granted: Promise<Release>;
	/** How many answers come before this one; null when it does not wait (any more). */
	ahead(): number | null;
}

interface Waiter {
	enter(): void;
	giveWay(): void;
}

/** Durations before any answer has finished are guessed, in milliseconds. */
const FIRST_GUESS_MS = 5000;
/** Nobody is told to come back later than this, in seconds. */
const LONGEST_RETRY_S = 120;

/**
 * A limit on answers at once, with a bounded line for those that wait. Clients take turns, each in the order of its own
 * questions, so that one with many questions holds up another by one at most. In a full line a client that has at least two
 * places more than a newcomer gives its last one up.
 */
export class AnswerQueue {
	readonly #limit: number;
	readonly #lineLimit: number;
	readonly #longestWaitMs: number | undefined;
	readonly #line = new FairLine<Waiter>();
	#running = 0;
	#averageMs = FIRST_GUESS_MS;

	/**
	 * @param limit answers at once.
	 * @param lineLimit how many may wait beyond that.
	 * @param longestWaitMs for how long; undefined for ever.
	 */
	constructor(limit: number, lineLimit: number, longestWaitMs?: number) {
		this.#limit = limit;
		this.#lineLimit = lineLimit;
		this.#longestWaitMs = longestWaitMs;
	}

	get running(): number {
		return this.#running;
	}

	get waiting(): number {
		return this.#line.size;
	}

	/** @throws AppError `overloaded` when neither a place nor a place in the line is free for this client. */
	requireRoom(client = ''): void {
		if (this.#running < this.#limit || this.#line.size < this.#lineLimit) return;
		if (!this.#line.mayDisplace(client)) throw this.#overloaded();
	}

	/**
	 * Takes a place, or one in the line; it is taken when this returns.
	 * @param client whose turn it is; the same name shares its turns.
	 * @throws AppError `overloaded` when there is no room.
	 */
	join(signal: AbortSignal, client = ''): Place {
		this.requireRoom(client);
		if (this.#running < this.#limit) return { granted: Promise.resolve(this.#take()), ahead: () => null };
		if (this.#line.size >= this.#lineLimit) this.#line.displace()?.giveWay();
		const { promise, resolve, reject } = Promise.withResolvers<Release>();
		let timer: ReturnType<typeof setTimeout> | undefined;
		const stopWaiting = () => {
			clearTimeout(timer);
			signal.removeEventListener('abort', leave);
		};
		const waiter: Waiter = {
			enter: () => {
				stopWaiting();
				resolve(this.#take());
			},
			giveWay: () => {
				stopWaiting();
				this.#line.remove(client, waiter);
				reject(this.#overloaded());
			}
		};
		const leave = () => {
			stopWaiting();
			this.#line.remove(client, waiter);
			reject(cancelledError(signal));
		};
		if (this.#longestWaitMs !== undefined) timer = setTimeout(waiter.giveWay, this.#longestWaitMs);
		this.#line.add(client, waiter);
		if (signal.aborted) leave();
		else signal.addEventListener('abort', leave, { once: true });
		// Whoever joins may leave before waiting for it.
		promise.catch(() => {});
		return { granted: promise, ahead: () => this.#line.ahead(client, waiter) };
	}

	#take(): Release {
		this.#running += 1;
		const startedAt = performance.now();
		let isHeld = true;
		return () => {
			if (!isHeld) return;
			isHeld = false;
			this.#running -= 1;
			this.#averageMs += (performance.now() - startedAt - this.#averageMs) * 0.2;
			this.#line.next()?.enter();
		};
	}

	#overloaded(): AppError {
		const seconds = Math.ceil((this.#averageMs * (this.#line.size + 1)) / this.#limit / 1000);
		const retryAfterSeconds = Math.min(LONGEST_RETRY_S, Math.max(1, seconds));
		return new AppError(
			'overloaded',
			`Too many answers are being written. Ask again in ${retryAfterSeconds} seconds.`,
			{ retryAfterSeconds }
		);
	}
}
