/** A list that a search made, as places among the candidates of an example, best first. */
export type StageOrder = Uint32Array;

/** The candidates of one question in one scope with their evidence, and which of their documents answer it. */
export interface TrainingExample {
	/** Question; its examples of both scopes belong to the same fold. */
	question: string;
	/** What the question is about, to tell figures apart. */
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
	/** What each stage before the reranker made of it. */
	orders: { bm25: StageOrder; semantic: StageOrder; fusion: StageOrder };
}
