import type { DailyCaps, Settle } from './daily-caps.ts';
import { RateLimit } from './rate-limit.ts';

/** What may be asked: so much a minute by each client, and so much a day by all of them together. */
export class Allowance {
	readonly #rate: RateLimit;
	readonly #caps: DailyCaps | undefined;

	/** @param caps absent sets none. */
	constructor(rate = new RateLimit(undefined), caps?: DailyCaps) {
		this.#rate = rate;
		this.#caps = caps;
	}

	/** Counts nothing. @param client undefined for the command line, which has no rate. @throws AppError `rate_limited`. */
	require(client: string | undefined): void {
		if (client !== undefined) this.#rate.require(client);
		this.#caps?.require();
	}

	/** Counts a question. @throws AppError `rate_limited`. */
	take(client: string | undefined): Settle {
		this.#caps?.require();
		if (client !== undefined) this.#rate.take(client);
		return this.#caps?.open() ?? (() => {});
	}

	/** Counts a search, which no cap is for. @throws AppError `rate_limited`. */
	takeSearch(client: string | undefined): void {
		if (client !== undefined) this.#rate.take(client);
	}
}
