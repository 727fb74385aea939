import type { AppError } from '#lib/server/error.ts';

/** Failures of one kind are told at most so often, in milliseconds: an endpoint that is down fails every answer. */
const EVERY_MS = 1000;

/**
 * Tells whoever runs the server which answers failed at an endpoint, and what is known of it: the code, the trace, and the facts
 * of the error, which are words and figures of ours. What the endpoint said stays out, because it may quote the question.
 */
export class UpstreamLog {
	readonly #clock: () => number;
	/** By code: until when no more is told, and how many have failed since. */
	readonly #told = new Map<string, { until: number; more: number }>();

	/** @param clock monotonic, in milliseconds. */
	constructor(clock: () => number = () => performance.now()) {
		this.#clock = clock;
	}

	/** Does nothing for errors of another kind. */
	note(traceId: string, { code, facts }: AppError): void {
		if (!code.startsWith('upstream_')) return;
		const last = this.#told.get(code);
		if (last && this.#clock() < last.until) {
			last.more += 1;
			return;
		}
		this.#told.set(code, { until: this.#clock() + EVERY_MS, more: 0 });
		const known = facts.length > 0 ? ` (${facts.join(', ')})` : '';
		const more = last && last.more > 0 ? `; ${last.more} more of this kind before` : '';
		process.stderr.write(`citelight: answer ${traceId} failed: ${code}${known}${more}\n`);
	}
}
