import type { AskEvent } from '#lib/contract/ask.ts';
import { isTextKept, type Trace } from '#lib/contract/trace.ts';
import { AppError } from '#lib/server/error.ts';
import { INTERRUPTED_ERROR, type StoredRun } from '#lib/server/store/trace-store.ts';
import { EventLog } from './event-log.ts';
import { doneOf, sourcesEvent } from './trace-events.ts';

/**
 * The events of a run that is no longer in memory, made from its trace: the same events with the same sequence numbers as
 * when they were live; where text was redacted before it was stored, they tell it redacted.
 * @param after last sequence number that the listener has.
 * @returns null when the rest cannot be told: the run has not ended, or its events were not kept one by one.
 */
export function replayLog(run: StoredRun, after: number): EventLog | null {
	if (run.trace.status === 'pending') return null;
	if (isTextKept(run.trace)) {
		const events = eventsOf(run);
		if (after <= events.length) return EventLog.of(events);
	}
	// A run that died with its process, or whose text is not kept, has lost its events, but not that it ended.
	const terminal = terminalEvent(run.trace);
	return terminal.type === 'error' ? EventLog.of([terminal], after + 1) : null;
}

function eventsOf({ trace, tokenLengths }: StoredRun): AskEvent[] {
	const terminal = terminalEvent(trace);
	const answer = trace.answer ?? '';
	const hadSources = terminal.type === 'done' || tokenLengths.length > 0 || trace.sources.length > 0;
	const events: AskEvent[] = hadSources ? [sourcesEvent(trace.sources, trace.steps)] : [];
	let end = 0;
	for (const length of tokenLengths) {
		events.push({ type: 'token', data: answer.slice(end, end + length) });
		end += length;
	}
	return [...events, terminal];
}

function terminalEvent(trace: Trace): AskEvent {
	if (trace.status === 'success' || trace.status === 'refused') {
		return { type: 'done', data: doneOf(trace, finishReasonOf(trace)) };
	}
	const { code, message } = trace.error ?? INTERRUPTED_ERROR;
	return { type: 'error', data: new AppError(code, message).toAskError(trace.trace_id) };
}

function finishReasonOf(trace: Trace): string {
	if (trace.status === 'refused') return 'refused';
	const reason = trace.steps.findLast((step) => step.name === 'llm_generation')?.details.finish_reason;
	return typeof reason === 'string' ? reason : 'stop';
}
