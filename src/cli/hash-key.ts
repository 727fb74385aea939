import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { hashKey as hash, parseApiKey, type Scope } from '#lib/server/config/api-keys.ts';
import { AppError } from '#lib/server/error.ts';
import { writeJson, writeLine } from './terminal.ts';

/**
 * Makes a key, or takes one from standard input (an argument would stay in the shell's history), and its entry for
 * `API_KEYS`.
 * @throws AppError `invalid_request` for a key that cannot be one.
 */
export async function hashKey({ scope, stdin, json }: { scope: Scope; stdin?: boolean; json?: boolean }) {
	const key = stdin
		? (await text(process.stdin)).trim()
		: `citelight-${randomBytes(24).toString('base64url')}`;
	if (key.includes(':') || key.includes(',') || !parseApiKey(key)) {
		throw new AppError('invalid_request', 'A key is printable ASCII without spaces, commas and colons.');
	}
	const entry = `${scope}:sha256:${hash(key).toString('hex')}`;
	if (json) return writeJson({ key, entry });
	writeLine(`Key:               ${key}`);
	writeLine(`Entry of API_KEYS: ${entry}`);
}
