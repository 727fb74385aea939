import { AppError } from '#lib/server/error.ts';
import type { ClientSpendingStore } from '#lib/server/store/client-spending.ts';
import { CountByName } from './count-by-name.ts';
import { dayOf, FIRST_GUESS_TOKENS, secondsLeft, tokensOf, type Settle } from './daily-caps.ts';
import { RepeatedFailureLog } from './failure-log.ts';

export interface ClientCapOptions {
	store: ClientSpendingStore;
	/** Tokens a UTC day of one client, prompts and answers together. */
	tokens: number;
	now?: () => Date;
}

/**
 * A cap on what the answers of one client use in a UTC day, so that one cannot use up what all may. Like the cap of all, it refuses
 * before anything is spent, by what was used and what the client's answers that are being written will need.
 */
export class ClientCap {
	readonly #options: ClientCapOptions;
	readonly #now: () => Date;
	readonly #writing = new CountByName();
	readonly #failures = new RepeatedFailureLog();

	constructor(options: ClientCapOptions) {
		this.#options = options;
		this.#now = options.now ?? (() => new Date());
	}

	/** @throws AppError `rate_limited` until the day is over. */
	require(client: string): void {
		const now = this.#now();
		const { answers, tokens } = this.#options.store.spent(dayOf(now), client);
		const usual = answers > 0 ? tokens / answers : FIRST_GUESS_TOKENS;
		if (tokens + this.#writing.of(client) * usual < this.#options.tokens) return;
		throw new AppError(
			'rate_limited',
			`The ${this.#options.tokens} tokens of one client a day are used up. Ask again after midnight UTC.`,
			{ retryAfterSeconds: secondsLeft(now) }
		);
	}

	/** Takes down that an answer has begun; to be settled at its end. */
	open(client: string): Settle {
		this.#writing.add(client);
		return (trace) => {
			this.#writing.remove(client);
			try {
				this.#options.store.add(dayOf(this.#now()), client, tokensOf(trace));
			} catch (thrown) {
				this.#failures.note('writing down what a client has used', thrown);
			}
		};
	}
}
