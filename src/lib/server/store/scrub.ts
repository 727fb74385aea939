/** Until what is tried again, in milliseconds; doubled each time, up to the last. */
const FIRST_RETRY_MS = 20;
const LAST_RETRY_MS = 1000;

/**
 * Sees to it that what has been deleted is taken out of the files, however often that has to be tried: while somebody is reading an
 * older state of the database, here or in another process, it cannot be done.
 */
export class Scrubber {
	readonly #erase: () => Promise<boolean>;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#isErasing = false;
	#isStopped = false;
	#isWantedAgain = false;
	#retryMs = FIRST_RETRY_MS;
	#done: PromiseWithResolvers<void> | undefined;

	/** @param erase resolves to whether all that was deleted before it was called is gone; never rejects. */
	constructor(erase: () => Promise<boolean>) {
		this.#erase = erase;
	}

	/** To be called after rows have been deleted. */
	scrub(): void {
		this.#done ??= Promise.withResolvers();
		this.#isWantedAgain = true;
		void this.#proceed();
	}

	/** Resolves when nothing is left of what was deleted, or the signal fires. */
	async erased(signal: AbortSignal): Promise<void> {
		if (!this.#done || signal.aborted) return;
		const { promise, resolve } = Promise.withResolvers<void>();
		const leave = () => resolve();
		signal.addEventListener('abort', leave);
		await Promise.race([this.#done.promise, promise]);
		signal.removeEventListener('abort', leave);
	}

	/** Tries no more; to be called before the database is closed. */
	stop(): void {
		this.#isStopped = true;
		clearTimeout(this.#timer);
		this.#done?.resolve();
	}

	async #proceed(): Promise<void> {
		if (this.#isErasing || this.#isStopped) return;
		clearTimeout(this.#timer);
		this.#isErasing = true;
		this.#isWantedAgain = false;
		const isErased = await this.#erase();
		this.#isErasing = false;
		if (this.#isStopped) return;
		if (!isErased) {
			this.#timer = setTimeout(() => void this.#proceed(), this.#retryMs);
			this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS);
			return;
		}
		this.#retryMs = FIRST_RETRY_MS;
		if (this.#isWantedAgain) return this.#proceed();
		this.#done?.resolve();
		this.#done = undefined;
	}
}
