import { RateLimit } from '#lib/server/run/rate-limit.ts';

/** Different wrong keys that may be tried from one address in a minute. */
export const GUESSES_PER_ADDRESS = 20;
/** The same from all addresses together: so many that nobody shuts newcomers out with a handful of addresses. */
export const GUESSES_IN_ALL = 2000;
/** Keys remembered with the address that showed them, right ones and wrong ones. */
const MOST_REMEMBERED = 10_000;
const EVERYBODY = '';

/**
 * Keeps keys from being guessed: so many different wrong ones a minute, then no key that is new at its address is looked
 * at, right or wrong, because an answer would still tell which of the two it was. A key that has been right at its address
 * goes on working all the same, so a guesser locks out none of those who share the address with it. The same wrong key
 * sent again is no guess: a program with a mistyped one hears that it is wrong, however often it tries.
 */
export class KeyGuesses {
	readonly #byAddress: RateLimit;
	readonly #inAll: RateLimit;
	readonly #right = new RecentNames(MOST_REMEMBERED);
	readonly #wrong = new RecentNames(MOST_REMEMBERED);

	/** @param clock monotonic, in milliseconds. */
	constructor(clock?: () => number) {
		this.#byAddress = new RateLimit(GUESSES_PER_ADDRESS, clock, tooManyGuesses);
		this.#inAll = new RateLimit(GUESSES_IN_ALL, clock, tooManyGuesses);
	}

	/**
	 * Takes down that a key was shown.
	 * @param address of who has shown it.
	 * @param keyName tells keys apart; never the key.
	 * @throws AppError `rate_limited` when it must not be told whether the key is right.
	 */
	note(address: string, keyName: string, isRight: boolean): void {
		const name = `${keyName} ${address}`;
		if (this.#right.has(name) || this.#wrong.has(name)) return;
		this.#inAll.require(EVERYBODY);
		this.#byAddress.require(address);
		if (isRight) this.#right.add(name);
		else {
			this.#wrong.add(name);
			this.#inAll.take(EVERYBODY);
			this.#byAddress.take(address);
		}
	}
}

function tooManyGuesses(_perMinute: number, seconds: number): string {
	return `Too many wrong keys were tried. Try again in ${seconds} seconds.`;
}

/** The names that were used last, up to a number. */
class RecentNames {
	readonly #most: number;
	readonly #names = new Set<string>();

	constructor(most: number) {
		this.#most = most;
	}

	/** Counts as a use. */
	has(name: string): boolean {
		if (!this.#names.delete(name)) return false;
		this.#names.add(name);
		return true;
	}

	add(name: string): void {
		const oldest = this.#names.keys().next().value;
		if (this.#names.size >= this.#most && oldest !== undefined) this.#names.delete(oldest);
		this.#names.add(name);
	}
}
