import type { AskedQuestion } from './asked-question.ts';
import type { Bm25Index } from './bm25-index.ts';
import { inverseDocumentFrequency } from './bm25-settings.ts';
import type { Evidence } from './evidence-values.ts';
import { FIELDS } from './passage-fields.ts';

const FIELD_COUNT = FIELDS.length;
const TITLE = FIELDS.indexOf('title');
const HEADING = FIELDS.indexOf('heading');
const BODY = FIELDS.indexOf('body');
const CODE = FIELDS.indexOf('code');

type TokenEvidence = Pick<
	Evidence,
	| 'title_bm25'
	| 'heading_bm25'
	| 'body_bm25'
	| 'code_bm25'
	| 'coverage'
	| 'title_match'
	| 'heading_match'
	| 'proximity'
	| 'phrase'
	| 'identifier'
	| 'length'
	| 'body_coverage'
	| 'heading_coverage'
	| 'opening_bm25'
	| 'part_best'
>;

/** Terms of a part of the question, by their places in it. */
export interface TermGroup {
	places: readonly number[];
	/** BM25F that a passage could have at most that holds them all. */
	most: number;
	/** How much the part counts beside the heaviest one, 0 to 1. */
	share: number;
}

/** Reads the tokens of passages in their order, for one question. */
export class TokenReader {
	readonly #text: Bm25Index;
	readonly #asked: AskedQuestion;
	/** Place in the question plus 1 by term number; zero where a term was not asked. */
	readonly #places: Uint16Array;
	/** Of the passage that is read: occurrences by place and field; by place its last position, -1 where it is not, the least distance to the one before, and whether it follows it. */
	readonly #frequencies: Uint16Array;
	readonly #lastPositions: Int32Array;
	readonly #distances: Float64Array;
	readonly #adjacent: Uint8Array;
	/** BM25F of each term alone, by place. */
	readonly #gains: Float64Array;
	/** Inverse document frequency of the terms of titles and headings. */
	readonly #idfs = new Map<number, number>();
	readonly #opening: TermGroup;
	readonly #parts: readonly TermGroup[];

	/** @param places as long as the vocabulary, all zero; give it back by `release` */
	constructor(
		text: Bm25Index,
		{ asked, opening, parts }: { asked: AskedQuestion; opening: TermGroup; parts: readonly TermGroup[] },
		places: Uint16Array
	) {
		this.#text = text;
		this.#asked = asked;
		this.#places = places;
		asked.terms.forEach(({ term }, place) => (places[term] = place + 1));
		this.#frequencies = new Uint16Array(asked.terms.length * FIELD_COUNT);
		this.#lastPositions = new Int32Array(asked.terms.length);
		this.#distances = new Float64Array(asked.terms.length);
		this.#adjacent = new Uint8Array(asked.terms.length);
		this.#gains = new Float64Array(asked.terms.length);
		this.#opening = opening;
		this.#parts = parts;
	}

