import { FIELDS } from './passage-fields.ts';
import type { TokenStore } from './token-store.ts';

const FIELD_COUNT = FIELDS.length;

/** Highest term frequency kept for a field: it is stored in one byte. */
export const MOST_OCCURRENCES = 255;

/** The immutable inverted index of a run of passages: for each term, which passages hold it and how often in each field. */
export interface Postings {
	/** First passage number, and one past the last. */
	readonly from: number;
	readonly to: number;
	/** Start of each term's entries; one more than there are terms. Terms with higher numbers have no entries. */
	readonly starts: Uint32Array<ArrayBuffer>;
	/** Passage numbers, ascending within a term. */
	readonly numbers: Uint32Array<ArrayBuffer>;
	/** Term frequency by field, a byte each, title lowest. */
	readonly frequencies: Uint32Array<ArrayBuffer>;
}

/** Inverts the tokens of passages `from` (included) to `to` (excluded), in two passes: count, then fill. */
export function buildPostings(tokens: TokenStore, from: number, to: number, termCount: number): Postings {
	const starts = new Uint32Array(termCount + 1);
	const lastSeen = new Uint32Array(termCount);
	const terms = tokens.terms;
	for (let number = from; number < to; number += 1) {
		const mark = number - from + 1;
		for (let at = tokens.start(number), end = tokens.end(number); at < end; at += 1) {
			const term = terms[at]!;
			if (lastSeen[term] !== mark) {
				lastSeen[term] = mark;
				starts[term + 1]! += 1;
			}
		}
	}
	for (let term = 0; term < termCount; term += 1) starts[term + 1]! += starts[term]!;

	const numbers = new Uint32Array(starts[termCount]!);
	const frequencies = new Uint32Array(numbers.length);
	const next = starts.slice(0, termCount);
	lastSeen.fill(0);
	for (let number = from; number < to; number += 1) {
		const mark = number - from + 1;
		let at = tokens.start(number);
		for (let field = 0; field < FIELD_COUNT; field += 1) {
			const shift = 8 * field;
			for (const end = at + tokens.fieldLength(number, field); at < end; at += 1) {
				const term = terms[at]!;
				if (lastSeen[term] !== mark) {
					lastSeen[term] = mark;
					numbers[next[term]!] = number;
					next[term]! += 1;
				}
				const entry = next[term]! - 1;
				const packed = frequencies[entry]!;
				if (((packed >>> shift) & 0xff) < MOST_OCCURRENCES) frequencies[entry] = packed + 2 ** shift;
			}
		}
	}
	return { from, to, starts, numbers, frequencies };
}

/** First entry in [start, end) whose passage number is at least this. */
export function lowerBound(numbers: Uint32Array, start: number, end: number, number: number): number {
	let low = start;
	let high = end;
	while (low < high) {
		const middle = (low + high) >>> 1;
		if (numbers[middle]! < number) low = middle + 1;
		else high = middle;
	}
	return low;
}
