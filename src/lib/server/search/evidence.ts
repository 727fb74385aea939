import { rawTokens, termsOf } from './analyze.ts';
import { ALL_LIBRARIES } from './bm25-index.ts';
import { inverseDocumentFrequency } from './bm25-settings.ts';
import type { Evidence } from './evidence-values.ts';
import { PageScorer } from './page-scorer.ts';
import { FIELDS } from './passage-fields.ts';
import type { PassageStore } from './passage-store.ts';
import type { QueryTerm } from './query-terms.ts';

const FIELD_COUNT = FIELDS.length;
const TITLE = FIELDS.indexOf('title');
const HEADING = FIELDS.indexOf('heading');
const BODY = FIELDS.indexOf('body');

/** How many of the best passages tell which library the question is about. */
const LIBRARY_SAMPLE = 30;

/** A term of the question with its place among its distinct terms. */
interface Asked {
	/** Terms of the question itself. */
	own: QueryTerm[];
	/** The same, then those of related words. */
	terms: QueryTerm[];
	/** Sum of the weights of the terms that were asked for; at least a little, to divide by. */
	weight: number;
	/** The same, each as often as it was asked. */
	countedWeight: number;
	/** Place by term number, plus 1. */
	places: Map<number, number>;
	identifiers: Set<number>;
	identifierWeight: number;
	/** Share of the question's weight whose terms some passage holds. */
	known: number;
	/** Room for reading a passage: occurrences by term and field; by term its last place, least distance to the term before, and whether it follows it. */
	frequencies: Uint16Array;
	lastPositions: Int32Array;
	distances: Float64Array;
	adjacent: Uint8Array;
}

/** Reads evidence about passages for a question. */
export class EvidenceReader {
	readonly #store: PassageStore;
	readonly #pages: PageScorer;
	/** Place in the question plus 1 by term number; zero between reads. */
	#places = new Uint16Array(0);

	constructor(store: PassageStore) {
		this.#store = store;
		this.#pages = new PageScorer(store);
	}

