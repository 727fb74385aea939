import type { Candidate, Ranked } from '#lib/contract/trace.ts';

/** The stages that rank candidates, in the order in which a run goes through them. */
export const STAGES = ['semantic', 'bm25', 'parts', 'pages', 'fusion', 'rerank'] as const;
export type Stage = (typeof STAGES)[number];

export const STAGE_LABELS: Record<Stage, string> = {
	semantic: 'Semantic',
	bm25: 'BM25',
	parts: 'Parts',
	pages: 'Pages',
	fusion: 'Fusion',
	rerank: 'Rerank'
};

/** What each stage ranks, for those who do not know it. */
export const STAGE_MEANINGS: Record<Stage, string> = {
	semantic: 'Passages whose meaning is near to the question',
	bm25: 'Passages with the words of the question',
	parts: 'Passages with the words of a part of the question',
	pages: 'Passages of the best pages',
	fusion: 'All of these lists together',
	rerank: 'The best of them, compared by all evidence'
};

/** The stages that a ledger has a column for: all but searches that found nothing because they were not made. */
export function stagesOf(candidates: readonly Candidate[]): Stage[] {
	return STAGES.filter(
		(stage) => !['parts', 'pages'].includes(stage) || candidates.some((candidate) => candidate[stage])
	);
}

/** The ways of looking at a ledger. */
export const LEDGER_FILTERS = ['all', 'in_context', 'cited', 'dropped'] as const;
export type LedgerFilter = (typeof LEDGER_FILTERS)[number];

export const LEDGER_FILTER_LABELS: Record<LedgerFilter, string> = {
	all: 'All',
	in_context: 'In context',
	cited: 'Cited',
	dropped: 'Dropped'
};

export function passes(candidate: Candidate, filter: LedgerFilter): boolean {
	switch (filter) {
		case 'all':
			return true;
		case 'in_context':
			return candidate.in_context;
		case 'cited':
			return candidate.cited;
		case 'dropped':
			return !candidate.in_context;
	}
}

/** How many candidates each filter lets through. */
export function filterCounts(candidates: readonly Candidate[]): Record<LedgerFilter, number> {
	const count = (filter: LedgerFilter) =>
		candidates.reduce((sum, candidate) => sum + (passes(candidate, filter) ? 1 : 0), 0);
	return {
		all: candidates.length,
		in_context: count('in_context'),
		cited: count('cited'),
		dropped: count('dropped')
	};
}

/**
 * Orders candidates by their rank at a stage, best first; those that the stage did not see come last whichever the
 * direction, in their own order.
 *
 * @param stage null keeps the order of the trace.
 */
export function sortByStage(
	candidates: readonly Candidate[],
	stage: Stage | null,
	descending = false
): Candidate[] {
	if (!stage) return [...candidates];
	const seen = candidates.filter((candidate) => candidate[stage]);
	const unseen = candidates.filter((candidate) => !candidate[stage]);
	const rank = (candidate: Candidate) => (candidate[stage] as Ranked).rank;
	seen.sort((a, b) => (descending ? rank(b) - rank(a) : rank(a) - rank(b)));
	return [...seen, ...unseen];
}
