/** Hands values from a producer that pushes to one consumer that pulls, in order; nothing is lost or repeated. */
export class EventQueue<T> implements AsyncIterableIterator<T, void, undefined> {
	readonly #values: T[] = [];
	readonly #onReturn: () => void;
	#waiting: PromiseWithResolvers<IteratorResult<T, void>> | undefined;
	#ended = false;
	#failure: { error: unknown } | undefined;

	/** @param onReturn is called when the consumer leaves its loop. */
	constructor(onReturn: () => void) {
		this.#onReturn = onReturn;
	}

	push(value: T): void {
		if (this.#ended) return;
		if (this.#waiting) this.#answer({ done: false, value });
		else this.#values.push(value);
	}

	/** The consumer gets what was pushed before, then the end. */
	end(): void {
		this.#ended = true;
		this.#answer({ done: true, value: undefined });
	}

	/** The consumer gets what was pushed before, then the error, once. */
	fail(error: unknown): void {
		if (this.#ended) return;
		this.#ended = true;
		if (!this.#waiting) this.#failure = { error };
		this.#waiting?.reject(error);
		this.#waiting = undefined;
	}

	async next(): Promise<IteratorResult<T, void>> {
		if (this.#values.length > 0) return { done: false, value: this.#values.shift()! };
		if (this.#failure) {
			const { error } = this.#failure;
			this.#failure = undefined;
			throw error;
		}
		if (this.#ended) return { done: true, value: undefined };
		this.#waiting ??= Promise.withResolvers();
		return this.#waiting.promise;
	}

	async return(): Promise<IteratorResult<T, void>> {
		this.#values.length = 0;
		this.#failure = undefined;
		this.end();
		this.#onReturn();
		return { done: true, value: undefined };
	}

	[Symbol.asyncIterator](): this {
		return this;
	}

	#answer(result: IteratorResult<T, void>): void {
		this.#waiting?.resolve(result);
		this.#waiting = undefined;
	}
}