	/** Evidence by chunk id. */
	read(question: string, vector: Float32Array | null, numbers: readonly number[]): Map<string, Evidence> {
		const evidence = new Map<string, Evidence>();
		if (numbers.length === 0) return evidence;
		const { text, table, vectors, ids } = this.#store;
		const asked = this.#ask(question);
		const scores = text.score(asked.own, ALL_LIBRARIES);
		const { k1 } = text.settings;
		const most = asked.countedWeight * (k1 + 1) || 1;
		const pages = this.#pages.score(asked.terms);
		const libraries = this.#libraryShares(scores.matches.subarray(0, scores.matchCount), scores.byPassage);
		const named = this.#namedLibraries(question);
		if (this.#places.length < text.vocabulary.size) this.#places = new Uint16Array(text.vocabulary.size);
		for (const [term, place] of asked.places) this.#places[term] = place;

		for (const number of numbers) {
			const page = table.page(number);
			const own = this.#readTokens(number, asked);
			const neighbour = (step: -1 | 1) => {
				const other = this.#pages.neighbour(number, step);
				return other < 0 ? 0 : scores.byPassage[other]!;
			};
			evidence.set(ids[number]!, {
				bm25: scores.byPassage[number]! / most,
				title_bm25: own.title_bm25,
				heading_bm25: own.heading_bm25,
				body_bm25: own.body_bm25,
				code_bm25: own.code_bm25,
				document_bm25: pages.scores[page]!,
				document_best_passage: pages.best(page, scores.byPassage) / most,
				document_heading_coverage: pages.headingCoverage[page]!,
				document_coverage: pages.coverage[page]!,
				coverage: own.coverage,
				title_match: own.title_match,
				heading_match: own.heading_match,
				proximity: own.proximity,
				phrase: own.phrase,
				identifier: own.identifier,
				length: own.length,
				semantic: vector && vectors ? vectors.similarity(vector, number) : 0,
				neighbours: (neighbour(-1) + neighbour(1)) / 2 / most,
				position: 1 / (1 + table.position(number)),
				question_known: asked.known,
				library_named: named.has(text.library(number)) ? 1 : 0,
				library_share: libraries.get(text.library(number)) ?? 0
			});
		}
		for (const term of asked.places.keys()) this.#places[term] = 0;
		return evidence;
	}

	#ask(question: string): Asked {
		const { text } = this.#store;
		const own = text.query(question, ALL_LIBRARIES);
		const terms = [...own, ...text.relatedQuery(question)];
		const places = new Map(terms.map(({ term }, place) => [term, place + 1]));
		const identifiers = new Set<number>();
		let unknownWeight = 0;
		let identifierWeight = 0;
		const seen = new Set<string>();
		const idf = new Map(terms.map(({ term, idf }) => [term, idf]));
		const libraryNames = new Set(this.#store.libraryNames.map((name) => name.toLowerCase()));
		for (const raw of rawTokens(question)) {
			const isName =
				!libraryNames.has(raw.toLowerCase()) && /[a-z][A-Z]|[A-Z]{2}[a-z]|_|\.[A-Za-z]|^--/.test(raw);
			termsOf(raw).forEach((term, at) => {
				if (seen.has(term)) return;
				seen.add(term);
				const number = text.vocabulary.find(term);
				const weight = number === undefined ? undefined : idf.get(number);
				const frequency = number === undefined ? 0 : text.documentFrequency(number, ALL_LIBRARIES);
				if (frequency === 0) unknownWeight += inverseDocumentFrequency(text.size, 0);
				if (!isName || at > 0) return;
				identifierWeight += weight ?? inverseDocumentFrequency(text.size, frequency);
				if (number !== undefined) identifiers.add(number);
			});
		}
		const knownWeight = own.reduce((sum, { idf }) => sum + idf, 0);
		const known = knownWeight / (knownWeight + unknownWeight || 1);
		return {
			own,
			terms,
			weight: knownWeight || 1,
			countedWeight: own.reduce((sum, { count, idf }) => sum + count * idf, 0),
			places,
			identifiers,
			identifierWeight,
			known,
			frequencies: new Uint16Array(terms.length * FIELD_COUNT),
			lastPositions: new Int32Array(terms.length),
			distances: new Float64Array(terms.length),
			adjacent: new Uint8Array(terms.length)
		};
	}

	/** What the tokens of a passage say. */
	#readTokens(number: number, asked: Asked) {
		const { tokens, settings } = this.#store.text;
		const { terms: query, weight, countedWeight } = asked;
		const { frequencies, lastPositions, distances, adjacent } = asked;
		frequencies.fill(0);
		lastPositions.fill(-1);
		distances.fill(Infinity);
		adjacent.fill(0);
		const all = tokens.terms;
		let at = tokens.start(number);
		for (let field = 0; field < FIELD_COUNT; field += 1) {
			const end = at + tokens.fieldLength(number, field);
			if (field >= BODY || field === HEADING) lastPositions.fill(-1);
			for (; at < end; at += 1) {
				const place = this.#places[all[at]!]! - 1;
				if (place < 0) continue;
				frequencies[place * FIELD_COUNT + field]! += 1;
				lastPositions[place] = at;
				if (place > 0 && lastPositions[place - 1]! >= 0) {
					const distance = at - lastPositions[place - 1]!;
					if (distance < distances[place]!) distances[place] = distance;
					if (distance === 1) adjacent[place] = 1;
				}
				if (place + 1 < query.length && lastPositions[place + 1]! >= 0) {
					const distance = at - lastPositions[place + 1]! + 1;
					if (distance < distances[place + 1]!) distances[place + 1] = distance;
				}
			}
		}
		const byField = [0, 0, 0, 0];
		let coverage = 0;
		let identifier = 0;
		let proximity = 0;
		let phrase = 0;
		let titleWeight = 0;
		let headingWeight = 0;
		const most = countedWeight * (settings.k1 + 1) || 1;
		for (let place = 0; place < query.length; place += 1) {
			const { term, count, idf, isRelated } = query[place]!;
			let found = false;
			for (let field = 0; field < FIELD_COUNT; field += 1) {
				const frequency = frequencies[place * FIELD_COUNT + field]!;
				if (frequency === 0) continue;
				found = true;
				const { weight } = settings.fields[FIELDS[field]!];
				const normalised = (frequency * this.#store.text.occurrenceWeight(number, field)) / weight;
				byField[field]! += (count * idf * (settings.k1 + 1) * normalised) / (settings.k1 + normalised);
			}
			if (found) coverage += idf;
			if (found && asked.identifiers.has(term)) identifier += idf;
			if (frequencies[place * FIELD_COUNT + TITLE]! > 0) titleWeight += idf;
			if (frequencies[place * FIELD_COUNT + HEADING]! > 0) headingWeight += idf;
			if (place === 0 || isRelated) continue;
			const pair = Math.min(idf, query[place - 1]!.idf);
			proximity += pair / distances[place]!;
			phrase += pair * adjacent[place]!;
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
			identifier: asked.identifierWeight > 0 ? identifier / asked.identifierWeight : 0,
			length: Math.log2(1 + tokens.end(number) - tokens.start(number)) / 10
		};
	}

	/** Sum of the weights of the distinct terms of a field. */
	#fieldWeight(number: number, field: number): number {
		const { text } = this.#store;
		let start = text.tokens.start(number);
		for (let before = 0; before < field; before += 1) start += text.tokens.fieldLength(number, before);
		const end = start + text.tokens.fieldLength(number, field);
		let weight = 0;
		for (let at = start; at < end; at += 1) {
			const term = text.tokens.terms[at]!;
			if (text.tokens.terms.indexOf(term, start) < at) continue;
			weight += inverseDocumentFrequency(text.size, text.documentFrequency(term, ALL_LIBRARIES));
		}
		return weight || 1;
	}

	#libraryShares(matches: Uint32Array, scores: Float64Array): Map<number, number> {
		const { text } = this.#store;
		const best = text.best(matches, scores, LIBRARY_SAMPLE, this.#store.before).numbers;
		const shares = new Map<number, number>();
		for (const number of best) {
			const library = text.library(number);
			shares.set(library, (shares.get(library) ?? 0) + 1 / best.length);
		}
		return shares;
	}

	#namedLibraries(question: string): Set<number> {
		const words = new Set(question.toLowerCase().match(/[\p{L}\p{N}@/_-]+/gu));
		const named = new Set<number>();
		for (const name of this.#store.libraryNames) {
			if (words.has(name.toLowerCase())) named.add(this.#store.libraryNumber(name)!);
		}
		return named;
	}
}
