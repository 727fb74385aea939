/** Evidence of the reranker, by what it looks at; parts of an ablation. */
export const EVIDENCE_PARTS = {
	passage: ['body_bm25', 'coverage', 'proximity'],
	document: ['document_bm25', 'document_best_passage', 'neighbours'],
	headings: ['heading_match', 'heading_bm25', 'title_match', 'title_bm25', 'document_heading_coverage'],
	position: ['position'],
	vectors: ['semantic'],
	library: ['library_named', 'library_share']
} as const satisfies Record<string, readonly string[]>;

/** Names of all evidence that is learnt from. */
export const LEARNT_EVIDENCE: readonly string[] = Object.values(EVIDENCE_PARTS).flat();

/**
 * Where the weights start and what they are pulled back to: all kinds of evidence alike, the whole page more, because it alone already
 * orders best. With some hundred questions to learn from, staying near it holds better on others than following them.
 */
export const PRIOR: ReadonlyMap<string, number> = new Map(
	LEARNT_EVIDENCE.map((name) => [name, name === 'document_bm25' ? 0.5 : 0.15])
);
