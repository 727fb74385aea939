import { createHash } from 'node:crypto';
import type { Breather } from '#lib/server/breather.ts';
import type { LibrarySpace } from './embedder.ts';
import { rightSingularVectors, type SparseMatrix } from './randomized-svd.ts';

/** Directions of a space; fewer for a library that is too small for them. */
const DIRECTIONS = 127;
/** Place of the component of texts without any known word: they are like each other and like nothing else. */
const UNKNOWN = DIRECTIONS;
/** Length of the vectors, the same in every space: where there are fewer directions, the rest is zero. */
export const DIMENSIONS = DIRECTIONS + 1;
/** A term that fewer passages hold says nothing about other terms. */
const LEAST_PASSAGES = 3;
/** A term that a larger share of the passages holds says nothing about any; in a small library shares mean little. */
const MOST_SHARE = 0.3;
const ALWAYS_KEPT = 20;
/** Passages for each direction: with more directions than this every word would stay by itself. */
const PASSAGES_PER_DIRECTION = 8;
/** Fitting takes at most this many passages, evenly spread: the subspace does not change much with more. */
const FIT_LIMIT = 12_000;

/** Text into terms; the same analyser that the text index uses. */
export type Analyze = (text: string) => string[];

/** What a space is made of. */
export interface SpaceState {
	terms: string[];
	/** Inverse document frequency by term. */
	idf: Float32Array<ArrayBuffer>;
	/** One row by term, as long as the space has directions; zeros for terms that are too common to be in any. */
	projection: Float32Array<ArrayBuffer>;
	/** How many passages it was fitted on. */
	fittedOn: number;
}

/**
 * Latent semantic analysis of one library. Terms with their counts become a vector of log-frequency × idf, which is projected on the directions
 * in which the library varies most, so that words that occur in the same passages come close.
 * Source: Deerwester et al., "Indexing by Latent Semantic Analysis", JASIS 1990.
 */
export class LexicalSpace implements LibrarySpace {
	readonly id: string;
	readonly state: SpaceState;
	readonly #rank: number;
	readonly #numbers: Map<string, number>;

	constructor(state: SpaceState) {
		this.state = state;
		this.id = fingerprint(state);
		this.#rank = state.terms.length > 0 ? state.projection.length / state.terms.length : 0;
		this.#numbers = new Map(state.terms.map((term, number) => [term, number]));
	}

	get fittedOn(): number {
		return this.state.fittedOn;
	}

	/** The vector of a text of the library, of unit length. */
	embed(counts: TermCounts): Float32Array {
		const projected = this.#project(counts);
		return projected ? scale(projected.vector, 1 / projected.length) : unknownVector();
	}

	/**
	 * The vector of a question, of unit length, and the share of the question that it stands for, above 0 to 1: words that the space does
	 * not know, each as heavy as the rarest one that it does, lie outside of it, and so does what its directions leave out. Null for 0.
	 */
	embedQuestion(counts: TermCounts): { vector: Float32Array; share: number } | null {
		const projected = this.#project(counts);
		if (!projected) return null;
		const { vector, length, fullLength } = projected;
		return { vector: scale(vector, 1 / length), share: length / fullLength };
	}

	/** A text in the directions of the space, its length in them, and in all; null when it lies in none of them. */
	#project(counts: TermCounts): { vector: Float32Array; length: number; fullLength: number } | null {
		const { idf, projection, fittedOn } = this.state;
		const rank = this.#rank;
		const unknown = inverseFrequency(Math.min(fittedOn, FIT_LIMIT) || 1, 1);
		let vector: Float32Array | null = null;
		let fullSquares = 0;
		for (const [term, count] of counts) {
			const number = this.#numbers.get(term);
			const weight = (1 + Math.log(count)) * (number === undefined ? unknown : idf[number]!);
			fullSquares += weight * weight;
			if (number === undefined) continue;
			vector ??= new Float32Array(DIMENSIONS);
			const row = number * rank;
			for (let at = 0; at < rank; at += 1) vector[at]! += weight * projection[row + at]!;
		}
		if (!vector) return null;
		let squares = 0;
		for (let at = 0; at < rank; at += 1) squares += vector[at]! * vector[at]!;
		if (squares === 0) return null;
		return { vector, length: Math.sqrt(squares), fullLength: Math.sqrt(fullSquares) };
	}
}

