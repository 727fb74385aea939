import { defaultBm25Settings, inverseDocumentFrequency, type Bm25Settings } from './bm25-settings.ts';
import { GrowingArray } from './growing-array.ts';
import { FIELDS } from './passage-fields.ts';
import { buildPostings, type Postings } from './postings.ts';
import { heaviest, isSameQuery, type QueryTerm } from './query-terms.ts';
import { relatedTerms } from './related-words.ts';
import { TokenStore } from './token-store.ts';
import { TopK } from './top-k.ts';
import { Vocabulary } from './vocabulary.ts';

const FIELD_COUNT = FIELDS.length;
export type { QueryTerm } from './query-terms.ts';

/** Library number of a removed passage. */
const REMOVED = 0xffff;
/** Segments that are searched one by one before the younger ones are merged. */
const MOST_SEGMENTS = 8;

/** How much a word that is only related to one of the question counts. */
const RELATED_WEIGHT = 0.3;

/** Stands for no library filter. */
export const ALL_LIBRARIES = -1;

/** Passage numbers and scores, best first. */
export interface Ranking {
	numbers: Uint32Array;
	scores: Float64Array;
}

/** Scores of all passages for a question; valid until the next search. */
export interface Scores {
	/** By passage number; 0 where nothing matched. */
	readonly byPassage: Float64Array;
	/** The passages that matched, `matchCount` of them, in no order. */
	readonly matches: Uint32Array;
	readonly matchCount: number;
}

/** What an index is made of. */
export interface Bm25Parts {
	vocabulary: Vocabulary;
	tokens: TokenStore;
	/** Library number by passage. */
	libraries: Uint16Array<ArrayBuffer>;
	segments: Postings[];
}

/**
 * An inverted index over the fields of passages in typed arrays, scored by BM25F. Passages have numbers from 0 in order of
 * arrival; the number of a removed one is not given again. New passages form small segments of their own, which are merged
 * now and then, so that adding never rebuilds everything; statistics are always those of the passages that are there.
 */
export class Bm25Index {
	readonly vocabulary: Vocabulary;
	readonly tokens: TokenStore;
	readonly settings: Bm25Settings;
	readonly #libraries: GrowingArray<Uint16Array<ArrayBuffer>>;
	/** How many passages that are there hold a term. */
	readonly #documentFrequencies = new GrowingArray(Uint32Array);
	readonly #segments: Postings[] = [];
	#size = 0;
	/** Tokens by field, over the passages that are there. */
	readonly #totalLengths = new Float64Array(FIELD_COUNT);
	/** What an occurrence counts, by passage and field. */
	#weights = new Float64Array(0);
	#weightsAreCurrent = false;
	#scores = new Float64Array(0);
	#matches = new Uint32Array(0);
	#matchCount = 0;
	/** Whose scores those are, as long as they are those of the passages that are there. */
	#lastScored: { query: readonly QueryTerm[]; library: number } | null = null;

	constructor(settings: Bm25Settings = defaultBm25Settings, parts?: Bm25Parts) {
		this.settings = settings;
		this.vocabulary = parts?.vocabulary ?? new Vocabulary();
		this.tokens = parts?.tokens ?? new TokenStore();
		this.#libraries = new GrowingArray(Uint16Array, parts?.libraries);
		for (let number = 0; number < this.tokens.count; number += 1) this.#count(number, 1);
		for (const segment of parts?.segments ?? []) this.#adopt(segment);
	}

	/** Passages that are there. */
	get size(): number {
		return this.#size;
	}

	/** One past the highest number given so far. */
	get end(): number {
		return this.tokens.count;
	}

	has(number: number): boolean {
		return number >= 0 && number < this.end && this.#libraries.at(number) !== REMOVED;
	}

	/** Library number of a passage that is there. */
	library(number: number): number {
		return this.#libraries.at(number);
	}

	/** Adds a passage and returns its number. */
	add(library: number, fields: readonly string[]): number {
		const number = this.tokens.begin();
		fields.forEach((text, field) => this.vocabulary.readText(text, (term) => this.tokens.push(field, term)));
		this.#libraries.push(library);
		this.#count(number, 1);
		this.#weightsAreCurrent = false;
		return number;
	}

	/** Removes a passage; false when it is not there. */
	remove(number: number): boolean {
		if (!this.has(number)) return false;
		this.seal();
		for (const term of this.distinctTerms(number)) this.#documentFrequencies.array[term]! -= 1;
		this.#count(number, -1);
		this.#libraries.set(number, REMOVED);
		this.#weightsAreCurrent = false;
		return true;
	}

