import { timingSafeEqual } from 'node:crypto';
import { hashKey, type ApiKey } from '#lib/server/config/api-keys.ts';

/** The key in `Authorization: Bearer <key>`; '' for a header of another kind, null without the header. */
export function bearerKey(headers: Headers): string | null {
	const header = headers.get('authorization');
	if (header === null) return null;
	return /^Bearer +(\S+) *$/i.exec(header)?.[1] ?? '';
}

/**
 * Finds a key among the valid ones, in constant time: hashes have one length, and every one is compared, so that neither
 * length nor place shows in the time. A key that is listed twice counts with its wider scope.
 */
export function findKey(given: string, keys: readonly ApiKey[]): ApiKey | null {
	const hash = hashKey(given);
	const found = keys.filter((key) => timingSafeEqual(key.hash, hash));
	return found.find(({ scope }) => scope === 'admin') ?? found[0] ?? null;
}
