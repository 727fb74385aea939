import { questionWords, type IndexedWords, type QuestionWord } from './question-words.ts';
import { stopWords } from './stop-words.ts';
import { languageOf } from './text/language-of.ts';
import { frequentWords, languages, type Language } from './text/languages.ts';
import { hasOtherScript } from './text/script.ts';

/** A language by its English name in lower case; `other` when it cannot be told which. */
export type QuestionLanguage = Language | 'chinese' | 'japanese' | 'korean' | 'russian';

/** Letters that tell a language, the first that occurs. Han is last but one of its users: Japanese has kana, too. */
const SCRIPTS: readonly (readonly [RegExp, QuestionLanguage])[] = [
	[/[\p{sc=Hiragana}\p{sc=Katakana}]/u, 'japanese'],
	[/\p{sc=Hangul}/u, 'korean'],
	[/\p{sc=Han}/u, 'chinese'],
	[/[іїєґўјљњћђџѓќѕ]/iu, 'other'],
	[/\p{sc=Cyrillic}/u, 'russian']
];

/** So large a share of a question's words must be of another script for it to be in that, rather than to quote it. */
const MOST = 0.5;

/** Languages that are seldom written without an accent: a few words without one are rather an English question of names. */
const ACCENTED: readonly QuestionLanguage[] = [
	'other',
	'lithuanian',
	'polish',
	'czech',
	'slovak',
	'vietnamese'
];

/** Frequent words of English that are frequent, or names, elsewhere too. */
const SHARED = new Set([
	'a',
	'i',
	'an',
	'in',
	'is',
	'was',
	'as',
	'me',
	'no',
	'do',
	'so',
	'on',
	'am',
	'des',
	'use'
]);

/** The language that a question is written in. */
export function questionLanguage(question: string): QuestionLanguage {
	if (!hasOtherScript(question)) return latinLanguage(question);
	const words = question.match(/[\p{L}\p{M}]+/gu) ?? [];
	// A Latin name among them is a name; a word in unspaced scripts is many.
	if (words.filter(hasOtherScript).length < MOST * words.length) return latinLanguage(question);
	return SCRIPTS.find(([letters]) => letters.test(question))?.[1] ?? 'other';
}

function latinLanguage(question: string): QuestionLanguage {
	const language = languageOf(question);
	const isPlain = !/[\u0080-\uffff]/.test(question.replace(/[\u2010-\u2027]/g, ''));
	return isPlain && ACCENTED.includes(language) ? 'english' : language;
}

/**
 * The language of a question, of which little is needed where the index does not know its words: one frequent word of another language then tells
 * more than that nothing speaks against English.
 */
function languageBehind(question: string, words: readonly QuestionWord[]): QuestionLanguage {
	const language = questionLanguage(question);
	const plain = words.filter(({ isIdentifier }) => !isIdentifier);
	const unknown = plain.filter(({ passages }) => passages === 0);
	if (language !== 'english' || unknown.length === 0) return language;
	const written =
		question
			.normalize('NFC')
			.toLowerCase()
			.match(/\p{L}+/gu) ?? [];
	if (written.some((word) => stopWords.has(word) && !SHARED.has(word))) return 'english';
	const counts = languages.map((each) => {
		const frequent = new Set(frequentWords(each));
		return [each, written.filter((word) => frequent.has(word)).length] as const;
	});
	const [best, count] = counts.reduce((most, other) => (other[1] > most[1] ? other : most));
	const least = unknown.length >= MOST * plain.length ? 1 : 2;
	return count >= least ? best : 'english';
}

/** The language of a question when no document is in it, so that its words say nothing about what is indexed; null otherwise. */
export function unheldLanguage(
	question: string,
	indexed: Pick<IndexedWords, 'held' | 'passagesWith'>
): QuestionLanguage | null {
	const words = questionWords(question, { ...indexed, libraries: [] });
	const language = languageBehind(question, words);
	if (language === 'english' || indexed.held.some((each) => each === language)) return null;
	// Which languages of other scripts are held is not kept: their words tell.
	const written = words.filter(({ word }) => hasOtherScript(word));
	const known = written.filter(({ passages }) => passages > 0);
	return written.length > 0 && known.length >= MOST * written.length ? null : language;
}
