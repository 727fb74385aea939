import { createHash } from 'node:crypto';

/** What a key opens: `ask` asks, searches and rates; `admin` does that and reads traces and figures. */
export type Scope = 'ask' | 'admin';

/** A key as the doors know it: never the key itself. */
export interface ApiKey {
	scope: Scope;
	/** SHA-256 of the key, 32 bytes. Keys are long and random, so a slow hash would add nothing but work. */
	hash: Buffer;
}

/** `ask:`, `admin:` or nothing, then `sha256:` and a hash, or the key; no commas, colons or spaces within a key. */
const ENTRY =
	/^(?:(?<scope>ask|admin):)?(?:sha256:(?<hash>[0-9a-f]{64})|(?!sha256$)(?<key>[\x21-\x2b\x2d-\x39\x3b-\x7e]+))$/i;

/** The hash under which a key is known. */
export function hashKey(key: string): Buffer {
	return createHash('sha256').update(key).digest();
}

/**
 * One entry of `API_KEYS`: `ask:<key>`, `admin:<key>` or a bare `<key>`, which is an `admin` one; in place of a key may stand
 * `sha256:<its hash in hex>`.
 * @returns null when the entry is none of these.
 */
export function parseApiKey(entry: string): ApiKey | null {
	const { scope = 'admin', hash, key } = ENTRY.exec(entry)?.groups ?? {};
	if (hash) return { scope: scope.toLowerCase() as Scope, hash: Buffer.from(hash, 'hex') };
	return key ? { scope: scope.toLowerCase() as Scope, hash: hashKey(key) } : null;
}

/** The keys that were written out in the settings, so that they can be struck out of texts. */
export function plainKeys(entries: readonly string[]): string[] {
	return entries.flatMap((entry) => ENTRY.exec(entry)?.groups?.key ?? []);
}
