import { Breather } from '#lib/server/breather.ts';
import type { Embedder, PassageText, QuestionText } from './embedder.ts';
import { sharedVector, type QuestionVectors } from './question-vectors.ts';
import { WordVectors } from './word-vectors.ts';

/** What code says of a passage beside its heading and its prose, which say 1 each. */
export const CODE_SHARE = 0.3;

/** Text into terms; the same analyser that the text index uses. */
export type Analyze = (text: string) => string[];

/**
 * The built-in embedder: a text is the sum of the vectors of its words. A passage is the sum of its headings, its prose and its code, each of
 * unit length, so that a short heading says as much as the text below it. No download, no network, the same result every time.
 */
export class WordEmbedder implements Embedder {
	readonly model: string;
	readonly dimensions: number;
	readonly inProcess = true;
	readonly #analyze: Analyze;
	readonly #words = new WordVectors();

	constructor(analyze: Analyze) {
		this.#analyze = analyze;
		this.dimensions = this.#words.dimensions;
		this.model = `words-${this.dimensions}-${this.#words.version}`;
	}

	async embedPassages(passages: readonly PassageText[], signal: AbortSignal): Promise<Float32Array[]> {
		const breather = new Breather(signal);
		const vectors: Float32Array[] = [];
		for (const { heading, body, code } of passages) {
			const sum = new Float32Array(this.dimensions);
			addTo(sum, this.#embed(heading), 1);
			addTo(sum, this.#embed(body), 1);
			addTo(sum, this.#embed(code), CODE_SHARE);
			vectors.push(toUnitLength(sum));
			await breather.breathe();
		}
		return vectors;
	}

	async embedQuestion({ text }: QuestionText, _signal: AbortSignal): Promise<QuestionVectors> {
		return sharedVector(this.#embed(text));
	}

	/** The vector of a text, of unit length; zeros for one without words. */
	#embed(text: string): Float32Array {
		const counts = new Map<string, number>();
		for (const term of this.#analyze(text)) counts.set(term, (counts.get(term) ?? 0) + 1);
		const sum = new Float32Array(this.dimensions);
		for (const [term, count] of counts) this.#words.add(sum, term, 1 + Math.log(count));
		return toUnitLength(sum);
	}
}

function addTo(sum: Float32Array, vector: Float32Array, weight: number): void {
	for (let at = 0; at < sum.length; at += 1) sum[at]! += weight * vector[at]!;
}

function toUnitLength(vector: Float32Array): Float32Array {
	let squares = 0;
	for (const value of vector) squares += value * value;
	if (squares > 0) {
		const factor = 1 / Math.sqrt(squares);
		for (let at = 0; at < vector.length; at += 1) vector[at]! *= factor;
	}
	return vector;
}
