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
}

const IDENTIFIER = /[_.\d]|\p{Ll}\p{Lu}|^--/u;

/**
 * The words of a question, each once, without stop words.
 * @param held languages of the index other than English
 * @param passagesWith how many passages hold a term
 */
export function questionWords(
	question: string,
	{ held, passagesWith }: { held: readonly Language[]; passagesWith: (term: string) => number }
): QuestionWord[] {
	const language = languageOf(question);
	const isHeld = questionLanguages(question, held).some((likely) => likely !== 'english');
	const words: QuestionWord[] = [];
	const seen = new Set<string>();
	for (const { raw, terms } of questionTokens(question, held)) {
		const [whole, ...parts] = terms;
		if (whole === undefined || seen.has(whole)) continue;
		seen.add(whole);
		const counts = parts.map(passagesWith).filter((count) => count > 0);
		const passages = passagesWith(whole) || (counts.length > 0 ? Math.min(...counts) : 0);
		const isForeign = hasOtherScript(raw) || isHeld || (language !== 'english' && passages === 0);
		words.push({ word: raw, isIdentifier: IDENTIFIER.test(raw), isForeign, passages });
	}
	return words;
}
