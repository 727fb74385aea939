import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { logFailure } from '#lib/server/run/failure-log.ts';

/** Ended sessions that are remembered; there are more only if somebody with a key makes them. */
const MOST_REMEMBERED = 10_000;

/**
 * Sessions that their reader has ended before their time, so that no copy of a cookie comes back to life; each until it
 * would be over anyway. They are kept in a file of the data folder, a line each, and so outlive the process.
 */
export class EndedSessions {
	readonly #path: string | null;
	/** Signatures, with the time until which they must be remembered; in the order in which they were ended. */
	#known: Map<string, number> | undefined;

	/** @param dataFolder null keeps them as long as the process lives. */
	constructor(dataFolder: string | null = null) {
		this.#path = dataFolder === null ? null : join(dataFolder, 'ended-sessions');
	}

	has(signature: string): boolean {
		return this.#ended.has(signature);
	}

	/** @param until when the session would be over by itself, in milliseconds since the epoch. */
	add(signature: string, until: number): void {
		for (const [ended, end] of this.#ended) if (end <= Date.now()) this.#ended.delete(ended);
		const oldest = this.#ended.keys().next().value;
		if (this.#ended.size >= MOST_REMEMBERED && oldest !== undefined) this.#ended.delete(oldest);
		this.#ended.set(signature, until);
		if (this.#path !== null) keep(this.#path, `\n${line(signature, until)}`);
	}

	/** Read at first use: the commands of the command line, which know no sessions, leave the file alone. */
	get #ended(): Map<string, number> {
		this.#known ??= this.#path === null ? new Map<string, number>() : load(this.#path);
		return this.#known;
	}
}

function load(path: string): Map<string, number> {
	const kept = [...readOrNothing(path).matchAll(/^(\d{13}) ([\w-]{43})$/gm)].map(
		([, until, signature]) => [signature!, Number(until)] as const
	);
	const needed = new Map(kept.filter(([, until]) => until > Date.now()));
	if (needed.size < kept.length) {
		rewrite(path, [...needed].map(([signature, until]) => line(signature, until)).join('\n'));
	}
	return needed;
}

const line = (signature: string, until: number) => `${until} ${signature}`;

function readOrNothing(path: string): string {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		return '';
	}
}

/** The file as it was stays when the new one cannot be written: it only says more than it need. */
function rewrite(path: string, text: string): void {
	const fresh = `${path}.new`;
	try {
		writeFileSync(fresh, text, { mode: 0o600 });
		renameSync(fresh, path);
	} catch {
		rmSync(fresh, { force: true });
	}
}

/** Where it cannot be kept, the session is over as long as the process lives; whoever runs the server reads why. */
function keep(path: string, text: string): void {
	try {
		mkdirSync(dirname(path), { recursive: true });
		appendFileSync(path, text, { mode: 0o600 });
	} catch (thrown) {
		logFailure('keeping a log-out', thrown);
	}
}
