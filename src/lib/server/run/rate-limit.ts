import { AppError } from '#lib/server/error.ts';

interface Bucket {
	tokens: number;
	/** Moment of the last refill, in milliseconds of the clock. */
	at: number;
}

type RefusalSentence = (perMinute: number, retryAfterSeconds: number) => string;

const tooManyQuestions: RefusalSentence = (perMinute, seconds) =>
	`No more than ${perMinute} questions a minute are taken from one client. Ask again in ${seconds} seconds.`;

/** Clients remembered at once; beyond it those who could ask at full rate again are forgotten, then the oldest. */
const MOST_CLIENTS = 100_000;
const MINUTE_MS = 60_000;

/**
 * A token bucket for each client: it holds one minute's questions and refills evenly, so that a burst is served and the
 * mean holds. https://en.wikipedia.org/wiki/Token_bucket
 */
export class RateLimit {
	readonly #perMinute: number | undefined;
	readonly #clock: () => number;
	readonly #sentence: RefusalSentence;
	readonly #buckets = new Map<string, Bucket>();

	/**
	 * @param perMinute questions a minute of one client; undefined means no limit.
	 * @param clock monotonic, in milliseconds.
	 * @param sentence says what is refused, where it is not a question.
	 */
	constructor(
		perMinute: number | undefined,
		clock: () => number = () => performance.now(),
		sentence: RefusalSentence = tooManyQuestions
	) {
		this.#perMinute = perMinute;
		this.#clock = clock;
		this.#sentence = sentence;
	}

	/** Clients that are remembered. */
	get size(): number {
		return this.#buckets.size;
	}

	/** @throws AppError `rate_limited` when the client has no question left; nothing is counted. */
	require(client: string): void {
		const perMinute = this.#perMinute;
		if (perMinute === undefined) return;
		const tokens = this.#level(client, perMinute);
		if (tokens >= 1) return;
		const seconds = Math.max(1, Math.ceil(((1 - tokens) * MINUTE_MS) / perMinute / 1000));
		throw new AppError('rate_limited', this.#sentence(perMinute, seconds), { retryAfterSeconds: seconds });
	}

	/** Counts a question. @throws AppError `rate_limited`. */
	take(client: string): void {
		this.require(client);
		if (this.#perMinute === undefined) return;
		const tokens = this.#level(client, this.#perMinute) - 1;
		this.#buckets.delete(client);
		if (this.#buckets.size >= MOST_CLIENTS) this.#forget(this.#perMinute);
		this.#buckets.set(client, { tokens, at: this.#clock() });
	}

	#level(client: string, perMinute: number): number {
		const bucket = this.#buckets.get(client);
		if (!bucket) return perMinute;
		return Math.min(perMinute, bucket.tokens + ((this.#clock() - bucket.at) * perMinute) / MINUTE_MS);
	}

	/** In the order of their last question, so the first are the fullest. */
	#forget(perMinute: number): void {
		for (const client of this.#buckets.keys()) {
			if (this.#buckets.size < MOST_CLIENTS && this.#level(client, perMinute) < perMinute) return;
			this.#buckets.delete(client);
		}
	}
}
