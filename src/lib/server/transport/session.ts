import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ApiKey } from '#lib/server/config/api-keys.ts';

/** How long a log-in lasts, in milliseconds. */
const LIFETIME_MS = 7 * 24 * 3_600_000;
/** Sessions ended by their reader that are remembered; there are more only if somebody with a key makes them. */
const MAX_ENDED = 10_000;

/** Names a key without telling it. */
export function keyId({ hash }: ApiKey): string {
	return hash.toString('hex', 0, 8);
}

/**
 * Log-ins of browsers. A session is a token, `<key id>.<time of its end>.<signature>`: it holds no key, needs no storage, and
 * is over as soon as its key is taken out of the settings.
 */
export class Sessions {
	readonly #keys: readonly ApiKey[];
	readonly #readSecret: () => Buffer;
	#secret: Buffer | undefined;
	/** Signatures of sessions that were ended early, with the time until which they must be remembered. */
	readonly #ended = new Map<string, number>();

	/** @param readSecret gives what tokens are signed with; asked for at the first log-in. */
	constructor(keys: readonly ApiKey[], readSecret: () => Buffer) {
		this.#keys = keys;
		this.#readSecret = readSecret;
	}

	/** A token for who has shown a key, and how long it lasts, in seconds. */
	begin(key: ApiKey): { token: string; maxAgeSeconds: number } {
		const end = Date.now() + LIFETIME_MS;
		return {
			token: `${keyId(key)}.${end}.${this.#sign(key, end)}`,
			maxAgeSeconds: LIFETIME_MS / 1000
		};
	}

	/** The key that a token stands for; null when it is forged, over, or its key is no longer valid. */
	find(token: string): ApiKey | null {
		const [, id, digits, signature] = /^([0-9a-f]{16})\.(\d{13})\.([\w-]{43})$/.exec(token) ?? [];
		if (!id || !digits || !signature) return null;
		const key = this.#keys.find((one) => keyId(one) === id);
		const end = Number(digits);
		if (!key || end <= Date.now() || this.#ended.has(signature)) return null;
		const expected = Buffer.from(this.#sign(key, end));
		return timingSafeEqual(expected, Buffer.from(signature)) ? key : null;
	}

	/** Ends a session before its time, also for whoever has a copy of the token; until the next start of the server. */
	end(token: string): void {
		if (!this.find(token)) return;
		const [, digits, signature] = token.split('.') as [string, string, string];
		for (const [ended, until] of this.#ended) if (until <= Date.now()) this.#ended.delete(ended);
		const oldest = this.#ended.keys().next().value;
		if (this.#ended.size >= MAX_ENDED && oldest !== undefined) this.#ended.delete(oldest);
		this.#ended.set(signature, Number(digits));
	}

	#sign({ hash, scope }: ApiKey, end: number): string {
		this.#secret ??= this.#readSecret();
		return createHmac('sha256', this.#secret)
			.update(`session ${scope} ${end} `)
			.update(hash)
			.digest('base64url');
	}
}
