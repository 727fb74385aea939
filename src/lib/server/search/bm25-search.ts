import type { Bm25Index } from './bm25-index.ts';
import { lowerBound } from './postings.ts';
import { isSameQuery, type QueryTerm } from './query-terms.ts';
import type { Slice } from './segment.ts';
import { TopK } from './top-k.ts';

/** Passage numbers and scores, best first. */
export interface Ranking {
	numbers: Uint32Array;
	scores: Float64Array;
}

/** A term as it is scored. */
interface ScoredTerm {
	slices: Slice[];
	/** Number of entries. */
	entries: number;
	/** Score of an entry over its impact. */
	factor: number;
	/** The most that it adds to any score. */
	most: number;
}

/** A search that is not done again. */
interface KnownSearch {
	query: readonly QueryTerm[];
	library: number;
	limit: number;
	best: Ranking;
}

/** Searches that are kept: more than one question has parts. */
const MOST_KNOWN = 16;
/** Fewer entries than this are sooner scored than avoided. */
const LEAST_AVOIDED = 4096;
/** A look-up costs as much as reading so many entries. */
const LOOKUP_COST = 8;
/** Sums of the same numbers in another order differ by less than this share. */
const ROUNDING = 1e-9;

/**
 * The best passages by BM25F, exactly. Terms are scored one after the other, those that weigh most first. When what the terms that are left
 * can add together is less than the worst of the best scores so far, no further passage can get among the best: then only those that still can
 * are scored on, so that frequent words, which add little to many passages, are mostly skipped.
 * Source: Turtle, Flood, "Query Evaluation: Strategies and Optimizations", Information Processing & Management, 1995 (max score).
 */
export class Bm25Search {
	readonly #index: Bm25Index;
	readonly #leastAvoided: number;
	/** By passage; zero between searches. */
	#scores = new Float64Array(0);
	/** The passages with a score, and those of them that can still be among the best. */
	#matches = new Uint32Array(0);
	#open = new Uint32Array(0);
	/** The last searches of one version, oldest first: after the parts of a question, the whole is asked for again. */
	#known: KnownSearch[] = [];
	#version = 0;

	/** @param leastAvoided entries that must be left before any are avoided */
	constructor(index: Bm25Index, leastAvoided = LEAST_AVOIDED) {
		this.#index = index;
		this.#leastAvoided = leastAvoided;
	}

	/**
	 * The best passages; the same question again, for as many or fewer, costs nothing.
	 * @param library only passages of this library; ALL_LIBRARIES for all
	 * @param before which of two passages comes first at equal scores
	 */
	best(
		query: readonly QueryTerm[],
		library: number,
		limit: number,
		before: (a: number, b: number) => boolean
	): Ranking {
		const { version } = this.#index;
		if (version !== this.#version) {
			this.#version = version;
			this.#known = [];
		}
		const known = this.#known.find(
			(other) => other.library === library && other.limit >= limit && isSameQuery(other.query, query)
		);
		const best = known?.best ?? this.#search(query, library, limit, before);
		if (!known) {
			if (this.#known.length === MOST_KNOWN) this.#known.shift();
			this.#known.push({ query, library, limit, best });
		}
		return { numbers: best.numbers.slice(0, limit), scores: best.scores.slice(0, limit) };
	}