/** The vector of texts without any known word, the same in every space. */
export function unknownVector(): Float32Array {
	const vector = new Float32Array(DIMENSIONS);
	vector[UNKNOWN] = 1;
	return vector;
}

/** Multiplies a vector in place. */
export function scale(vector: Float32Array, factor: number): Float32Array {
	for (let at = 0; at < vector.length; at += 1) vector[at]! *= factor;
	return vector;
}

/** How often each term of a text occurs in it. */
export type TermCounts = ReadonlyMap<string, number>;

export function countTerms(terms: readonly string[]): TermCounts {
	const counts = new Map<string, number>();
	for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
	return counts;
}

/** Fits the space of one library. @throws AppError `cancelled`, through the breather. */
export async function fitSpace(
	texts: readonly string[],
	analyze: Analyze,
	breather: Breather
): Promise<LexicalSpace> {
	const step = Math.max(1, texts.length / FIT_LIMIT);
	const passages: Map<number, number>[] = [];
	const numbers = new Map<string, number>();
	const passageCounts: number[] = [];
	for (let at = 0; at < texts.length; at += step) {
		const counts = new Map<number, number>();
		for (const term of analyze(texts[Math.floor(at)]!)) {
			let number = numbers.get(term);
			if (number === undefined) numbers.set(term, (number = numbers.size));
			counts.set(number, (counts.get(number) ?? 0) + 1);
		}
		for (const number of counts.keys()) passageCounts[number] = (passageCounts[number] ?? 0) + 1;
		passages.push(counts);
		await breather.breathe();
	}

	const most = Math.max(ALWAYS_KEPT, passages.length * MOST_SHARE);
	const terms: string[] = [];
	const idf: number[] = [];
	const columns = new Int32Array(numbers.size).fill(-1);
	const common: [term: string, idf: number][] = [];
	for (const [term, number] of numbers) {
		const count = passageCounts[number]!;
		if (count < LEAST_PASSAGES) continue;
		if (count > most) common.push([term, inverseFrequency(passages.length, count)]);
		else {
			columns[number] = terms.push(term) - 1;
			idf.push(inverseFrequency(passages.length, count));
		}
	}
	const matrix = await weigh(passages, columns, idf, breather);
	const wanted = Math.min(DIRECTIONS, Math.ceil(passages.length / PASSAGES_PER_DIRECTION));
	const { vectors } = await rightSingularVectors(matrix, wanted, breather);
	const rank = terms.length > 0 ? vectors.length / terms.length : 0;
	// Known, but in no direction.
	for (const [term, frequency] of common) {
		terms.push(term);
		idf.push(frequency);
	}
	const projection = new Float32Array(terms.length * rank);
	projection.set(vectors);
	return new LexicalSpace({ terms, idf: Float32Array.from(idf), projection, fittedOn: texts.length });
}

function inverseFrequency(passages: number, holding: number): number {
	return Math.log(passages / holding) + 1;
}

/** The matrix of passages by terms, each row of unit length. */
async function weigh(
	passages: readonly Map<number, number>[],
	columns: Int32Array,
	idf: readonly number[],
	breather: Breather
): Promise<SparseMatrix> {
	const starts = new Uint32Array(passages.length + 1);
	const indices: number[] = [];
	const values: number[] = [];
	for (const [row, counts] of passages.entries()) {
		const start = indices.length;
		let squares = 0;
		for (const [number, count] of counts) {
			const column = columns[number]!;
			if (column < 0) continue;
			const value = (1 + Math.log(count)) * idf[column]!;
			indices.push(column);
			values.push(value);
			squares += value * value;
		}
		for (let at = start; at < values.length; at += 1) values[at]! /= Math.sqrt(squares);
		starts[row + 1] = indices.length;
		await breather.breathe();
	}
	return {
		rows: passages.length,
		columns: idf.length,
		starts,
		indices: Uint32Array.from(indices),
		values: Float32Array.from(values)
	};
}

/** Two fits that differ in anything have different ids, so that their vectors are never compared. */
function fingerprint({ terms, idf, projection }: SpaceState): string {
	const hash = createHash('sha256').update(terms.join('\n'));
	for (const { buffer, byteOffset, byteLength } of [idf, projection]) {
		hash.update(new Uint8Array(buffer, byteOffset, byteLength));
	}
	return hash.digest('hex').slice(0, 12);
}
