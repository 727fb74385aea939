import type { FeedbackInput, Trace } from '#lib/contract/trace.ts';
import { AppError } from '#lib/server/error.ts';
import type { TraceStore } from '#lib/server/store/trace-store.ts';
import type { RunRegistry } from './registry.ts';

interface Keepers {
	store: TraceStore;
	runs: RunRegistry;
}

/**
 * A trace by its id, from the store or, when it (or its end) could not be stored, from memory.
 * @throws AppError `not_found`.
 */
export function findTrace({ store, runs }: Keepers, traceId: string): Trace {
	const trace = runs.unstored(traceId) ?? store.get(traceId) ?? runs.get(traceId)?.trace;
	if (!trace) throw unknownTrace();
	return trace;
}

/**
 * Keeps a rating with its trace; a second one replaces the first.
 * @throws AppError `not_found`.
 */
export function rateTrace({ store, runs }: Keepers, feedback: FeedbackInput): { trace_id: string } {
	const comment = runs.privacy.comment(feedback.comment ?? null);
	if (!store.saveFeedback({ ...feedback, comment })) throw unknownTrace();
	return { trace_id: feedback.trace_id };
}

/** How long a deletion waits until nothing of the trace is left in files, in milliseconds; erasing goes on then. */
const ERASURE_MS = 2000;

/**
 * Deletes a trace from the store and from memory; a run that is going on is stopped first. Waits until nothing of it is left in
 * files, unless somebody reads them for long.
 * @throws AppError `not_found`, `storage_failed`.
 */
export async function deleteTrace({ store, runs }: Keepers, traceId: string): Promise<void> {
	const wasInMemory = await runs.forget(traceId);
	const wasStored = store.delete(traceId);
	if (!wasStored && !wasInMemory) throw unknownTrace();
	if (wasStored) await store.erased(AbortSignal.timeout(ERASURE_MS));
}

/**
 * Deletes all traces of a subject as `deleteTrace` does; resolves to how many there were. Whoever asks in their name meanwhile may
 * leave another.
 * @throws AppError `storage_failed`.
 */
export async function deleteTracesOf({ store, runs }: Keepers, subject: string): Promise<number> {
	const deleted = new Set(runs.ofSubject(subject));
	// What goes on is stored when it has been stopped: only then is everything in the store.
	await Promise.all([...deleted].map((traceId) => runs.forget(traceId)));
	for (const traceId of await store.deleteSubject(subject)) {
		deleted.add(traceId);
		await runs.forget(traceId);
	}
	return deleted.size;
}

/** The error for an id that stands for no run. */
export function unknownTrace(): AppError {
	return new AppError(
		'not_found',
		'There is no run with this trace_id. GET /traces lists those that are kept.'
	);
}
