import { AppError } from '#lib/server/error.ts';
import { CountByName } from './count-by-name.ts';

/** Nobody knows when an answer ends, so whoever has too many is told to come back soon, in seconds. */
const RETRY_AFTER_S = 2;

/** How many answers each client has that are being written or wait for their turn, with a limit. */
export class ClientShare {
	readonly #limit: number | undefined;
	readonly #open = new CountByName();

	/** @param limit answers of one client at once; undefined means no limit. */
	constructor(limit: number | undefined) {
		this.#limit = limit;
	}

	/** Counts nothing. @throws AppError `rate_limited` when the client has as many as it may. */
	require(client: string): void {
		if (this.#limit === undefined || this.#open.of(client) < this.#limit) return;
		const answers = this.#limit === 1 ? 'one answer' : `${this.#limit} answers`;
		throw new AppError(
			'rate_limited',
			`No more than ${answers} of one client may be written or wait at once. Ask again when one has ended.`,
			{ retryAfterSeconds: RETRY_AFTER_S }
		);
	}

	/**
	 * Counts an answer until the function that it returns is called, once.
	 * @throws AppError `rate_limited`.
	 */
	take(client: string): () => void {
		this.require(client);
		if (this.#limit === undefined) return () => {};
		this.#open.add(client);
		return () => this.#open.remove(client);
	}
}
