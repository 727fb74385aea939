/** Why the trace store cannot be written, as `GET /readyz` names it. */
export type StoreTrouble = 'disk_full' | 'locked' | 'read_only' | 'closed' | 'failed';

/** What the operator can do about it, in a sentence. */
export const TROUBLE_SENTENCES: Readonly<Record<StoreTrouble, string>> = {
	disk_full: 'The disk of the data folder is full. Free some space; nothing needs to be restarted.',
	locked: 'Another process holds the trace database. It goes on when that process lets go of it.',
	read_only: 'The data folder is read-only. Make it writable; nothing needs to be restarted.',
	closed: 'The trace database is closed.',
	failed: 'The trace database cannot be written. The log of the server names the failure.'
};

/** Primary result codes of SQLite: https://www.sqlite.org/rescode.html */
const BY_RESULT_CODE: Readonly<Record<number, StoreTrouble>> = {
	5: 'locked',
	6: 'locked',
	8: 'read_only',
	13: 'disk_full'
};
const SQLITE_CONSTRAINT = 19;

/** Reads the reason out of what a store threw. */
export function storeTroubleOf(thrown: unknown): StoreTrouble {
	const cause = rootOf(thrown);
	const code = resultCode(cause);
	if (code !== null) return BY_RESULT_CODE[code] ?? 'failed';
	return cause instanceof Error && /not open/.test(cause.message) ? 'closed' : 'failed';
}

/** Whether the same write would fail again however often it is tried, such as a second trace of the same id. */
export function isHopeless(thrown: unknown): boolean {
	return resultCode(rootOf(thrown)) === SQLITE_CONSTRAINT;
}

function rootOf(thrown: unknown): unknown {
	let cause = thrown;
	while (cause instanceof Error && cause.cause !== undefined) cause = cause.cause;
	return cause;
}

/** Node and Deno give the extended code in `errcode`; its low byte is the primary one. */
function resultCode(cause: unknown): number | null {
	if (!(cause instanceof Error) || !('errcode' in cause) || typeof cause.errcode !== 'number') return null;
	return cause.errcode & 0xff;
}
