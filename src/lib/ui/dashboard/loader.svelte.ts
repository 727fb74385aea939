/**
 * One piece of data that is fetched again and again: what came last stays visible while the next is on its way, and
 * an answer that was overtaken by a later request is thrown away.
 */
export class Loader<T> {
	/** Last that came; null before the first. */
	data = $state.raw<T | null>(null);
	/** Why the last request failed; null once one succeeds. */
	error = $state.raw<unknown>(null);
	/** Whether a request is on its way. */
	busy = $state(false);
	#latest = 0;

	async load(fetch: () => Promise<T>): Promise<void> {
		const request = ++this.#latest;
		this.busy = true;
		try {
			const data = await fetch();
			if (request !== this.#latest) return;
			this.data = data;
			this.error = null;
		} catch (thrown) {
			if (request === this.#latest) this.error = thrown;
		} finally {
			if (request === this.#latest) this.busy = false;
		}
	}
}
