import { AppError, cancelledError } from '#lib/server/error.ts';

/** Leaves the queue or gives the place back; only the first call counts. */
export type Release = () => void;

/** Durations before any answer has finished are guessed, in milliseconds. */
const FIRST_GUESS_MS = 5000;

/** A limit on answers at once, with a bounded queue served in the order of arrival. */
export class AnswerQueue {
	readonly #limit: number;
	readonly #queueLimit: number;
	readonly #waiting = new Set<() => void>();
	#running = 0;
	#averageMs = FIRST_GUESS_MS;

	/**
	 * @param limit answers at once.
	 * @param queueLimit how many may wait beyond that.
	 */
	constructor(limit: number, queueLimit: number) {
		this.#limit = limit;
		this.#queueLimit = queueLimit;
	}

	get running(): number {
		return this.#running;
	}

	get waiting(): number {
		return this.#waiting.size;
	}

	/** @throws AppError `overloaded` when neither a place nor a place in the queue is free. */
	requireRoom(): void {
		if (this.#running < this.#limit || this.#waiting.size < this.#queueLimit) return;
		const seconds = Math.ceil((this.#averageMs * (this.#waiting.size + 1)) / this.#limit / 1000);
		const retryAfterSeconds = Math.min(120, Math.max(1, seconds));
		throw new AppError(
			'overloaded',
			`Too many answers are being written. Ask again in ${retryAfterSeconds} seconds.`,
			{ retryAfterSeconds }
		);
	}

	/**
	 * Takes a place, or waits for one in the order of arrival. Place or queue position are taken before this returns.
	 * @throws AppError `overloaded` at once when there is no room; `cancelled` when the signal fires while waiting.
	 */
	acquire(signal: AbortSignal): Promise<Release> {
		this.requireRoom();
		if (this.#running < this.#limit) return Promise.resolve(this.#take());
		const { promise, resolve, reject } = Promise.withResolvers<Release>();
		const enter = () => {
			signal.removeEventListener('abort', giveUp);
			resolve(this.#take());
		};
		const giveUp = () => {
			this.#waiting.delete(enter);
			reject(cancelledError(signal));
		};
		this.#waiting.add(enter);
		signal.addEventListener('abort', giveUp, { once: true });
		return promise;
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
			const [next] = this.#waiting;
			if (!next) return;
			this.#waiting.delete(next);
			next();
		};
	}
}
