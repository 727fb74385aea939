import { WORD_VECTORS } from './word-vectors-data.ts';

/** Vectors as they are shipped: terms with spaces between, and their values in base64, row after row. */
export interface ShippedVectors {
	dimensions: number;
	version: string;
	terms: string;
	values: string;
}

/** Bytes of the scale that stands before the values of a term. */
const SCALE_BYTES = 4;
/** Two values share a byte; each is 0 to 15 and stands for -8 to 7 steps of the scale. */
const MIDDLE = 8;
/** Scripts without spaces are indexed by overlapping pairs of characters: twice as many terms as there are words. */
const CHARACTER_PAIR = /^[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}]{2}$/u;

/**
 * The vectors of the words of software documentation that are shipped. Words that mean much the same have vectors that lie close, and the
 * less a word says about what a text is about, the shorter its vector is. Learnt by `npm run train:words`.
 */
export class WordVectors {
	/** Length of each vector. */
	readonly dimensions: number;
	/** Other for other vectors. */
	readonly version: string;
	readonly #rows: ReadonlyMap<string, number>;
	readonly #values: Int8Array;
	readonly #scales: Float32Array;
	/** Length of the vector of a word that is not known: that of a known word of middling length. */
	readonly #unknownLength: number;

	constructor(shipped: ShippedVectors = WORD_VECTORS) {
		const { dimensions } = shipped;
		this.dimensions = dimensions;
		this.version = shipped.version;
		const terms = shipped.terms.split(' ');
		const bytes = Buffer.from(shipped.values, 'base64');
		const rowBytes = SCALE_BYTES + dimensions / 2;
		this.#rows = new Map(terms.map((term, row) => [term, row]));
		this.#scales = new Float32Array(terms.length);
		this.#values = new Int8Array(terms.length * dimensions);
		const lengths = new Float64Array(terms.length);
		for (let row = 0; row < terms.length; row += 1) {
			const from = row * rowBytes;
			const scale = (this.#scales[row] = bytes.readFloatLE(from));
			let squares = 0;
			for (let at = 0; at < dimensions; at += 1) {
				const pair = bytes[from + SCALE_BYTES + (at >> 1)]!;
				const value = (at % 2 === 0 ? pair & 15 : pair >> 4) - MIDDLE;
				this.#values[row * dimensions + at] = value;
				squares += value * value;
			}
			lengths[row] = Math.sqrt(squares) * scale;
		}
		this.#unknownLength = lengths.sort()[lengths.length >> 1]!;
	}

	/**
	 * Adds the vector of a term to a sum, `weight` times. A term that is not known has a direction of its own that follows from its letters, so
	 * that it is like itself and hardly like anything else.
	 */
	add(sum: Float32Array, term: string, weight: number): void {
		const { dimensions } = this;
		const row = this.#rows.get(term);
		if (row === undefined) return this.#addUnknown(sum, term, weight);
		const factor = weight * this.#scales[row]!;
		const from = row * dimensions;
		for (let at = 0; at < dimensions; at += 1) sum[at]! += factor * this.#values[from + at]!;
	}

	#addUnknown(sum: Float32Array, term: string, weight: number): void {
		const { dimensions } = this;
		const share = CHARACTER_PAIR.test(term) ? 0.5 : 1;
		const value = (weight * share * this.#unknownLength) / Math.sqrt(dimensions);
		// FNV-1a over the letters, then xorshift for a sign a dimension.
		let state = 0x811c9dc5;
		for (let at = 0; at < term.length; at += 1) state = Math.imul(state ^ term.charCodeAt(at), 0x01000193);
		state ||= 1;
		for (let at = 0; at < dimensions; at += 1) {
			state ^= state << 13;
			state ^= state >>> 17;
			state ^= state << 5;
			sum[at]! += state < 0 ? value : -value;
		}
	}
}
