import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BYTES = 32;

/**
 * What sessions are signed with: made once and kept in the data folder, readable by its owner only, so that a restart logs
 * nobody out. Where it cannot be kept it lasts as long as the process.
 */
export function sessionSecret(dataFolder: string): Buffer {
	const path = join(dataFolder, 'session-secret');
	const fresh = randomBytes(BYTES);
	try {
		mkdirSync(dataFolder, { recursive: true });
		// Fails when it is there: of two processes that start at once, both use what the first has written.
		writeFileSync(path, fresh, { mode: 0o600, flag: 'wx' });
		return fresh;
	} catch {
		return readSecret(path) ?? fresh;
	}
}

function readSecret(path: string): Buffer | null {
	try {
		const kept = readFileSync(path);
		return kept.length === BYTES ? kept : null;
	} catch {
		return null;
	}
}
