import type { AskEvent, Done } from '#lib/contract/ask.ts';
import type { Source } from '#lib/contract/chunk.ts';
import { isKeywordOnly, type Step, type Trace } from '#lib/contract/trace.ts';

/** The `sources` event of a run with these steps. */
export function sourcesEvent(sources: Source[], steps: readonly Step[]): AskEvent {
	return { type: 'sources', data: sources, ...(isKeywordOnly(steps) && { keyword_only: true }) };
}

/** The data of the `done` event that belongs to a finished trace. */
export function doneOf(trace: Trace, finishReason: string): Done {
	return {
		trace_id: trace.trace_id,
		conversation_id: trace.conversation_id ?? trace.trace_id,
		total_ms: trace.total_duration_ms ?? 0,
		time_to_first_token_ms: trace.time_to_first_token_ms,
		finish_reason: finishReason,
		evidence: trace.evidence,
		refused_by: trace.refused_by,
		support: trace.support,
		usage: trace.usage,
		citations: trace.citations
	};
}
