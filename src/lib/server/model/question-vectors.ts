/** The vectors of one question: each passage is compared with the vector of its own library. */
export interface QuestionVectors {
	/** Length of each vector. */
	readonly dimensions: number;
	/** The vector for passages of a library; null where the question has none, so that none of them is similar. */
	of(library: string): Float32Array | null;
}

/** One vector for the passages of all libraries. */
export function sharedVector(vector: Float32Array): QuestionVectors {
	return { dimensions: vector.length, of: () => vector };
}
