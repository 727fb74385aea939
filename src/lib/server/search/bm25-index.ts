import { defaultBm25Settings, type Bm25Settings } from './bm25-settings.ts';
import { FieldTotals, occurrenceWeight, type FieldNorms } from './field-norms.ts';
import { GrowingArray } from './growing-array.ts';
import { ALL_LIBRARIES, libraryRanges, REMOVED, type NumberRange } from './library-ranges.ts';
import { FIELDS } from './passage-fields.ts';
import { buildPostings, lowerBound, type Postings } from './postings.ts';
import { Segment, type Slice } from './segment.ts';
import { languages, type Language } from './text/languages.ts';
import { TokenStore } from './token-store.ts';
import { Vocabulary } from './vocabulary.ts';

const FIELD_COUNT = FIELDS.length;
const CODE = FIELDS.indexOf('code');

/** Languages by the number that they are kept under; another order is another format. */
const LANGUAGES: readonly Language[] = ['english', ...languages];

/** Segments that are searched one by one before the younger ones are merged. */
const MOST_SEGMENTS = 8;

/** What an index is made of. */
export interface Bm25Parts {
	vocabulary: Vocabulary;
	tokens: TokenStore;
	/** Library number by passage. */
	libraries: Uint16Array<ArrayBuffer>;
	/** Number of the language by passage. */
	languages: Uint8Array<ArrayBuffer>;
	segments: Postings[];
}

/** What follows from the passages that are there. */
interface Derived {
	/** By library number. */
	norms: FieldNorms[];
	ranges: Map<number, NumberRange[]>;
	/** Passages with a term by library, as far as they were asked for. */
	frequencies: Map<number, Map<number, number>>;
	/** Languages other than English by library. */
	languages: Map<number, Language[]>;
}

/**
 * An inverted index over the fields of passages in typed arrays, for BM25F. Passages have numbers from 0 in order of
 * arrival; the number of a removed one is not given again. New passages form small segments of their own, which are merged
 * now and then, so that adding never rebuilds everything; statistics are always those of the passages that are there.
 */
export class Bm25Index {
	readonly vocabulary: Vocabulary;
	readonly tokens: TokenStore;
	readonly settings: Bm25Settings;
	readonly #libraries: GrowingArray<Uint16Array<ArrayBuffer>>;
	readonly #languages: GrowingArray<Uint8Array<ArrayBuffer>>;
	/** How many passages that are there hold a term. */
	readonly #documentFrequencies = new GrowingArray(Uint32Array);
	readonly #segments: Segment[] = [];
	#size = 0;
	/** By library number, over the passages that are there. */
	readonly #totals: FieldTotals[] = [];
	/** Counts the changes, so that what was derived can be known to be outdated. */
	#version = 1;
	/** Derived from the passages that are there; null when they have changed. */
	#derived: Derived | null = null;

