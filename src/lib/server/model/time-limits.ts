import { AppError, cancelledError } from '#lib/server/error.ts';

export type TimeLimit = 'headers' | 'first_token' | 'idle' | 'total';

const sentences: Record<TimeLimit, (endpoint: string, seconds: string) => string> = {
	headers: (endpoint, seconds) =>
		`The ${endpoint} endpoint did not take the request within ${seconds}. Check that it is running, then try again. A model that is loaded first may need a larger CONNECT_TIMEOUT_MS.`,
	first_token: (endpoint, seconds) =>
		`The ${endpoint} endpoint did not begin to answer within ${seconds}. Try again later, or set a larger FIRST_TOKEN_TIMEOUT_MS.`,
	idle: (endpoint, seconds) =>
		`The ${endpoint} endpoint fell silent for ${seconds} in the middle of the answer. Ask again.`,
	total: (endpoint, seconds) => `The ${endpoint} endpoint did not finish within ${seconds}. Try again later.`
};

/**
 * The clocks of one call to an endpoint: a limit for the whole, and one for the wait for the next sign of life. Whichever runs out
 * first, and the caller's own signal, abort `signal`, and with it the request. The second one runs only during
 * `during`: time that a slow reader takes is not the endpoint's.
 */
export class TimeLimits {
	/** The limit that ran out; null while none has. */
	expired: TimeLimit | null = null;
	readonly #controller = new AbortController();
	readonly #caller: AbortSignal;
	readonly #startedAt = performance.now();
	readonly #totalMs: number;
	readonly #endpoint: string;
	readonly #totalTimer: NodeJS.Timeout;
	/** Null while the wait is one that may end without harm. */
	#limit: TimeLimit | null = 'total';
	#limitMs: number;
	/** What is left of the current wait while nothing is waited for, in milliseconds. */
	#leftMs: number;
	#isWaiting = false;
	/** When the current wait ends, on the clock of `performance.now()`. */
	#waitEnds = 0;
	#timer: NodeJS.Timeout | undefined;
	/** When the timer fires. That is left alone when the wait is put off, as every token does: it looks again when it fires. */
	#timerFires = 0;

	/**
	 * @param totalMs for everything from now on.
	 * @param endpoint what the sentence calls it, such as `model`.
	 */
	constructor(caller: AbortSignal, totalMs: number, endpoint: string) {
		this.#caller = caller;
		this.#endpoint = endpoint;
		this.#totalMs = this.#limitMs = this.#leftMs = totalMs;
		this.#totalTimer = setTimeout(() => this.#expire('total'), totalMs);
		caller.addEventListener('abort', this.#onAbort, { once: true });
		if (caller.aborted) this.stop();
	}

	/** Fires when a limit ran out, the caller cancelled, or the call was stopped. */
	get signal(): AbortSignal {
		return this.#controller.signal;
	}

	/** Time left for the whole, in milliseconds. */
	remainingMs(): number {
		return this.#totalMs - (performance.now() - this.#startedAt);
	}

	/**
	 * Begins a new wait: from now on this much time may be spent inside `during`.
	 * @param leftMs what is left of it, when a part of it has passed already.
	 */
	expect(limit: TimeLimit, milliseconds: number, leftMs = milliseconds): void {
		this.#limit = limit;
		this.#limitMs = milliseconds;
		this.#await(leftMs);
	}

	/** Begins a wait for what is not needed: when it runs out the connection is closed, and no limit has expired. */
	linger(milliseconds: number): void {
		this.#limit = null;
		this.#await(milliseconds);
	}

	/** Counts the time of this work against the current wait, and against those that begin while it goes on. */
	async during<T>(work: Promise<T>): Promise<T> {
		this.#isWaiting = true;
		this.#await(this.#leftMs);
		try {
			return await work;
		} finally {
			this.#isWaiting = false;
			clearTimeout(this.#timer);
			this.#timer = undefined;
			this.#leftMs = this.#waitEnds - performance.now();
		}
	}

	/** Closes the connection. */
	stop(): void {
		this.#controller.abort();
	}

	/** Why the call was aborted, as an error for the user; null when it was not. */
	reason(): AppError | null {
		if (this.#caller.aborted) return cancelledError(this.#caller);
		if (this.expired === null) return null;
		const milliseconds = this.expired === 'total' ? this.#totalMs : this.#limitMs;
		return new AppError('upstream_timeout', sentences[this.expired](this.#endpoint, inSeconds(milliseconds)));
	}

	/** Ends every clock and closes the connection if it is still open. */
	end(): void {
		clearTimeout(this.#totalTimer);
		this.#caller.removeEventListener('abort', this.#onAbort);
		this.stop();
	}

	readonly #onAbort = (): void => this.stop();

	#await(milliseconds: number): void {
		this.#leftMs = Math.max(0, milliseconds);
		if (!this.#isWaiting) return;
		this.#waitEnds = performance.now() + this.#leftMs;
		if (!this.#timer || this.#timerFires > this.#waitEnds) this.#wake(this.#leftMs);
	}

	#wake(milliseconds: number): void {
		clearTimeout(this.#timer);
		this.#timerFires = performance.now() + milliseconds;
		this.#timer = setTimeout(() => {
			const leftMs = this.#waitEnds - performance.now();
			if (leftMs > 0) this.#wake(Math.ceil(leftMs));
			else this.#expire(this.#limit);
		}, milliseconds);
	}

	#expire(limit: TimeLimit | null): void {
		if (this.signal.aborted) return;
		this.expired = limit;
		this.stop();
	}
}

function inSeconds(milliseconds: number): string {
	const seconds = milliseconds / 1000;
	return seconds === 1 ? '1 second' : `${seconds} seconds`;
}
