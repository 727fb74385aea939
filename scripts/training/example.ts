/** Candidates one of which should come first. */
export interface Target {
	/** Places of the candidates, ascending; at least one. */
	holders: Uint32Array;
	/** How much the target counts in learning. */
	weight: number;
}

/** The candidates of one question in one scope with their evidence, and which of them answer it. */
export interface TrainingExample {
	question: string;
	/** What the question is about; its examples of both scopes are left out together. */
	library: string;
	/** Searched within its library, or in all. */
	scope: 'library' | 'all';
	/** Raw evidence by name, a value for every candidate. */
	evidence: ReadonlyMap<string, Float64Array>;
	/** Document number by candidate. */
	documentOf: Uint32Array;
	/** Document names by number. */
	documents: readonly string[];
	/** Names of the documents that answer it, whether found or not. */
	relevant: readonly string[];
	/** What is learnt: each fact by the passages that state it, and the pages that answer. */
	targets: readonly Target[];
}
