import { impactOf, type FieldNorms } from './field-norms.ts';
import { FIELDS } from './passage-fields.ts';
import type { Postings } from './postings.ts';

const FIELD_COUNT = FIELDS.length;

/** The entries of one term in a run of passages: `start` (included) to `end` (excluded) in the arrays of a segment. */
export interface Slice {
	segment: Segment;
	start: number;
	end: number;
}

/** What impacts are worked out from. */
export interface ImpactBasis {
	/** Library number by passage. */
	libraries: Uint16Array;
	/** By library number: every passage is measured against the averages of its own library. */
	norms: readonly FieldNorms[];
	/** Lengths of the fields, FIELDS.length values a passage. */
	lengths: Uint32Array;
	/** Counts the changes of all this, from 1. */
	version: number;
}

/**
 * Postings with the impact of every entry, so that scoring reads both one after the other. The impacts of a term are worked out when it is
 * first asked for, and again after the average lengths have changed: nobody waits for those of all terms.
 */
export class Segment {
	readonly postings: Postings;
	/** Share of the most that the term could give, by entry; see `impactOf`. Only of terms that were prepared. */
	readonly impacts: Float64Array;
	/** Highest impact by term; only of terms that were prepared. */
	readonly highest: Float64Array;
	/** For which norms a term was prepared, by number. */
	readonly #prepared: Uint32Array;

	constructor(postings: Postings) {
		this.postings = postings;
		this.impacts = new Float64Array(postings.numbers.length);
		this.highest = new Float64Array(postings.starts.length);
		this.#prepared = new Uint32Array(postings.starts.length);
	}

	/** Entries of a term, all of them; none when it is not known here. */
	start(term: number): number {
		const { starts } = this.postings;
		return term + 1 < starts.length ? starts[term]! : 0;
	}

	end(term: number): number {
		return this.postings.starts[term + 1] ?? 0;
	}

	/** Brings the impacts of a term up to date; those of removed passages stay as they are. */
	prepare(term: number, { libraries, norms, lengths, version }: ImpactBasis): void {
		if (term >= this.#prepared.length || this.#prepared[term] === version) return;
		const { numbers, frequencies } = this.postings;
		let highest = 0;
		for (let entry = this.start(term), end = this.end(term); entry < end; entry += 1) {
			const number = numbers[entry]!;
			const own = norms[libraries[number]!];
			if (!own) continue;
			const impact = impactOf(own, frequencies[entry]!, lengths, number * FIELD_COUNT);
			this.impacts[entry] = impact;
			if (impact > highest) highest = impact;
		}
		this.highest[term] = highest;
		this.#prepared[term] = version;
	}
}
