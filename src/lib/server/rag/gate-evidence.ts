import type { QuestionWord } from '#lib/server/search/question-words.ts';
import type { RankedPassage } from './rerank.ts';
import { technologiesIn } from './technologies.ts';

/**
 * What the evidence gate decides on, each a number that can be explained. A rarity is ln((n + 1) / (passages with it + ½)) / 10 with the
 * number n of indexed passages, and counts by n / (n + 300): where little is indexed a word that is missing says little.
 */
export interface GateEvidence extends Record<string, number> {
	/** Mean rarity of the question's words in the library that they are least rare in, out of those that the best passages are of; names out of code and numbers, which anybody makes up, and words of other languages do not count. */
	word_rarity: number;
	/** Rarity, beyond what is ordinary, of the best known technology that the question names; 0 when it names none. */
	technology_rarity: number;
	/** Share of the question's words, by their rarity, that none of the best ten passages holds. */
	words_missing: number;
	/** 1 when the question names technologies, and the best ten passages hold none of them. */
	technology_missing: number;
	/** Share of the question that the pages of the best passages hold, mean of five. */
	document_coverage: number;
	/** How near to one another the question's words stand in the best passages, mean of five. */
	proximity: number;
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
/** Words are compared without their last letters, where endings differ, but by so many at least. */
const LEAST_BEGINNING = 4;
const LONGEST_ENDING = 2;
/** So many passages of the whole index count in a library besides its own, so that a small one knows few words as rare or common. */
const PRIOR_PASSAGES = 100;

/** What the evidence is read from. */
export interface GateReading {
	question: string;
	words: readonly QuestionWord[];
	/** That were found for it, best first. */
	passages: readonly RankedPassage[];
	/** Passages of the libraries that the best passages are of, in the order of `QuestionWord.byLibrary`. */
	librarySizes: readonly number[];
	/** Passages of the whole index. */
	indexed: number;
}

/** The libraries that the best passages are of: one of them fits the question, if any does. */
export function librariesOf(passages: readonly RankedPassage[]): string[] {
	return [...new Set(passages.slice(0, BEST).map(({ chunk }) => chunk.library))];
}

/** Reads the evidence for a question from its words and from the best passages that were found for it. */
export function gateEvidence({
	question,
	words,
	passages,
	librarySizes,
	indexed
}: GateReading): GateEvidence {
	const plain = words.filter((word) => !word.isIdentifier && !word.isForeign);
	const first = passages.slice(0, BEST);
	const isHeld = holds(first);
	const trust = indexed / (indexed + LITTLE) / 10;
	const rarity = (holding: number) => trust * Math.max(0, Math.log((indexed + 1) / (holding + 0.5)));
	const rarities = plain.map((word) => rarity(word.passages));
	const fitting = librarySizes.map((passages, at) => {
		const inLibrary = ({ passages: everywhere, byLibrary }: QuestionWord) => {
			const prior = (PRIOR_PASSAGES * (everywhere + 0.5)) / (indexed + 1);
			return trust * Math.max(0, Math.log((passages + PRIOR_PASSAGES) / ((byLibrary[at] ?? 0) + prior)));
		};
		return mean(plain.map(inLibrary));
	});
	const missing = plain.filter(({ word }) => !isHeld(word)).map((word) => rarity(word.passages));
	const held = new Map(words.map((word) => [word.word.toLowerCase(), word.passages]));
	const named = technologiesIn(question);
	const technologies = named.map((name) => rarity(held.get(name.toLowerCase()) ?? 0));
	const best = first.map((passage) => passage.evidence);
	const values = (name: string, count = BEST) => best.slice(0, count).map((evidence) => evidence[name] ?? 0);
	return {
		word_rarity: fitting.length === 0 ? 0 : Math.min(...fitting),
		technology_rarity:
			technologies.length === 0 ? 0 : Math.max(0, Math.min(...technologies) - ORDINARY_RARITY),
		words_missing: sum(missing) / (sum(rarities) || 1),
		technology_missing: named.length > 0 && !named.some(isHeld) ? 1 : 0,
		proximity: mean(values('proximity', BEST_FOR_MEANS)),
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

/** Tells of a word whether any of these passages or their headings holds it, or one that begins alike. */
function holds(passages: readonly RankedPassage[]): (word: string) => boolean {
	const texts = passages.map(({ chunk }) =>
		[chunk.title, ...chunk.heading_path, chunk.text].join(' ').toLowerCase()
	);
	return (word) => {
		const beginning = word.toLowerCase().slice(0, Math.max(LEAST_BEGINNING, word.length - LONGEST_ENDING));
		return texts.some((text) => text.includes(beginning));
	};
}

function sum(values: readonly number[]): number {
	return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
	return values.length === 0 ? 0 : sum(values) / values.length;
}
