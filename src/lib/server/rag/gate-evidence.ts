import type { QuestionWord } from '#lib/server/search/question-words.ts';
import type { RankedPassage } from './rerank.ts';
import { technologiesIn } from './technologies.ts';

/**
 * What the evidence gate decides on, each a number that can be explained. A rarity is ln((n + 1) / (passages with it + ½)) / 10 with the
 * number n of indexed passages, and counts by n / (n + 300): where little is indexed a word that is missing says little.
 */
export interface GateEvidence extends Record<string, number> {
	/** Mean rarity of the question's words; names out of code and numbers, which anybody makes up, and words of other languages do not count. */
	word_rarity: number;
	/** Rarity, beyond what is ordinary, of the best known technology that the question names; 0 when it names none. */
	technology_rarity: number;
	/** Share of the question that the pages of the best passages hold, mean of five. */
	document_coverage: number;
	/** Share of a heading that was asked for, the best of ten. */
	heading_match: number;
	/** Similarity of question and best passage by the built-in embedder. */
	semantic: number;
	/** 1 when the question names the library of a passage among the best ten by name, in a search over several libraries. */
	library_named: number;
	/** Share of the best ten passages that are of one library: passages for an answerable question come from one place. */
	library_agreement: number;
}

/** A technology that this share of the scale is not rare: the documentation deals with it. */
const ORDINARY_RARITY = 0.42;
/** Passages of an index whose words say half as much as those of a large one. */
const LITTLE = 300;
/** Passages that are looked at, best first. */
const BEST = 10;
const BEST_FOR_MEANS = 5;

/** Reads the evidence for a question from its words and from the best passages that were found for it. */
export function gateEvidence(
	question: string,
	words: readonly QuestionWord[],
	passages: readonly RankedPassage[],
	indexed: number
): GateEvidence {
	const trust = indexed / (indexed + LITTLE) / 10;
	const rarity = (holding: number) => trust * Math.max(0, Math.log((indexed + 1) / (holding + 0.5)));
	const rarities = words
		.filter((word) => !word.isIdentifier && !word.isForeign)
		.map((word) => rarity(word.passages));
	const held = new Map(words.map((word) => [word.word.toLowerCase(), word.passages]));
	const technologies = technologiesIn(question).map((name) => rarity(held.get(name.toLowerCase()) ?? 0));
	const first = passages.slice(0, BEST);
	const best = first.map((passage) => passage.evidence);
	const values = (name: string, count = BEST) => best.slice(0, count).map((evidence) => evidence[name] ?? 0);
	return {
		word_rarity: mean(rarities),
		technology_rarity:
			technologies.length === 0 ? 0 : Math.max(0, Math.min(...technologies) - ORDINARY_RARITY),
		document_coverage: mean(values('document_coverage', BEST_FOR_MEANS)),
		heading_match: Math.max(0, ...values('heading_match')),
		semantic: values('semantic')[0] ?? 0,
		library_named: Math.max(0, ...values('library_named')),
		library_agreement: largestShare(first.map(({ chunk }) => chunk.library))
	};
}

function largestShare(names: readonly string[]): number {
	const counts = [...Map.groupBy(names, (name) => name).values()].map(({ length }) => length);
	return names.length === 0 ? 0 : Math.max(...counts) / names.length;
}

function mean(values: readonly number[]): number {
	return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
