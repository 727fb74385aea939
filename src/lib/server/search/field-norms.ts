import type { Bm25Settings } from './bm25-settings.ts';
import { FIELDS } from './passage-fields.ts';

const FIELD_COUNT = FIELDS.length;

/** What an occurrence of a term counts in a field of some length, at given average lengths. Arrays are by field. */
export interface FieldNorms {
	readonly k1: number;
	readonly weights: Float64Array;
	/** 1 − b */
	readonly bases: Float64Array;
	/** b / average length */
	readonly slopes: Float64Array;
}

/** @param averages mean length by field, in tokens; where it is 0, length does not count */
function fieldNorms({ k1, fields }: Bm25Settings, averages: Float64Array): FieldNorms {
	const of = (value: (field: number) => number) => Float64Array.from(FIELDS, (_, field) => value(field));
	const b = (field: number) => fields[FIELDS[field]!].b;
	return {
		k1,
		weights: of((field) => fields[FIELDS[field]!].weight),
		bases: of((field) => (averages[field]! > 0 ? 1 - b(field) : 1)),
		slopes: of((field) => (averages[field]! > 0 ? b(field) / averages[field]! : 0))
	};
}

/** weight / (1 − b + b · length / average) */
export function occurrenceWeight(
	{ weights, bases, slopes }: FieldNorms,
	field: number,
	length: number
): number {
	return weights[field]! / (bases[field]! + slopes[field]! * length);
}

/** Sums of field lengths over the passages of a library. */
export class FieldTotals {
	readonly #lengths = new Float64Array(FIELD_COUNT);
	#passages = 0;

	/**
	 * Counts a passage, or takes it away.
	 * @param lengths of the fields of all passages, those of this one from `at`
	 */
	count(sign: 1 | -1, lengths: Uint32Array, at: number): void {
		this.#passages += sign;
		for (let field = 0; field < FIELD_COUNT; field += 1) this.#lengths[field]! += sign * lengths[at + field]!;
	}

	/** What occurrences count in fields of the library. */
	norms(settings: Bm25Settings): FieldNorms {
		return fieldNorms(
			settings,
			this.#lengths.map((length) => (this.#passages > 0 ? length / this.#passages : 0))
		);
	}
}

/**
 * f / (k1 + f) of an entry, with f = Σ_field occurrences · occurrenceWeight: its share of the most that the term could give.
 * @param packed occurrences by field, a byte each, title lowest
 * @param lengths of the fields of all passages, those of this one from `at`
 */
export function impactOf(norms: FieldNorms, packed: number, lengths: Uint32Array, at: number): number {
	let frequency = 0;
	for (let field = 0, left = packed; left !== 0 && field < FIELD_COUNT; field += 1, left >>>= 8) {
		const occurrences = left & 0xff;
		if (occurrences > 0) frequency += occurrences * occurrenceWeight(norms, field, lengths[at + field]!);
	}
	return frequency / (norms.k1 + frequency);
}
