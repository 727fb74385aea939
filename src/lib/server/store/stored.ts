import type { Trace, TraceSummary } from '#lib/contract/trace.ts';
import { AppError } from '#lib/server/error.ts';

/** A trace without what only its own page shows. */
export function summaryOf(trace: Trace): TraceSummary {
	const {
		prompt: _prompt,
		candidates: _candidates,
		standalone_question: _standalone,
		support: _support,
		...summary
	} = trace;
	return summary;
}

/**
 * Token lengths that add up to the answer's length, in UTF-16 code units: those given when they do, else the whole
 * answer as one token.
 */
export function tokenLengthsOf(answer: string | null, given: readonly number[] | null): number[] {
	const length = answer?.length ?? 0;
	const sum = given?.reduce((total, each) => total + each, 0);
	if (given && sum === length) return [...given];
	return length ? [length] : [];
}

/** For a page that is asked to start after a trace which is not there (any more). */
export function unknownCursor(): AppError {
	return new AppError('invalid_request', 'before must be the trace_id of a stored trace.');
}
