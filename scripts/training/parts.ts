/** Evidence of the reranker, by what it looks at; parts of an ablation. */
export const EVIDENCE_PARTS = {
	passage: ['bm25', 'body_bm25', 'code_bm25', 'coverage', 'body_coverage', 'proximity', 'length'],
	parts: ['part_best', 'opening_bm25'],
	document: [
		'document_bm25',
		'document_coverage',
		'document_second_passage',
		'opening_document_bm25',
		'page_size',
		'changelog'
	],
	neighbours: ['neighbours', 'neighbour_best'],
	headings: [
		'heading_match',
		'heading_coverage',
		'heading_bm25',
		'title_bm25',
		'title_match',
		'document_heading_coverage'
	],
	position: ['position'],
	vectors: ['semantic', 'semantic_page', 'semantic_neighbour'],
	library: ['library_named', 'library_share', 'library_likelihood']
} as const satisfies Record<string, readonly string[]>;

/** Names of all evidence that is learnt from. */
export const LEARNT_EVIDENCE: readonly string[] = Object.values(EVIDENCE_PARTS).flat();

/** Length and size may speak for or against a passage; a list of changes speaks against it, all other evidence for it. */
export const SIGNS: ReadonlyMap<string, 1 | -1> = new Map(
	LEARNT_EVIDENCE.filter((name) => name !== 'length' && name !== 'page_size').map((name) => [
		name,
		name === 'changelog' ? -1 : 1
	])
);

/**
 * Where the weights start and what they are pulled back to: all kinds of evidence alike, and little of each. With some hundred questions to
 * learn from, staying near it holds better on others than following them.
 */
export const PRIOR: ReadonlyMap<string, number> = new Map(
	LEARNT_EVIDENCE.map((name): [string, number] => [name, 0.05 * (SIGNS.get(name) ?? 0)])
);
