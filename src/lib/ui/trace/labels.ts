import {
	isTextKept,
	type Candidate,
	type DroppedAt,
	type RouteName,
	type StepName,
	type TraceStatus,
	type TraceSummary
} from '#lib/contract/trace.ts';
import type { Source } from '#lib/contract/chunk.ts';
import { showHidden } from '#lib/ui/markdown/visible-text.ts';
import { STAGES, type Stage } from './ledger.ts';

/** What readers call each step. */
export const STEP_LABELS: Record<StepName, string> = {
	queue: 'Waiting for a turn',
	query_rewriting: 'Query rewriting',
	query_embedding: 'Query embedding',
	retrieval_semantic: 'Semantic search',
	retrieval_bm25: 'BM25 search',
	retrieval_parts: 'Search by parts',
	retrieval_pages: 'Best pages',
	fusion_rrf: 'Rank fusion',
	reranking: 'Reranking',
	evidence_gate: 'Evidence gate',
	source_selection: 'Source selection',
	prompt_building: 'Prompt building',
	llm_generation: 'Generation'
};

export const STATUS_LABELS: Record<TraceStatus, string> = {
	pending: 'Running',
	success: 'Answered',
	refused: 'Refused',
	cancelled: 'Cancelled',
	error: 'Failed',
	interrupted: 'Interrupted'
};

/** What each status means, for those who meet it the first time. */
export const STATUS_MEANINGS: Record<TraceStatus, string> = {
	pending: 'The answer is being made.',
	success: 'An answer was given.',
	refused: 'The documentation does not answer the question, as far as could be told.',
	cancelled: 'Stopped by the reader, or nobody was listening any more.',
	error: 'Something failed before the answer was complete.',
	interrupted: 'The server stopped in the middle of it.'
};

/** Why that is missing which is written when a run ends; null for a run that has ended. */
export function unwrittenLabel(status: TraceStatus): string | null {
	if (status === 'pending') return 'It is written when the run ends.';
	if (status === 'interrupted') return 'It was not written: the server stopped before the run ended.';
	return null;
}

export const ROUTE_LABELS: Record<RouteName, string> = {
	ask: 'POST /ask',
	ask_stream: 'POST /ask/stream',
	trpc_ask: 'tRPC ask',
	trpc_ask_once: 'tRPC ask_once',
	cli: 'Command line',
	eval: 'Evaluation'
};

/** Where or why a candidate went no further. */
const DROPPED_LABELS: Record<DroppedAt, string> = {
	fusion_rrf: 'Dropped at rank fusion',
	reranking: 'Dropped at reranking',
	evidence_gate: 'Dropped at the evidence gate',
	redundant: 'Dropped: a better source says the same',
	limit: 'Dropped: over the limit of the request',
	budget: 'Dropped: no room in SOURCE_TOKENS',
	prompt_building: 'Dropped: no room in CONTEXT_TOKENS'
};

/** The question, or that it was not kept. */
export function questionLabel(trace: Pick<TraceSummary, 'question'>): string {
	return isTextKept(trace) ? showHidden(trace.question) : 'Question not kept';
}

/** A filter on a library as words: null is a question over all of them. */
export function libraryLabel(filter: string | null): string {
	return filter === null ? 'All libraries' : showHidden(filter);
}

/** The nearest heading of a passage, which tells it from its neighbours, or its page when it stands before the first. */
export function headingLabel({
	heading_path,
	document
}: Pick<Candidate, 'heading_path' | 'document'>): string {
	return showHidden(heading_path.at(-1) ?? document);
}

/** Where a passage is: library, page, and the headings above the nearest one. */
export function placeLabel({
	library,
	document,
	heading_path
}: Pick<Candidate, 'library' | 'document' | 'heading_path'>): string {
	return showHidden([`${library} / ${document}`, ...heading_path.slice(0, -1)].join(' › '));
}

/** Number of the source that each passage is a part of, by the id of the passage. */
export function sourceNumbers(sources: readonly Pick<Source, 'n' | 'chunk_ids'>[]): Map<string, number> {
	return new Map(sources.flatMap(({ n, chunk_ids }) => chunk_ids.map((id): [string, number] => [id, n])));
}

/** Whether a passage was found by no search, but given because one beside it is not complete without it. */
export function isNeighbour(candidate: Pick<Candidate, 'in_context' | Stage>): boolean {
	return candidate.in_context && STAGES.every((stage) => !candidate[stage]);
}

/**
 * What became of a candidate, in a few words.
 * @param sourceNumber of the source that it is a part of; undefined when it was not given to the model.
 */
export function outcomeLabel(
	{ in_context, cited, dropped_at }: Pick<Candidate, 'in_context' | 'cited' | 'dropped_at'>,
	sourceNumber: number | undefined
): string {
	if (in_context) {
		const place = sourceNumber === undefined ? 'In context' : `In context [${sourceNumber}]`;
		return cited ? `${place}, cited` : place;
	}
	return dropped_at ? DROPPED_LABELS[dropped_at] : 'Not used';
}

/** The name of a detail as words: `n_results` is `Results`, `time_to_first_token_ms` is `Time to first token`. */
export function detailLabel(key: string): string {
	const words = key
		.replace(/^n_/, '')
		.replace(/_(ms|usd)$/, '')
		.replaceAll('_', ' ')
		.trim();
	return words === '' ? key : words.charAt(0).toUpperCase() + words.slice(1);
}
