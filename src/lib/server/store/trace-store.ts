import type { Stats, StatsRequest } from '#lib/contract/stats.ts';
import type { FeedbackInput, Trace, TraceListRequest, TraceSummary } from '#lib/contract/trace.ts';

/** What the store keeps beside the trace, for replaying a finished run event by event. */
export interface StoredRun {
	trace: Trace;
	/** Length of each token event in UTF-16 code units, in order. */
	tokenLengths: number[];
}

/** One earlier exchange of a conversation. */
export interface Turn {
	question: string;
	answer: string;
}

/**
 * Where traces live. A row exists (`pending`) from acceptance on and is finalised exactly once; whatever is still
 * pending when a store is opened belonged to a process that died and becomes `interrupted`.
 */
export interface TraceStore {
	/**
	 * Keeps the trace of a run that has just been accepted.
	 * @throws AppError `storage_failed`.
	 */
	create(trace: Trace): void;
	/** Saves the text that has come so far, so that a crash loses little. Ignored once finalised. */
	saveProgress(traceId: string, answer: string): void;
	/**
	 * Ends the trace; a second call for the same id changes nothing and returns false.
	 * @throws AppError `storage_failed`.
	 */
	finalise(run: StoredRun): boolean;
	get(traceId: string): Trace | null;
	/** For replay; null when unknown. */
	getRun(traceId: string): StoredRun | null;
	/** Newest first; candidates and prompts are left out. The order is stable under concurrent inserts. */
	list(request: TraceListRequest): TraceSummary[];
	stats(request: StatsRequest, now?: Date): Stats;
	/**
	 * Finished turns of a conversation, oldest first: those asked with this conversation id, and the one whose own
	 * trace id it is (a conversation is named after its first question).
	 */
	turns(conversationId: string, limit: number): Turn[];
	/** False when the trace is unknown. A second rating replaces the first. */
	saveFeedback(feedback: FeedbackInput): boolean;
	/** Deletes a trace; false when unknown. */
	delete(traceId: string): boolean;
	/** Deletes traces older than the moment; returns how many. */
	deleteBefore(moment: Date): number;
	close(): void;
}
