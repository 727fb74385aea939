import { rawTokens, termsOf } from './analyze.ts';

/** A word of a question, and how common it is in what is indexed. */
export interface QuestionWord {
	/** As it was written. */
	word: string;
	/** Whether it is a name out of code, or a number, rather than a word: `response_model`, `--reload`, `getItem`, `3.12`. */
	isIdentifier: boolean;
	/** Passages, of all libraries, that hold it. Of a name that none holds whole: its rarest part that any holds. */
	passages: number;
}

const IDENTIFIER = /[_.\d]|\p{Ll}\p{Lu}|^--/u;

/**
 * The words of a question, each once, without stop words.
 * @param passagesWith how many passages hold a term.
 */
export function questionWords(question: string, passagesWith: (term: string) => number): QuestionWord[] {
	const words: QuestionWord[] = [];
	const seen = new Set<string>();
	for (const raw of rawTokens(question)) {
		const [whole, ...parts] = termsOf(raw);
		if (whole === undefined || seen.has(whole)) continue;
		seen.add(whole);
		const counts = parts.map(passagesWith).filter((count) => count > 0);
		const passages = passagesWith(whole) || (counts.length > 0 ? Math.min(...counts) : 0);
		words.push({ word: raw, isIdentifier: IDENTIFIER.test(raw), passages });
	}
	return words;
}
