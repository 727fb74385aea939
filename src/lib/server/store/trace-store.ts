import type { Source } from '#lib/contract/chunk.ts';
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

/** The error of a trace whose process died before the run ended; its status is `interrupted`. */
export const INTERRUPTED_ERROR = {
	code: 'internal',
	message: 'The server stopped before the answer was finished.'
} as const satisfies Trace['error'];

/**
 * Where traces live. A row exists (`pending`) from acceptance on and is finalised exactly once; what a process that died
 * has left pending becomes `interrupted` when a store is next opened. What goes in and comes out are copies.
 */
export interface TraceStore {
	/**
	 * Keeps the trace of a run that has just been accepted.
	 * @param subject whom it is from, see `deleteSubject`; null when nobody has said.
	 * @throws AppError `storage_failed`.
	 */
	create(trace: Trace, subject?: string | null): void;
	/**
	 * Saves texts as they are so far, so that a crash loses little: answers by trace id, all or none of them. Traces that
	 * are unknown or finalised are left as they are.
	 * @throws AppError `storage_failed`.
	 */
	saveProgress(answers: ReadonlyMap<string, string>): void;
	/** Saves the sources as soon as they are known, so that text which a crash leaves keeps what it cites. Ignored once finalised. */
	saveSources(traceId: string, sources: readonly Source[]): void;
	/**
	 * Ends the trace; a second call for the same id changes nothing and returns false.
	 * @throws AppError `storage_failed`.
	 */
	finalise(run: StoredRun): boolean;
	get(traceId: string): Trace | null;
	/**
	 * For replay; null when unknown. The token lengths always add up to the answer's length: text whose tokens are not
	 * known (of a run that is pending or was interrupted) counts as one.
	 */
	getRun(traceId: string): StoredRun | null;
	/**
	 * Newest first, then last inserted first; candidates and prompts are left out. Pages joined by `before` neither repeat
	 * nor skip a trace while others are inserted. Asynchronous, because a search through a large store gives the event loop
	 * a turn every few milliseconds.
	 * @throws AppError `invalid_request` when `before` names no stored trace.
	 */
	list(request: TraceListRequest): Promise<TraceSummary[]>;
	/**
	 * Figures over the traces accepted within the window that ends now. Asynchronous, because a large store gives the event
	 * loop a turn every few milliseconds.
	 */
	stats(request: StatsRequest, now?: Date): Promise<Stats>;
	/**
	 * The last finished turns of a conversation, oldest first: those asked with this conversation id, and the one whose
	 * own trace id it is (a conversation is named after its first question).
	 */
	turns(conversationId: string, limit: number): Turn[];
	/** False when the trace is unknown. A second rating replaces the first. */
	saveFeedback(feedback: FeedbackInput): boolean;
	/** Deletes a trace, whatever its status; false when unknown. What is left of it in files is erased at once, in the background. */
	delete(traceId: string): boolean;
	/**
	 * Resolves when nothing is left in files of what was deleted, or when the signal fires: while somebody is reading an older state
	 * of the store, it cannot be erased.
	 */
	erased(signal: AbortSignal): Promise<void>;
	/**
	 * Deletes traces accepted before the moment, except pending ones; resolves to how many. Asynchronous for the same
	 * reason as `stats`.
	 */
	deleteBefore(moment: Date): Promise<number>;
	/** Deletes the traces of a subject, whatever their status, as `deleteBefore` does; resolves to their ids. */
	deleteSubject(subject: string): Promise<string[]>;
	close(): void;
}
