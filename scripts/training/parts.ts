/** Evidence of the reranker, by what it looks at; parts of an ablation. */
export const EVIDENCE_PARTS = {
	passage: ['body_bm25', 'coverage', 'proximity'],
	document: [
		'document_bm25',
		'document_coverage',
		'document_best_passage',
		'document_second_passage',
		'neighbours'
	],
	opening: ['opening_document_bm25', 'opening_best_passage', 'opening_heading_coverage'],
	headings: ['heading_match', 'heading_bm25', 'title_bm25', 'document_heading_coverage'],
	position: ['position'],
	vectors: ['semantic'],
	library: ['library_named', 'library_share']
} as const satisfies Record<string, readonly string[]>;

/** Names of all evidence that is learnt from. */
export const LEARNT_EVIDENCE: readonly string[] = Object.values(EVIDENCE_PARTS).flat();

/**
 * Where the weights start and what they are pulled back to: all kinds of evidence alike, the whole page more, because it alone already
 * orders best, what lies around the passage less. With some hundred questions to learn from, staying near it holds better on others than
 * following them.
 */
export const PRIOR: ReadonlyMap<string, number> = new Map([
	...LEARNT_EVIDENCE.map((name): [string, number] => [name, 0.15]),
	['document_bm25', 0.7],
	['neighbours', 0.05]
]);
