import type { Step, Trace } from '#lib/contract/trace.ts';
import type { AppError } from '#lib/server/error.ts';

/** Failures of one kind are told at most so often, in milliseconds: an endpoint that is down fails every answer. */
const EVERY_MS = 1000;

/**
 * Tells whoever runs the server where endpoints failed: the code, the trace, the facts of the error, and as much of the endpoint and its words
 * as the trace keeps. They may quote the question, so they follow TRACE_CONTENT.
 */
export class UpstreamLog {
	readonly #clock: () => number;
	/** By kind: until when no more is told, and how many have failed since. */
	readonly #told = new Map<string, { until: number; more: number }>();

	/** @param clock monotonic, in milliseconds. */
	constructor(clock: () => number = () => performance.now()) {
		this.#clock = clock;
	}

	/**
	 * Tells of an answer that failed at an endpoint, and of steps that were gone on without; nothing of errors of another kind.
	 * @param trace as it is kept.
	 * @param failure of the answer; null when it did not fail.
	 */
	note({ trace_id, steps }: Pick<Trace, 'trace_id' | 'steps'>, failure: AppError | null): void {
		for (const { name, status, details } of steps) {
			const { error } = details;
			if (status !== 'skipped' || typeof error !== 'string' || !error.startsWith('upstream_')) continue;
			this.#tell(
				`${name} ${error}`,
				`answer ${trace_id} went on without ${name}: ${error}${wordsIn(details)}`
			);
		}
		if (!failure?.code.startsWith('upstream_')) return;
		const { code, facts } = failure;
		const known = facts.length > 0 ? ` (${facts.join(', ')})` : '';
		const failed = steps.findLast(({ name, status }) => name === 'llm_generation' && status === 'error');
		this.#tell(code, `answer ${trace_id} failed: ${code}${known}${failed ? wordsIn(failed.details) : ''}`);
	}

	#tell(kind: string, line: string): void {
		const last = this.#told.get(kind);
		if (last && this.#clock() < last.until) {
			last.more += 1;
			return;
		}
		this.#told.set(kind, { until: this.#clock() + EVERY_MS, more: 0 });
		const more = last && last.more > 0 ? `; ${last.more} more of this kind before` : '';
		process.stderr.write(`citelight: ${line}${more}\n`);
	}
}

/** The endpoint and its words, on one line whatever they are. */
function wordsIn({ endpoint, endpoint_model: model, endpoint_said: said }: Step['details']): string {
	const parts = [
		...(typeof endpoint === 'string' && endpoint !== '' ? [` at ${endpoint}`] : []),
		...(typeof model === 'string' ? [`, model ${JSON.stringify(model)}`] : []),
		...(typeof said === 'string' ? [`, which said ${JSON.stringify(said)}`] : [])
	];
	return parts.join('');
}