	distinctTerms(number: number): Set<number> {
		return new Set(this.tokens.terms.subarray(this.tokens.start(number), this.tokens.end(number)));
	}

	/** Makes what was added since searchable; searching does it by itself. */
	seal(): void {
		const from = this.#segments.at(-1)?.to ?? 0;
		if (from === this.end) return;
		this.#adopt(buildPostings(this.tokens, from, this.end, this.vocabulary.size));
		if (this.#segments.length > MOST_SEGMENTS) this.#merge();
	}

	/**
	 * The distinct known terms of a question with their weights, in its order; of a very long one, the heaviest.
	 * @param library counts passages of this library only; ALL_LIBRARIES counts all
	 */
	query(question: string, library: number): QueryTerm[] {
		this.seal();
		const counts = new Map<number, number>();
		this.vocabulary.readQuestion(question, (term) => counts.set(term, (counts.get(term) ?? 0) + 1));
		const terms: QueryTerm[] = [];
		const size = library === ALL_LIBRARIES ? this.#size : this.librarySize(library);
		for (const [term, count] of counts) {
			const frequency = this.documentFrequency(term, library);
			if (frequency === 0) continue;
			terms.push({ term, count, idf: inverseDocumentFrequency(size, frequency), isRelated: false });
		}
		return heaviest(terms);
	}

	/** Known terms that are not in a question but related to its words, with the share of their weight that counts. */
	relatedQuery(question: string): QueryTerm[] {
		this.seal();
		return relatedTerms(question).flatMap((word) => {
			const term = this.vocabulary.find(word);
			const frequency = term === undefined ? 0 : this.documentFrequency(term, ALL_LIBRARIES);
			if (term === undefined || frequency === 0) return [];
			const idf = RELATED_WEIGHT * inverseDocumentFrequency(this.#size, frequency);
			return [{ term, count: 1, idf, isRelated: true }];
		});
	}

	/** How many passages hold a term. */
	documentFrequency(term: number, library: number): number {
		if (library === ALL_LIBRARIES) return this.#documentFrequencies.at(term);
		let frequency = 0;
		this.#visit(term, library, () => (frequency += 1));
		return frequency;
	}

	librarySize(library: number): number {
		let size = 0;
		const libraries = this.#libraries.array;
		for (let number = 0; number < this.end; number += 1) if (libraries[number] === library) size += 1;
		return size;
	}

	/** The best passages by BM25F. `before` says which of two passages comes first at equal scores. */
	search(
		query: readonly QueryTerm[],
		library: number,
		limit: number,
		before: (a: number, b: number) => boolean
	): Ranking {
		const { byPassage, matches, matchCount } = this.score(query, library);
		return this.best(matches.subarray(0, matchCount), byPassage, limit, before);
	}

	/** The best of some passages by their scores. */
	best(
		numbers: Uint32Array,
		scores: Float64Array,
		limit: number,
		before: (a: number, b: number) => boolean
	): Ranking {
		const best = new TopK(Math.min(limit, numbers.length), before);
		let threshold = best.threshold;
		for (let at = 0; at < numbers.length; at += 1) {
			const number = numbers[at]!;
			const score = scores[number]!;
			if (score < threshold) continue;
			best.offer(number, score);
			threshold = best.threshold;
		}
		return best.drain();
	}

	/** BM25F of every passage; the same question again costs nothing. */
	score(query: readonly QueryTerm[], library: number): Scores {
		this.#prepare();
		const last = this.#lastScored;
		if (last?.library === library && isSameQuery(last.query, query)) {
			return { byPassage: this.#scores, matches: this.#matches, matchCount: this.#matchCount };
		}
		this.#clearScores();
		const { k1 } = this.settings;
		const scores = this.#scores;
		const matches = this.#matches;
		const weights = this.#weights;
		const libraries = this.#libraries.array;
		let matchCount = 0;
		for (const { term, count, idf } of query) {
			const factor = count * idf * (k1 + 1);
			// Written out instead of a call of #visit: this loop is where a search spends its time.
			for (const { starts, numbers, frequencies } of this.#segments) {
				if (term + 1 >= starts.length) continue;
				const end = starts[term + 1]!;
				for (let entry = starts[term]!; entry < end; entry += 1) {
					const number = numbers[entry]!;
					const owner = libraries[number]!;
					if (library === ALL_LIBRARIES ? owner === REMOVED : owner !== library) continue;
					const packed = frequencies[entry]!;
					const at = number * FIELD_COUNT;
					const frequency =
						(packed & 0xff) * weights[at]! +
						((packed >>> 8) & 0xff) * weights[at + 1]! +
						((packed >>> 16) & 0xff) * weights[at + 2]! +
						(packed >>> 24) * weights[at + 3]!;
					if (frequency === 0) continue;
					const score = scores[number]!;
					if (score === 0) matches[matchCount++] = number;
					scores[number] = score + (factor * frequency) / (k1 + frequency);
				}
			}
		}
		this.#matchCount = matchCount;
		this.#lastScored = { query, library };
		return { byPassage: scores, matches, matchCount };
	}

	/** Hands over the entries of a term: passage number and frequencies packed by field, a byte each, title lowest. */
	visit(term: number, library: number, visitor: (number: number, frequencies: number) => void): void {
		this.seal();
		this.#visit(term, library, visitor);
	}

	/** What one occurrence counts in a field of a passage. */
	occurrenceWeight(number: number, field: number): number {
		this.seal();
		if (!this.#weightsAreCurrent) this.#weigh();
		return this.#weights[number * FIELD_COUNT + field]!;
	}

	/** A copy of the given passages only, in one segment, numbered anew in the given order. */
	select(numbers: Uint32Array): Bm25Parts {
		const tokens = this.tokens.select(numbers);
		const libraries = Uint16Array.from(numbers, (number) => this.library(number));
		const segments = [buildPostings(tokens, 0, numbers.length, this.vocabulary.size)];
		return { vocabulary: this.vocabulary, tokens, libraries, segments };
	}

	parts(): Bm25Parts {
		this.seal();
		return {
			vocabulary: this.vocabulary,
			tokens: this.tokens,
			libraries: this.#libraries.view(),
			segments: this.#segments
		};
	}

	#visit(term: number, library: number, visitor: (number: number, frequencies: number) => void): void {
		const libraries = this.#libraries.array;
		for (const { starts, numbers, frequencies } of this.#segments) {
			if (term + 1 >= starts.length) continue;
			const end = starts[term + 1]!;
			for (let at = starts[term]!; at < end; at += 1) {
				const number = numbers[at]!;
				const owner = libraries[number]!;
				if (library === ALL_LIBRARIES ? owner !== REMOVED : owner === library)
					visitor(number, frequencies[at]!);
			}
		}
	}

	#adopt(segment: Postings): void {
		this.#segments.push(segment);
		this.#documentFrequencies.extend(this.vocabulary.size);
		const frequencies = this.#documentFrequencies.array;
		const { starts } = segment;
		for (let term = 0; term + 1 < starts.length; term += 1) {
			frequencies[term]! += starts[term + 1]! - starts[term]!;
		}
	}

	/** Makes one segment of the younger ones, or of all when the younger ones together have grown large. */
	#merge(): void {
		const [oldest] = this.#segments;
		const from = oldest && this.end - oldest.to < oldest.to / 4 ? oldest.to : 0;
		const merged = buildPostings(this.tokens, from, this.end, this.vocabulary.size);
		this.#segments.splice(from === 0 ? 0 : 1, Infinity, merged);
	}

	/** Brings everything that scoring reads up to date. */
	#prepare(): void {
		this.seal();
		if (!this.#weightsAreCurrent) this.#weigh();
	}

	#clearScores(): void {
		this.#lastScored = null;
		for (let at = 0; at < this.#matchCount; at += 1) this.#scores[this.#matches[at]!] = 0;
		this.#matchCount = 0;
		if (this.#scores.length < this.end) {
			this.#scores = new Float64Array(this.end);
			this.#matches = new Uint32Array(this.end);
		}
	}

	#weigh(): void {
		this.#lastScored = null;
		if (this.#weights.length < this.end * FIELD_COUNT)
			this.#weights = new Float64Array(this.end * FIELD_COUNT);
		FIELDS.forEach((name, field) => {
			const { weight, b } = this.settings.fields[name];
			const average = this.#size > 0 ? this.#totalLengths[field]! / this.#size : 0;
			for (let number = 0; number < this.end; number += 1) {
				const relative = average > 0 ? this.tokens.fieldLength(number, field) / average : 1;
				this.#weights[number * FIELD_COUNT + field] = weight / (1 - b + b * relative);
			}
		});
		this.#weightsAreCurrent = true;
	}

	#count(number: number, sign: 1 | -1): void {
		this.#size += sign;
		for (let field = 0; field < FIELD_COUNT; field += 1) {
			this.#totalLengths[field]! += sign * this.tokens.fieldLength(number, field);
		}
	}
}