	/** Leaves the places all zero again. */
	release(): void {
		for (const { term } of this.#asked.terms) this.#places[term] = 0;
	}

	read(number: number): TokenEvidence {
		this.#walk(number);
		const { tokens, settings } = this.#text;
		const { terms, weight, countedWeight, identifiers, identifierWeight } = this.#asked;
		const byField = [0, 0, 0, 0];
		let coverage = 0;
		let identifier = 0;
		let proximity = 0;
		let phrase = 0;
		let titleWeight = 0;
		let headingWeight = 0;
		let bodyWeight = 0;
		const most = countedWeight * (settings.k1 + 1) || 1;
		for (let place = 0; place < terms.length; place += 1) {
			if (this.#lastPositions[place]! < 0) {
				this.#gains[place] = 0;
				continue;
			}
			const { term, count, idf, isRelated } = terms[place]!;
			let whole = 0;
			for (let field = 0; field < FIELD_COUNT; field += 1) {
				const frequency = this.#frequencies[place * FIELD_COUNT + field]!;
				if (frequency === 0) continue;
				const counted = frequency * this.#text.occurrenceWeight(number, field);
				const normalised = counted / settings.fields[FIELDS[field]!].weight;
				whole += counted;
				byField[field]! += (count * idf * (settings.k1 + 1) * normalised) / (settings.k1 + normalised);
			}
			this.#gains[place] = (idf * (settings.k1 + 1) * whole) / (settings.k1 + whole);
			coverage += idf;
			if (isRelated) continue;
			if (this.#holds(place, BODY) || this.#holds(place, CODE)) bodyWeight += idf;
			if (identifiers.has(term)) identifier += idf;
			if (this.#holds(place, TITLE)) titleWeight += idf;
			if (this.#holds(place, HEADING)) headingWeight += idf;
			if (place === 0) continue;
			const pair = Math.min(idf, terms[place - 1]!.idf);
			proximity += pair / this.#distances[place]!;
			phrase += pair * this.#adjacent[place]!;
		}
		return {
			title_bm25: byField[0]! / most,
			heading_bm25: byField[1]! / most,
			body_bm25: byField[2]! / most,
			code_bm25: byField[3]! / most,
			coverage: coverage / weight,
			title_match: titleWeight / this.#fieldWeight(number, TITLE),
			heading_match: headingWeight / this.#fieldWeight(number, HEADING),
			proximity: proximity / weight,
			phrase: phrase / weight,
			identifier: identifierWeight > 0 ? identifier / identifierWeight : 0,
			length: Math.log2(1 + tokens.end(number) - tokens.start(number)) / 10,
			body_coverage: bodyWeight / weight,
			heading_coverage: headingWeight / weight,
			opening_bm25: this.#groupGain(this.#opening),
			part_best: this.#bestPart()
		};
	}

	#holds(place: number, field: number): boolean {
		return this.#frequencies[place * FIELD_COUNT + field]! > 0;
	}

	#bestPart(): number {
		let best = 0;
		for (const part of this.#parts) best = Math.max(best, part.share * this.#groupGain(part));
		return best;
	}

	#groupGain({ places, most }: TermGroup): number {
		let gain = 0;
		for (const place of places) gain += this.#gains[place]!;
		return gain / most;
	}

	/** Where in the passage the terms of the question stand. */
	#walk(number: number): void {
		const { tokens } = this.#text;
		const places = this.#places;
		const frequencies = this.#frequencies.fill(0);
		const lastPositions = this.#lastPositions.fill(-1);
		const distances = this.#distances.fill(Infinity);
		const adjacent = this.#adjacent.fill(0);
		const last = lastPositions.length - 1;
		const all = tokens.terms;
		let at = tokens.start(number);
		for (let field = 0; field < FIELD_COUNT; field += 1) {
			const end = at + tokens.fieldLength(number, field);
			const fieldStart = at;
			for (; at < end; at += 1) {
				const place = places[all[at]!]! - 1;
				if (place < 0) continue;
				frequencies[place * FIELD_COUNT + field]! += 1;
				lastPositions[place] = at;
				if (place > 0 && lastPositions[place - 1]! >= fieldStart) {
					const distance = at - lastPositions[place - 1]!;
					if (distance < distances[place]!) distances[place] = distance;
					if (distance === 1) adjacent[place] = 1;
				}
				if (place < last && lastPositions[place + 1]! >= fieldStart) {
					const distance = at - lastPositions[place + 1]! + 1;
					if (distance < distances[place + 1]!) distances[place + 1] = distance;
				}
			}
		}
	}

	#idf(term: number): number {
		let idf = this.#idfs.get(term);
		if (idf === undefined) {
			const { library } = this.#asked;
			const frequency = this.#text.documentFrequency(term, library);
			idf = inverseDocumentFrequency(this.#text.librarySize(library), frequency);
			this.#idfs.set(term, idf);
		}
		return idf;
	}

	/** Sum of the weights of the distinct terms of a field, as rare as they are in the library of the passage or in all that is searched. */
	#fieldWeight(number: number, field: number): number {
		const text = this.#text;
		const { terms } = text.tokens;
		let start = text.tokens.start(number);
		for (let before = 0; before < field; before += 1) start += text.tokens.fieldLength(number, before);
		const end = start + text.tokens.fieldLength(number, field);
		let weight = 0;
		for (let at = start; at < end; at += 1) {
			const term = terms[at]!;
			let first = start;
			while (terms[first] !== term) first += 1;
			if (first === at) weight += this.#idf(term);
		}
		return weight || 1;
	}
}