	constructor(settings: Bm25Settings = defaultBm25Settings, parts?: Bm25Parts) {
		this.settings = settings;
		this.vocabulary = parts?.vocabulary ?? new Vocabulary();
		this.tokens = parts?.tokens ?? new TokenStore();
		this.#libraries = new GrowingArray(Uint16Array, parts?.libraries);
		this.#languages = new GrowingArray(Uint8Array, parts?.languages);
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

	/** Another number after every change. */
	get version(): number {
		return this.#version;
	}

	has(number: number): boolean {
		return number >= 0 && number < this.end && this.#libraries.at(number) !== REMOVED;
	}

	/** Library number of a passage that is there. */
	library(number: number): number {
		return this.#libraries.at(number);
	}

	/**
	 * Adds a passage and returns its number.
	 * @param language of its text; code is read as English, whatever stands around it
	 */
	add(library: number, fields: readonly string[], language: Language = 'english'): number {
		const number = this.tokens.begin();
		fields.forEach((text, field) => {
			const own = field === CODE ? 'english' : language;
			this.vocabulary.readText(text, (term) => this.tokens.push(field, term), own);
		});
		this.#libraries.push(library);
		this.#languages.push(LANGUAGES.indexOf(language));
		this.#count(number, 1);
		this.#change();
		return number;
	}

	/** Removes a passage; false when it is not there. */
	remove(number: number): boolean {
		if (!this.has(number)) return false;
		this.seal();
		for (const term of this.distinctTerms(number)) this.#documentFrequencies.array[term]! -= 1;
		this.#count(number, -1);
		this.#libraries.set(number, REMOVED);
		this.#change();
		return true;
	}

	distinctTerms(number: number): Set<number> {
		return new Set(this.tokens.terms.subarray(this.tokens.start(number), this.tokens.end(number)));
	}

	/** Makes what was added since searchable; reading does it by itself. */
	seal(): void {
		const from = this.#segments.at(-1)?.postings.to ?? 0;
		if (from === this.end) return;
		this.#adopt(buildPostings(this.tokens, from, this.end, this.vocabulary.size));
		if (this.#segments.length > MOST_SEGMENTS) this.#merge();
	}

	/** How many passages hold a term. */
	documentFrequency(term: number, library: number): number {
		this.seal();
		if (library === ALL_LIBRARIES) return this.#documentFrequencies.at(term);
		const { frequencies } = this.#derive();
		let known = frequencies.get(library);
		if (!known) frequencies.set(library, (known = new Map()));
		let count = known.get(term);
		if (count === undefined) {
			count = this.#slices(term, library).reduce((sum, { start, end }) => sum + end - start, 0);
			known.set(term, count);
		}
		return count;
	}

	librarySize(library: number): number {
		if (library === ALL_LIBRARIES) return this.#size;
		return this.ranges(library).reduce((sum, { from, to }) => sum + to - from, 0);
	}

	/** The passages of a library, or all that are there, as ranges of consecutive numbers in ascending order. */
	ranges(library: number): readonly NumberRange[] {
		return this.#derive().ranges.get(library) ?? [];
	}

	/** The languages other than English that the passages of a library, or all that are there, are in. */
	languages(library: number): readonly Language[] {
		return this.#derive().languages.get(library) ?? [];
	}

	/** The entries of a term with their impacts, in ascending order of passages. Valid until the next change. */
	slices(term: number, library: number): Slice[] {
		this.seal();
		const { norms } = this.#derive();
		const { lengths } = this.tokens;
		const basis = { norms, lengths, libraries: this.#libraries.array, version: this.#version };
		for (const segment of this.#segments) segment.prepare(term, basis);
		return this.#slices(term, library);
	}

	/** What one occurrence counts in a field of a passage that is there. */
	occurrenceWeight(number: number, field: number): number {
		const norms = this.#derive().norms[this.library(number)]!;
		return occurrenceWeight(norms, field, this.tokens.fieldLength(number, field));
	}

	/** A copy of the given passages only, in one segment, numbered anew in the given order. */
	select(numbers: Uint32Array): Bm25Parts {
		const tokens = this.tokens.select(numbers);
		const libraries = Uint16Array.from(numbers, (number) => this.library(number));
		const segments = [buildPostings(tokens, 0, numbers.length, this.vocabulary.size)];
		const languages = Uint8Array.from(numbers, (number) => this.#languages.at(number));
		return { vocabulary: this.vocabulary, tokens, libraries, languages, segments };
	}

	parts(): Bm25Parts {
		this.seal();
		return {
			vocabulary: this.vocabulary,
			tokens: this.tokens,
			libraries: this.#libraries.view(),
			languages: this.#languages.view(),
			segments: this.#segments.map((segment) => segment.postings)
		};
	}

	#slices(term: number, library: number): Slice[] {
		const slices: Slice[] = [];
		const ranges = this.ranges(library);
		for (const segment of this.#segments) {
			const { numbers, from: first, to: last } = segment.postings;
			const most = segment.end(term);
			let start = segment.start(term);
			if (start === most) continue;
			for (const { from, to } of ranges) {
				if (to <= first || from >= last) continue;
				if (from > first) start = lowerBound(numbers, start, most, from);
				const end = to < last ? lowerBound(numbers, start, most, to) : most;
				if (end > start) slices.push({ segment, start, end });
				start = end;
			}
		}
		return slices;
	}

	#adopt(postings: Postings): void {
		this.#segments.push(new Segment(postings));
		this.#documentFrequencies.extend(this.vocabulary.size);
		const frequencies = this.#documentFrequencies.array;
		const { starts } = postings;
		for (let term = 0; term + 1 < starts.length; term += 1) {
			frequencies[term]! += starts[term + 1]! - starts[term]!;
		}
	}

	/** Makes one segment of the younger ones, or of all when the younger ones together have grown large. */
	#merge(): void {
		const oldest = this.#segments[0]?.postings;
		const from = oldest && this.end - oldest.to < oldest.to / 4 ? oldest.to : 0;
		const merged = buildPostings(this.tokens, from, this.end, this.vocabulary.size);
		this.#segments.splice(from === 0 ? 0 : 1, Infinity, new Segment(merged));
	}

	#derive(): Derived {
		if (!this.#derived) {
			const ranges = libraryRanges(this.#libraries.view());
			this.#derived = {
				norms: this.#totals.map((totals) => totals.norms(this.settings)),
				ranges,
				frequencies: new Map(),
				languages: new Map(Array.from(ranges, ([library, own]) => [library, this.#languagesIn(own)]))
			};
		}
		return this.#derived;
	}

	#languagesIn(ranges: readonly NumberRange[]): Language[] {
		const isHeld = new Uint8Array(LANGUAGES.length);
		for (const { from, to } of ranges) {
			for (let number = from; number < to; number += 1) isHeld[this.#languages.at(number)] = 1;
		}
		return LANGUAGES.filter((language, at) => language !== 'english' && isHeld[at]);
	}

	#change(): void {
		this.#version += 1;
		this.#derived = null;
	}

	#count(number: number, sign: 1 | -1): void {
		this.#size += sign;
		const library = this.library(number);
		while (this.#totals.length <= library) this.#totals.push(new FieldTotals());
		this.#totals[library]!.count(sign, this.tokens.lengths, number * FIELD_COUNT);
	}
}
