import type { AskRequest } from '#lib/contract/ask.ts';
import type { Source } from '#lib/contract/chunk.ts';
import type { TraceRecorder } from '#lib/server/trace/recorder.ts';

/** What an answer tells while it comes: the sources once, then the text piece by piece. */
export type AnswerPart = { type: 'sources'; data: Source[] } | { type: 'token'; data: string };

/**
 * Takes a part of an answer, at once: a token comes every few microseconds, and a callback costs a tenth of an async generator's turn.
 * @throws AppError `cancelled` when nothing more is wanted.
 */
export type Tell = (part: AnswerPart) => void;

/** How an answer ended when it did not fail. */
export interface AnswerOutcome {
	status: 'success' | 'refused';
	finishReason: string;
}

/**
 * Answers one question. Steps, ledger, text, citations and usage go into the trace as they happen (the pipeline appends
 * to `trace.answer`; the caller marks the first token and finishes the trace).
 * @throws AppError when it fails, `cancelled` when the signal fired.
 */
export type AnswerPipeline = (
	request: AskRequest,
	trace: TraceRecorder,
	tell: Tell,
	signal: AbortSignal
) => Promise<AnswerOutcome>;