	#search(
		query: readonly QueryTerm[],
		library: number,
		limit: number,
		before: (a: number, b: number) => boolean
	): Ranking {
		this.#reserve();
		// The order is the question's matter alone: in another one, sums of the same numbers would differ by rounding.
		const terms = query.map((term) => this.#scoredTerm(term, library)).sort((a, b) => b.factor - a.factor);
		const rest = new Float64Array(terms.length + 1);
		for (let at = terms.length - 1; at >= 0; at -= 1) rest[at] = rest[at + 1]! + terms[at]!.most;
		let left = terms.reduce((sum, { entries }) => sum + entries, 0);

		let matchCount = 0;
		/** -1 as long as every passage is open. */
		let openCount = -1;
		let threshold = 0;
		for (const [at, term] of terms.entries()) {
			if (openCount < 0) {
				// Looking at all matches costs about as much as scoring half as many entries.
				const isWorthIt = term.entries * 2 > matchCount && left >= this.#leastAvoided && matchCount >= limit;
				if (isWorthIt) {
					threshold = this.#kthBest(this.#matches, matchCount, limit, threshold);
					if (rest[at]! < threshold)
						openCount = this.#narrow(this.#matches, matchCount, threshold - rest[at]!);
				}
			}
			left -= term.entries;
			if (openCount < 0) {
				matchCount = this.#score(term, matchCount);
				continue;
			}
			this.#scoreOpen(term, openCount);
			if (openCount > limit) {
				threshold = this.#kthBest(this.#open, openCount, limit, threshold);
				openCount = this.#narrow(this.#open, openCount, threshold - rest[at + 1]!);
			}
		}
		const best =
			openCount < 0
				? this.#select(this.#matches, matchCount, limit, before)
				: this.#select(this.#open, openCount, limit, before);
		for (let at = 0; at < matchCount; at += 1) this.#scores[this.#matches[at]!] = 0;
		return best;
	}

	#scoredTerm({ term, count, idf }: QueryTerm, library: number): ScoredTerm {
		const slices = this.#index.slices(term, library);
		const factor = count * idf * (this.#index.settings.k1 + 1);
		let entries = 0;
		let highest = 0;
		for (const { segment, start, end } of slices) {
			entries += end - start;
			highest = Math.max(highest, segment.highest[term]!);
		}
		return { slices, entries, factor, most: factor * highest };
	}

	/** Adds a term to the scores of all passages that hold it; returns how many have a score now. */
	#score({ slices, factor }: ScoredTerm, matchCount: number): number {
		const scores = this.#scores;
		const matches = this.#matches;
		let count = matchCount;
		for (const { segment, start, end } of slices) {
			const { impacts, postings } = segment;
			const { numbers } = postings;
			for (let entry = start; entry < end; entry += 1) {
				const impact = impacts[entry]!;
				if (impact === 0) continue;
				const number = numbers[entry]!;
				const score = scores[number]!;
				if (score === 0) matches[count++] = number;
				scores[number] = score + factor * impact;
			}
		}
		return count;
	}

	/** Adds a term to the scores of the open passages at least. */
	#scoreOpen({ slices, factor, entries }: ScoredTerm, openCount: number): void {
		const scores = this.#scores;
		const open = this.#open;
		for (const { segment, start, end } of slices) {
			const { impacts, postings } = segment;
			const { numbers } = postings;
			if (slices.length === 1 && openCount * LOOKUP_COST < entries) {
				for (let at = 0; at < openCount; at += 1) {
					const number = open[at]!;
					const entry = lowerBound(numbers, start, end, number);
					if (entry < end && numbers[entry] === number) scores[number]! += factor * impacts[entry]!;
				}
				continue;
			}
			for (let entry = start; entry < end; entry += 1) {
				const number = numbers[entry]!;
				const score = scores[number]!;
				if (score > 0) scores[number] = score + factor * impacts[entry]!;
			}
		}
	}

	/** The score of the k-th best of some passages, a little less because of rounding; at least `least`. */
	#kthBest(numbers: Uint32Array, count: number, k: number, least: number): number {
		if (count < k) return least;
		const best = new TopK(k, () => false);
		// What is not above the least changes nothing.
		let threshold = least;
		for (let at = 0; at < count; at += 1) {
			const score = this.#scores[numbers[at]!]!;
			if (score <= threshold) continue;
			best.offer(0, score);
			threshold = Math.max(least, best.threshold);
		}
		return Math.max(least, best.threshold * (1 - ROUNDING));
	}

	/** Keeps as open those of some passages that have this score at least; returns how many they are. */
	#narrow(numbers: Uint32Array, count: number, least: number): number {
		const scores = this.#scores;
		const open = this.#open;
		let kept = 0;
		for (let at = 0; at < count; at += 1) {
			const number = numbers[at]!;
			if (scores[number]! >= least) open[kept++] = number;
		}
		return kept;
	}

	#select(
		numbers: Uint32Array,
		count: number,
		limit: number,
		before: (a: number, b: number) => boolean
	): Ranking {
		const best = new TopK(Math.min(limit, count), before);
		let threshold = best.threshold;
		for (let at = 0; at < count; at += 1) {
			const number = numbers[at]!;
			const score = this.#scores[number]!;
			if (score < threshold) continue;
			best.offer(number, score);
			threshold = best.threshold;
		}
		return best.drain();
	}

	#reserve(): void {
		const { end } = this.#index;
		if (this.#scores.length >= end) return;
		this.#scores = new Float64Array(end);
		this.#matches = new Uint32Array(end);
		this.#open = new Uint32Array(end);
	}
}
