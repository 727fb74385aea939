import type { AskEvent } from '#lib/contract/ask.ts';
import type { Trace } from '#lib/contract/trace.ts';
import { AppError } from '#lib/server/error.ts';
import { INTERRUPTED_ERROR, type StoredRun } from '#lib/server/store/trace-store.ts';
import { EventLog } from './event-log.ts';
import { doneOf } from './run.ts';

/**
 * The events of a run that is no longer in memory, made from its trace: the same events with the same sequence numbers as
 * when they were live.
 * @param after last sequence number that the listener has.
 * @returns null when the rest cannot be told faithfully: the run has not ended, or its text was not kept as it was.
 */
export function replayLog({ trace, tokenLengths }: StoredRun, after: number): EventLog | null {
	if (trace.status === 'pending') return null;
	const answer = trace.answer ?? '';
	const terminal = terminalEvent(trace);
	const keptLength = tokenLengths.reduce((sum, length) => sum + length, 0);
	if (keptLength === answer.length) {
		const hasSources = terminal.type === 'done' || tokenLengths.length > 0 || trace.sources.length > 0;
		const events: AskEvent[] = hasSources ? [{ type: 'sources', data: trace.sources }] : [];
		let end = 0;
		for (const length of tokenLengths) {
			events.push({ type: 'token', data: answer.slice(end, end + length) });
			end += length;
		}
		return EventLog.of([...events, terminal]);
	}
	// A run that died with its process: the places of its events are lost, but not that it ended.
	if (after > 0) return terminal.type === 'error' ? EventLog.of([terminal], after + 1) : null;
	return EventLog.of([{ type: 'sources', data: trace.sources }, { type: 'token', data: answer }, terminal]);
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
