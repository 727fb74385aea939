import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readBuffers, writeBuffers } from '#lib/server/store/buffer-file.ts';
import { Breather } from '#lib/server/breather.ts';
import type { EmbedderTrainer, FittedEmbedder } from './embedder.ts';
import { rightSingularVectors, type SparseMatrix } from './randomized-svd.ts';

const FILE = 'embedder.bin';
const FORMAT = 1;
/** Length of the vectors; less for a corpus that is too small for it. */
const DIMENSIONS = 128;
/** A term that fewer passages hold says nothing about other terms. */
const LEAST_PASSAGES = 3;
/** A term that a larger share of the passages holds says nothing about any; in a small corpus shares mean little. */
const MOST_SHARE = 0.3;
const ALWAYS_KEPT = 20;
/** Passages for each direction: with more directions than this every word would stay by itself. */
const PASSAGES_PER_DIRECTION = 8;
/** Fitting takes at most this many passages, evenly spread: the subspace does not change much with more. */
const FIT_LIMIT = 12_000;

const metaSchema = z.object({ format: z.literal(FORMAT), fitted_on: z.number().int().nonnegative() });

/** Text into terms; the same analyser that the text index uses. */
export type Analyze = (text: string) => string[];

interface State {
	terms: string[];
	/** Inverse document frequency by term. */
	idf: Float32Array<ArrayBuffer>;
	/** One row of `rank` numbers by term. */
	projection: Float32Array<ArrayBuffer>;
	fittedOn: number;
}

/**
 * The built-in embedder: latent semantic analysis of the corpus itself. A text becomes a vector of log-frequency × idf over its terms,
 * which is projected on the directions in which the corpus varies most, so that words that occur in the same passages come close. No download, no
 * network, the same result every time. Source: Deerwester et al., "Indexing by Latent Semantic Analysis", JASIS 1990.
 */
export function lexicalEmbedding(analyze: Analyze): EmbedderTrainer {
	return {
		fit: async (texts, signal) =>
			new LexicalEmbedder(await fit(texts, analyze, new Breather(signal)), analyze),
		load: async (folder) => {
			const path = join(folder, FILE);
			try {
				await access(path);
			} catch {
				return null;
			}
			const file = await readBuffers(path);
			const meta = metaSchema.parse(file.meta);
			const terms = new TextDecoder().decode(file.array('terms', 'Uint8Array'));
			const state = {
				terms: terms ? terms.split('\n') : [],
				idf: file.array('idf', 'Float32Array'),
				projection: file.array('projection', 'Float32Array'),
				fittedOn: meta.fitted_on
			};
			return new LexicalEmbedder(state, analyze);
		}
	};
}

class LexicalEmbedder implements FittedEmbedder {
	readonly model: string;
	readonly dimensions: number;
	readonly inProcess = true;
	readonly fittedOn: number;
	readonly #state: State;
	readonly #rank: number;
	readonly #analyze: Analyze;
	readonly #numbers: Map<string, number>;

	constructor(state: State, analyze: Analyze) {
		this.#state = state;
		this.#analyze = analyze;
		this.fittedOn = state.fittedOn;
		this.#rank = state.terms.length > 0 ? state.projection.length / state.terms.length : 0;
		// The last dimension is that of texts without any known word: they are like each other and like nothing else.
		this.dimensions = this.#rank + 1;
		this.#numbers = new Map(state.terms.map((term, number) => [term, number]));
		this.model = `lexical-${this.dimensions}-${fingerprint(state)}`;
	}

	async embedPassages(texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> {
		const breather = new Breather(signal);
		const vectors: Float32Array[] = [];
		for (const text of texts) {
			vectors.push(this.#embed(text));
			await breather.breathe();
		}
		return vectors;
	}

	async embedQuestion(text: string, _signal: AbortSignal): Promise<Float32Array> {
		return this.#embed(text);
	}

	async save(folder: string): Promise<void> {
		const { terms, idf, projection, fittedOn } = this.#state;
		const bytes = new TextEncoder().encode(terms.join('\n'));
		await writeBuffers(
			join(folder, FILE),
			{ format: FORMAT, fitted_on: fittedOn },
			{ terms: bytes, idf, projection }
		);
	}

	#embed(text: string): Float32Array {
		const { idf, projection } = this.#state;
		const rank = this.#rank;
		const vector = new Float32Array(this.dimensions);
		const counts = new Map<number, number>();
		for (const term of this.#analyze(text)) {
			const number = this.#numbers.get(term);
			if (number !== undefined) counts.set(number, (counts.get(number) ?? 0) + 1);
		}
		for (const [number, count] of counts) {
			const weight = (1 + Math.log(count)) * idf[number]!;
			const row = number * rank;
			for (let at = 0; at < rank; at += 1) vector[at]! += weight * projection[row + at]!;
		}
		const length = Math.hypot(...vector);
		if (length > 0) for (let at = 0; at < rank; at += 1) vector[at]! /= length;
		else vector[rank] = 1;
		return vector;
	}
}

async function fit(texts: readonly string[], analyze: Analyze, breather: Breather): Promise<State> {
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
	for (const [term, number] of numbers) {
		const count = passageCounts[number]!;
		if (count < LEAST_PASSAGES || count > most) continue;
		columns[number] = terms.push(term) - 1;
		idf.push(Math.log(passages.length / count) + 1);
	}
	const matrix = await weigh(passages, columns, idf, breather);
	const rank = Math.min(DIMENSIONS - 1, Math.ceil(passages.length / PASSAGES_PER_DIRECTION));
	const { vectors } = await rightSingularVectors(matrix, rank, breather);
	return {
		terms,
		idf: Float32Array.from(idf),
		projection: new Float32Array(vectors),
		fittedOn: texts.length
	};
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

/** Two fits that differ in anything have different names, so that their vectors are never compared. */
function fingerprint({ terms, idf, projection }: State): string {
	const hash = createHash('sha256').update(terms.join('\n'));
	for (const { buffer, byteOffset, byteLength } of [idf, projection]) {
		hash.update(new Uint8Array(buffer, byteOffset, byteLength));
	}
	return hash.digest('hex').slice(0, 12);
}
