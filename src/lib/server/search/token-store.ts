import { GrowingArray } from './growing-array.ts';
import { FIELDS } from './passage-fields.ts';

const FIELD_COUNT = FIELDS.length;

/**
 * The terms of every passage in reading order, field after field. Everything else of the text index follows from it: postings are
 * built and merged from it, a removal knows what to take away, and evidence such as proximity is read from it.
 */
export class TokenStore {
	readonly #terms: GrowingArray<Uint32Array<ArrayBuffer>>;
	readonly #lengths: GrowingArray<Uint32Array<ArrayBuffer>>;
	readonly #starts: GrowingArray<Uint32Array<ArrayBuffer>>;

	/**
	 * @param terms term numbers, passage after passage
	 * @param lengths tokens in each field, FIELDS.length values a passage
	 */
	constructor(terms = new Uint32Array(0), lengths = new Uint32Array(0)) {
		this.#terms = new GrowingArray(Uint32Array, terms);
		this.#lengths = new GrowingArray(Uint32Array, lengths);
		const starts = new Uint32Array(lengths.length / FIELD_COUNT + 1);
		let start = 0;
		for (let at = 0; at < lengths.length; at += 1) {
			start += lengths[at]!;
			if (at % FIELD_COUNT === FIELD_COUNT - 1) starts[(at + 1) / FIELD_COUNT] = start;
		}
		this.#starts = new GrowingArray(Uint32Array, starts);
	}

	/** Number of passages. */
	get count(): number {
		return this.#starts.length - 1;
	}

	/** All term numbers; may be longer than what is used. */
	get terms(): Uint32Array<ArrayBuffer> {
		return this.#terms.array;
	}

	/** Tokens in each field, FIELDS.length values a passage; may be longer than what is used. */
	get lengths(): Uint32Array<ArrayBuffer> {
		return this.#lengths.array;
	}

	/** Begins a passage; its number is returned. */
	begin(): number {
		this.#lengths.extend(this.#lengths.length + FIELD_COUNT);
		this.#starts.push(this.#terms.length);
		return this.count - 1;
	}

	/** Adds a term to a field of the last passage; fields come in their order. */
	push(field: number, term: number): void {
		const last = this.count - 1;
		this.#terms.push(term);
		const at = last * FIELD_COUNT + field;
		this.#lengths.set(at, this.#lengths.at(at) + 1);
		this.#starts.set(last + 1, this.#terms.length);
	}

	start(number: number): number {
		return this.#starts.array[number]!;
	}

	end(number: number): number {
		return this.#starts.array[number + 1]!;
	}

	fieldLength(number: number, field: number): number {
		return this.#lengths.array[number * FIELD_COUNT + field]!;
	}

	/** A copy with these passages only, numbered anew in the given order. */
	select(numbers: Uint32Array): TokenStore {
		let total = 0;
		for (const number of numbers) total += this.end(number) - this.start(number);
		const terms = new Uint32Array(total);
		const lengths = new Uint32Array(numbers.length * FIELD_COUNT);
		let at = 0;
		numbers.forEach((number, place) => {
			terms.set(this.terms.subarray(this.start(number), this.end(number)), at);
			at += this.end(number) - this.start(number);
			for (let field = 0; field < FIELD_COUNT; field += 1) {
				lengths[place * FIELD_COUNT + field] = this.fieldLength(number, field);
			}
		});
		return new TokenStore(terms, lengths);
	}

	arrays(): { terms: Uint32Array<ArrayBuffer>; lengths: Uint32Array<ArrayBuffer> } {
		return { terms: this.#terms.view(), lengths: this.#lengths.view() };
	}
}
