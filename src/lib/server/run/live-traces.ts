import type { Trace, TraceSummary } from '#lib/contract/trace.ts';
import { summaryOf } from '#lib/server/store/stored.ts';

/** A watcher that does not read loses the oldest beyond this many. */
const MAX_WAITING = 1000;

/** Tells any number of watchers of traces as they begin and end. */
export class LiveTraces {
	readonly #watchers = new Set<(summary: TraceSummary) => void>();

	publish(trace: Trace): void {
		if (this.#watchers.size === 0) return;
		const summary = summaryOf(trace);
		for (const tell of this.#watchers) tell(summary);
	}

	/** Traces as they begin (`pending`) and end, from the first `next()` on until the signal fires. */
	async *watch(signal: AbortSignal): AsyncGenerator<TraceSummary, void> {
		// Only the newest state of a trace matters to somebody who is late.
		const waiting = new Map<string, TraceSummary>();
		let wake = () => {};
		const tell = (summary: TraceSummary) => {
			waiting.delete(summary.trace_id);
			waiting.set(summary.trace_id, summary);
			if (waiting.size > MAX_WAITING) waiting.delete(waiting.keys().next().value as string);
			wake();
		};
		const onAbort = () => wake();
		this.#watchers.add(tell);
		signal.addEventListener('abort', onAbort, { once: true });
		try {
			while (!signal.aborted) {
				const [next] = waiting.values();
				if (next) {
					waiting.delete(next.trace_id);
					yield next;
				} else {
					const { promise, resolve } = Promise.withResolvers<void>();
					wake = resolve;
					await promise;
				}
			}
		} finally {
			this.#watchers.delete(tell);
			signal.removeEventListener('abort', onAbort);
		}
	}
}
