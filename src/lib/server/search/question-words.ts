import { questionTokens } from './analyze.ts';
import { languageOf, questionLanguages } from './text/language-of.ts';
import type { Language } from './text/languages.ts';
import { hasOtherScript } from './text/script.ts';

/** A word of a question, and how common it is in what is indexed. */
export interface QuestionWord {
	/** As it was written. */
	word: string;
	/** Whether it is a name out of code, or a number, rather than a word: `response_model`, `--reload`, `getItem`, `3.12`. */
	isIdentifier: boolean;
	/**
	 * Whether it is of another language than English, so that how rare it is does not tell what the question is about: in a language that few
	 * pages are in, all words are rare. In one that no page is in, the words that are known are English ones after all.
	 */
	isForeign: boolean;
	/** Passages, of all libraries, that hold it. Of a name that none holds whole: its rarest part that any holds. */
	passages: number;
	/** The same by library, in the order of the libraries that were asked for. */
	byLibrary: readonly number[];
}

/** Counts the passages that hold a term. */
type PassagesWith = (term: string) => number;

/** What the words of a question are compared with. */
export interface IndexedWords {
	/** Languages of the index other than English. */
	held: readonly Language[];
	passagesWith: PassagesWith;
	/** By library that is asked for. */
	libraries: readonly PassagesWith[];
}

const IDENTIFIER = /[_.\d]|\p{Ll}\p{Lu}|^--/u;

/** The words of a question, each once, without stop words. */
export function questionWords(
	question: string,
	{ held, passagesWith, libraries }: IndexedWords
): QuestionWord[] {
	const language = languageOf(question);
	const isHeld = questionLanguages(question, held).some((likely) => likely !== 'english');
	const words: QuestionWord[] = [];
	const seen = new Set<string>();
	for (const { raw, terms } of questionTokens(question, held)) {
		const [whole, ...parts] = terms;
		if (whole === undefined || seen.has(whole)) continue;
		seen.add(whole);
		const countOf = (holding: PassagesWith) => {
			const counts = parts.map(holding).filter((count) => count > 0);
			return holding(whole) || (counts.length > 0 ? Math.min(...counts) : 0);
		};
		const passages = countOf(passagesWith);
		const byLibrary = libraries.map(countOf);
		const isForeign = hasOtherScript(raw) || isHeld || (language !== 'english' && passages === 0);
		words.push({ word: raw, isIdentifier: IDENTIFIER.test(raw), isForeign, passages, byLibrary });
	}
	return words;
}
