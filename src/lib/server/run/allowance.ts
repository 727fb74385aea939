import type { ClientCap } from './client-cap.ts';
import { ClientShare } from './client-share.ts';
import type { DailyCaps, Settle } from './daily-caps.ts';
import { RateLimit } from './rate-limit.ts';

/** What may be asked: so much a minute and a day and so many at once by each client, and so much a day by all of them together. */
export class Allowance {
	readonly #rate: RateLimit;
	readonly #caps: DailyCaps | undefined;
	readonly #share: ClientShare;
	readonly #clientCap: ClientCap | undefined;

	/** @param caps absent sets none. @param clientCap absent sets none. */
	constructor(
		rate = new RateLimit(undefined),
		caps?: DailyCaps,
		share = new ClientShare(undefined),
		clientCap?: ClientCap
	) {
		this.#rate = rate;
		this.#caps = caps;
		this.#share = share;
		this.#clientCap = clientCap;
	}

	/** Counts nothing. @param client undefined for the command line, which has no rate. @throws AppError `rate_limited`. */
	require(client: string | undefined): void {
		if (client !== undefined) {
			this.#share.require(client);
			this.#rate.require(client);
			this.#clientCap?.require(client);
		}
		this.#caps?.require();
	}

	/** Counts a question, to be settled when its answer has ended. @throws AppError `rate_limited`. */
	take(client: string | undefined): Settle {
		this.require(client);
		if (client !== undefined) this.#rate.take(client);
		const leave = client === undefined ? () => {} : this.#share.take(client);
		const settle = this.#caps?.open();
		const settleClient = client === undefined ? undefined : this.#clientCap?.open(client);
		return (trace) => {
			leave();
			settle?.(trace);
			settleClient?.(trace);
		};
	}

	/** Counts a search, which no cap is for. @throws AppError `rate_limited`. */
	takeSearch(client: string | undefined): void {
		if (client !== undefined) this.#rate.take(client);
	}
}
