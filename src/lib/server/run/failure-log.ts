import { AppError } from '#lib/server/error.ts';

const MAX_LINES = 40;
/** A failure that comes with every answer is logged at most this often, in milliseconds. */
const LOG_EVERY_MS = 60_000;

/**
 * Writes an unexpected failure to stderr: where, its class, and the places of the code it passed through. Its message
 * stays out, because messages may quote questions, answers or keys; so does everything else that somebody outside may
 * have written into it.
 * @param where what was being done, in a few words.
 */
export function logFailure(where: string, thrown: unknown): void {
	const lines = [`citelight: ${where} failed`];
	for (let error = thrown; error instanceof Error && lines.length < MAX_LINES; error = error.cause) {
		lines.push(`  ${nameOf(error)}`, ...frames(error));
	}
	process.stderr.write(`${lines.slice(0, MAX_LINES).join('\n')}\n`);
}

/** `logFailure` for what fails again and again: once a minute. */
export class RepeatedFailureLog {
	#loggedAt = -Infinity;

	note(where: string, thrown: unknown): void {
		const now = performance.now();
		if (now - this.#loggedAt < LOG_EVERY_MS) return;
		this.#loggedAt = now;
		logFailure(where, thrown);
	}
}

/** Class and code; a name that is not like one of a class, or a code not like one of the system, says nothing. */
function nameOf(error: Error): string {
	const name = /^\w{1,60}$/.test(error.name) ? error.name : 'Error';
	const code = 'code' in error ? error.code : undefined;
	const isOurs = error instanceof AppError;
	const isKnown = typeof code === 'string' && (isOurs || /^E[A-Z0-9_]{2,60}$|^UND_ERR_\w{2,60}$/.test(code));
	return isKnown ? `${name} (${code})` : name;
}

/** The lines of a stack that say where; a message of several lines stands before them, and may look like them. */
function frames({ stack = '', message }: Error): string[] {
	const messageAt = message === '' ? -1 : stack.indexOf(message);
	const rest = messageAt === -1 ? stack : stack.slice(messageAt + message.length);
	return rest.split('\n').filter((line) => /^\s+at \S/.test(line));
}
