import type { AskedQuestion } from './asked-question.ts';
import { ALL_LIBRARIES } from './library-ranges.ts';
import type { PassageStore } from './passage-store.ts';

/** How many of the best passages tell which library the question is about. */
const SAMPLE = 30;
/** Passages as common as everywhere that each library is taken to have besides its own: a small one is not ruled out by a missing word. */
const PRIOR_PASSAGES = 30;
/** Log-likelihood that counts as one unit, and the units from which on a library is as unlikely as can be. */
const UNIT = 3;
const MAX_UNITS = 3;

/** Which library a question over all of them is about. */
export class LibraryEvidence {
	readonly #store: PassageStore;

	constructor(store: PassageStore) {
		this.#store = store;
	}

	read(asked: AskedQuestion): { share(library: number): number; likelihood(library: number): number } {
		const shares = this.#shares(asked);
		const likelihoods = this.#likelihoods(asked);
		const best = Math.max(...likelihoods.values());
		return {
			share: (library) => shares.get(library) ?? 0,
			likelihood: (library) =>
				Math.max(-MAX_UNITS, ((likelihoods.get(library) ?? best) - best) / UNIT) / MAX_UNITS
		};
	}

	/** Share of each library among the best passages. */
	#shares({ own }: AskedQuestion): Map<number, number> {
		const { text, textSearch, before } = this.#store;
		const best = textSearch.best(own, ALL_LIBRARIES, SAMPLE, before).numbers;
		const shares = new Map<number, number>();
		for (const number of best) {
			const library = text.library(number);
			shares.set(library, (shares.get(library) ?? 0) + 1 / best.length);
		}
		return shares;
	}

	/** Naive Bayes over the terms of the question: Σ ln(share of the library's passages with the term / share of all), smoothed. */
	#likelihoods({ own }: AskedQuestion): Map<number, number> {
		const { text } = this.#store;
		const likelihoods = new Map<number, number>();
		this.#store.libraryNames.forEach((_, library) => {
			const size = text.librarySize(library);
			if (size === 0) return;
			let sum = 0;
			for (const { term } of own) {
				const everywhere = text.documentFrequency(term, ALL_LIBRARIES) / text.size;
				const holding = text.documentFrequency(term, library) + PRIOR_PASSAGES * everywhere;
				sum += Math.log(holding / (size + PRIOR_PASSAGES) / everywhere);
			}
			likelihoods.set(library, sum);
		});
		return likelihoods;
	}
}
