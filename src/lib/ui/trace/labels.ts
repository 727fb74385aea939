import type { Candidate, DroppedAt, RouteName, StepName, TraceStatus } from '#lib/contract/trace.ts';

/** What readers call each step. */
export const STEP_LABELS: Record<StepName, string> = {
	query_rewriting: 'Query rewriting',
	query_embedding: 'Query embedding',
	retrieval_semantic: 'Semantic search',
	retrieval_bm25: 'BM25 search',
	fusion_rrf: 'Rank fusion',
	reranking: 'Reranking',
	evidence_gate: 'Evidence gate',
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
	refused: 'No passage answered the question, so no model was asked.',
	cancelled: 'Stopped by the reader, or nobody was listening any more.',
	error: 'Something failed before the answer was complete.',
	interrupted: 'The server stopped in the middle of it.'
};

export const ROUTE_LABELS: Record<RouteName, string> = {
	ask: 'POST /ask',
	ask_stream: 'POST /ask/stream',
	trpc_ask: 'tRPC ask',
	trpc_ask_once: 'tRPC ask_once',
	cli: 'Command line',
	eval: 'Evaluation'
};

export const DROPPED_LABELS: Record<DroppedAt, string> = {
	fusion_rrf: 'Rank fusion',
	reranking: 'Reranking',
	evidence_gate: 'Evidence gate',
	prompt_building: 'Prompt building'
};

/** A filter on a library as words: null is a question over all of them. */
export function libraryLabel(filter: string | null): string {
	return filter ?? 'All libraries';
}

/** Heading path of a passage in one line, or the title of the page when it stands before the first heading. */
export function headingLabel({
	heading_path,
	document
}: Pick<Candidate, 'heading_path' | 'document'>): string {
	return heading_path.length > 0 ? heading_path.join(' › ') : document;
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
