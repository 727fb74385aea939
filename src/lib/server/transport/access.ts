import { hashKey, parseApiKey, type ApiKey, type Scope } from '#lib/server/config/api-keys.ts';
import { AppError } from '#lib/server/error.ts';
import { bearerKey, findKey } from './api-key.ts';
import { EndedSessions } from './ended-sessions.ts';
import { KeyGuesses } from './key-guesses.ts';
import { sessionToken } from './session-cookie.ts';
import { keyId, Sessions } from './session.ts';

/** Who calls, as far as it matters. */
export interface Caller {
	scope: Scope;
	/** Tells callers apart without telling their key; null where no keys are set. */
	keyId: string | null;
	/** How it was shown: a program's header cannot be sent by a foreign page, a browser's cookie could be. */
	by: 'header' | 'session' | 'nothing';
}

const ANYBODY: Caller = { scope: 'admin', keyId: null, by: 'nothing' };

/** Knows the keys, and who comes with one. */
export class Access {
	readonly #keys: readonly ApiKey[];
	readonly #sessions: Sessions;
	readonly #guesses: KeyGuesses;

	/**
	 * @param entries of `API_KEYS`; none means that everybody may do everything.
	 * @param readSecret gives what sessions are signed with.
	 * @param ended remembers which sessions were ended; as long as the process lives unless it is given.
	 * @param guesses counts wrong keys.
	 */
	constructor(
		entries: readonly string[],
		readSecret: () => Buffer,
		ended = new EndedSessions(),
		guesses = new KeyGuesses()
	) {
		this.#keys = entries.map(parseApiKey).filter((key) => key !== null);
		this.#sessions = new Sessions(this.#keys, readSecret, ended);
		this.#guesses = guesses;
	}

	/** Whether a key is asked for. */
	get isRequired(): boolean {
		return this.#keys.length > 0;
	}

	/**
	 * Who sends these headers; null when a key is asked for and none that is valid is shown. A key in the header counts
	 * alone, even when it is wrong.
	 * @param address that they come from, by which wrong keys are counted.
	 * @throws AppError `rate_limited` after too many wrong keys.
	 */
	identify(headers: Headers, address = ''): Caller | null {
		if (!this.isRequired) return ANYBODY;
		const given = bearerKey(headers);
		if (given === '') return null;
		if (given !== null) return caller(this.#find(given, address), 'header');
		const token = sessionToken(headers);
		return token === null ? null : caller(this.#sessions.find(token), 'session');
	}

	/**
	 * Exchanges a key for a session.
	 * @param address that it comes from.
	 * @throws AppError `unauthorized` for a key that is not valid, `rate_limited` after too many of them.
	 */
	logIn(given: string, address = ''): { scope: Scope; token: string; maxAgeSeconds: number } {
		const key = this.#find(given, address);
		if (!key)
			throw new AppError('unauthorized', 'This key is not valid here. Check it for missing characters.');
		return { scope: key.scope, ...this.#sessions.begin(key) };
	}

	/** Ends the session that these headers carry, if they carry one. */
	logOut(headers: Headers): void {
		const token = sessionToken(headers);
		if (token !== null) this.#sessions.end(token);
	}

	#find(given: string, address: string): ApiKey | null {
		const key = findKey(given, this.#keys);
		this.#guesses.note(address, hashKey(given).toString('hex'), key !== null);
		return key;
	}
}

/**
 * @throws AppError `unauthorized` for nobody, `forbidden` for somebody whose key is for less.
 */
export function requireScope(caller: Caller | null, scope: Scope): void {
	if (!caller) {
		throw new AppError(
			'unauthorized',
			'A valid key is needed: send it in the header "Authorization: Bearer <key>", or log in at /login.'
		);
	}
	if (scope === 'admin' && caller.scope !== 'admin') {
		throw new AppError(
			'forbidden',
			'This key may ask questions, but not read traces and figures. Use a key with the scope "admin".'
		);
	}
}

function caller(key: ApiKey | null, by: 'header' | 'session'): Caller | null {
	return key && { scope: key.scope, keyId: keyId(key), by };
}
