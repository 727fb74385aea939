import { createHash, timingSafeEqual } from 'node:crypto';
import { AppError } from '#lib/server/error.ts';

/**
 * Checks the key of a caller, in constant time.
 * @param keys that are valid; none means that no key is asked for.
 * @throws AppError `unauthorized`.
 */
export function requireApiKey(headers: Headers, keys: readonly string[]): void {
	if (keys.length === 0) return;
	const [, given] = /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '') ?? [];
	// Hashes have one length, and every key is compared, so that neither length nor place shows in the time.
	const hash = digest(given ?? '');
	const matches = keys.filter((key) => timingSafeEqual(digest(key), hash));
	if (given && matches.length > 0) return;
	throw new AppError('unauthorized', 'Send a valid key in the header "Authorization: Bearer <key>".');
}

function digest(text: string): Buffer {
	return createHash('sha256').update(text).digest();
}
