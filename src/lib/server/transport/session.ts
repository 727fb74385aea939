import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ApiKey } from '#lib/server/config/api-keys.ts';
import type { EndedSessions } from './ended-sessions.ts';

/** How long a log-in lasts, in milliseconds. */
const LIFETIME_MS = 7 * 24 * 3_600_000;
const NAME_BYTES = 8;
const TOKEN = /^([0-9a-f]{16})\.(\d{13})\.([0-9a-f]{16})\.([\w-]{43})$/;

/** Names a key without telling it. */
export function keyId({ hash }: ApiKey): string {
	return hash.toString('hex', 0, 8);
}

/**
 * Log-ins of browsers. A session is a token, `<key id>.<time of its end>.<name>.<signature>`: it holds no key, needs no storage, and
 * is over as soon as its key is taken out of the settings.
 */
export class Sessions {
	readonly #keys: readonly ApiKey[];
	readonly #readSecret: () => Buffer;
	#secret: Buffer | undefined;
	readonly #ended: EndedSessions;

	/** @param readSecret gives what tokens are signed with; asked for at the first log-in. */
	constructor(keys: readonly ApiKey[], readSecret: () => Buffer, ended: EndedSessions) {
		this.#keys = keys;
		this.#readSecret = readSecret;
		this.#ended = ended;
	}

	/** A token for who has shown a key, and how long it lasts, in seconds. */
	begin(key: ApiKey): { token: string; maxAgeSeconds: number } {
		const end = Date.now() + LIFETIME_MS;
		// Two that begin in the same millisecond are two: each can be ended alone.
		const name = randomBytes(NAME_BYTES).toString('hex');
		return {
			token: `${keyId(key)}.${end}.${name}.${this.#sign(key, end, name)}`,
			maxAgeSeconds: LIFETIME_MS / 1000
		};
	}

	/** The key that a token stands for; null when it is forged, over, or its key is no longer valid. */
	find(token: string): ApiKey | null {
		const [, id, digits, name, signature] = TOKEN.exec(token) ?? [];
		if (!id || !digits || !name || !signature) return null;
		const key = this.#keys.find((one) => keyId(one) === id);
		const end = Number(digits);
		if (!key || end <= Date.now() || this.#ended.has(signature)) return null;
		const expected = Buffer.from(this.#sign(key, end, name));
		return timingSafeEqual(expected, Buffer.from(signature)) ? key : null;
	}

	/** Ends a session before its time, also for whoever has a copy of the token. */
	end(token: string): void {
		if (!this.find(token)) return;
		const [, digits, , signature] = token.split('.') as [string, string, string, string];
		this.#ended.add(signature, Number(digits));
	}

	#sign({ hash, scope }: ApiKey, end: number, name: string): string {
		this.#secret ??= this.#readSecret();
		return createHmac('sha256', this.#secret)
			.update(`session ${scope} ${end} ${name} `)
			.update(hash)
			.digest('base64url');
	}
}
