import { stemmer as stemArmenian } from '@orama/stemmers/armenian';
import { stemmer as stemGreek } from '@orama/stemmers/greek';
import { stemmer as stemHindi } from '@orama/stemmers/indian';
import { stemmer as stemRussian } from '@orama/stemmers/russian';
import { stemmer as stemTamil } from '@orama/stemmers/tamil';
import { stopwords as arabic } from '@orama/stopwords/arabic';
import { stopwords as armenian } from '@orama/stopwords/armenian';
import { stopwords as greek } from '@orama/stopwords/greek';
import { stopwords as hindi } from '@orama/stopwords/indian';
import { stopwords as russian } from '@orama/stopwords/russian';
import { stopwords as tamil } from '@orama/stopwords/tamil';
import { withoutMarks } from './fold.ts';
import { koreanForms } from './korean.ts';
import { stopWordSet } from './languages.ts';
import { moreStopWords } from './stop-word-lists.ts';

/** How words of a script become terms; the languages of a script share one treatment, so that no text has to be known by its language. */
interface ScriptRules {
	script: RegExp;
	/** What is written in more than one way, in one way. */
	fold: (word: string) => string;
	stopWords: () => ReadonlySet<string>;
	/** Several where it cannot be told what is a part of the word. */
	stems?: (folded: string) => readonly string[];
	/** Whether words begin with what is no part of them, such as an article. */
	hasPrefixes?: boolean;
	/** Letters of the beginning that stands for all words with it. */
	beginning?: number;
}

/** A word of at least so many letters is also found by them: languages whose endings no stemmer knows well are found by that. */
const BEGINNING = 4;
/** Syllables are written with more signs in the scripts of India. */
const INDIC_BEGINNING = 5;
/** Ends a part of a word that other words may have too, such as its beginning, so that it is no word of its own. */
export const PART_MARK = '*';

/** Letters of Ukrainian and Belarusian as Russian has them: most endings then are Russian ones. */
const eastSlavic: Readonly<Record<string, string>> = { і: 'и', ї: 'и', є: 'е', ґ: 'г', ў: 'у' };
const arabicLetters: Readonly<Record<string, string>> = {
	ٱ: 'ا',
	ى: 'ي',
	ی: 'ي',
	ې: 'ي',
	ے: 'ي',
	ک: 'ك',
	ۀ: 'ه',
	ة: 'ه',
	ہ: 'ه',
	ھ: 'ه',
	ـ: ''
};
const finalLetters: Readonly<Record<string, string>> = { ך: 'כ', ם: 'מ', ן: 'נ', ף: 'פ', ץ: 'צ' };

const once = (make: () => ReadonlySet<string>) => {
	let made: ReadonlySet<string> | undefined;
	return () => (made ??= make());
};
const replaced = (word: string, letters: Readonly<Record<string, string>>) =>
	word.replace(/./gu, (letter) => letters[letter] ?? letter);

const foldCyrillic = (word: string) =>
	word
		.toLowerCase()
		.normalize('NFD')
		.replace(/[\u0300\u0301]/g, '')
		.normalize('NFC')
		.replaceAll('ё', 'е');
const foldGreek = (word: string) => withoutMarks(word.toLowerCase()).replaceAll('ς', 'σ');
const foldArabic = (word: string) => replaced(withoutMarks(word), arabicLetters);
const foldHebrew = (word: string) => replaced(withoutMarks(word), finalLetters);
/** Without the dot of borrowed sounds, and with one sign for a vowel through the nose. */
const foldDevanagari = (word: string) => word.replaceAll('\u093c', '').replaceAll('\u0901', '\u0902');
const foldOther = (word: string) => word.toLowerCase();

const eastSlavicStem = (word: string) => word.slice(0, stemRussian(replaced(word, eastSlavic)).length);
/**
 * The light stemmer of Larkey, Ballesteros, Connell, "Light Stemming for Arabic Information Retrieval", 2007, with one ending of Persian. That of
 * `@orama/stemmers` takes first letters for prefixes: it has no common stem for a word with and without its article.
 */
const stemArabic = (word: string) =>
	word
		.replace(/^و(?=.{3})/u, '')
		.replace(/^(?:وال|بال|كال|فال|ال|لل)(?=.{2})/u, '')
		.replace(/(?<=.{2})(?:هاي|ها)$/u, '')
		.replace(/(?<=.{2})(?:ان|ات|ون|ين)$/u, '')
		.replace(/(?<=.{2})(?:يه|ه|ي)$/u, '');
/** Plurals within a word change its long vowels: what stays is marked, because other words may have it too. */
const arabicStems = (word: string) => {
	const stem = stemArabic(word);
	const consonants = stem.replace(/[اوي]/g, '');
	return consonants.length < 3 ? [stem] : [stem, consonants + PART_MARK];
};
/** Without the plural, and also without one or two letters that are words of their own in other languages, where enough of a word is left. */
const hebrewStems = (word: string) => {
	const singular = word.replace(/(?<=.{3})(?:ימ|ות|ה)$/u, '');
	return [singular, singular.replace(/^(?:ו?[שהבכלמ]|ו)(?=.{3})/u, '')];
};

const scripts: readonly ScriptRules[] = [
	{
		script: /\p{sc=Cyrillic}/u,
		fold: foldCyrillic,
		stems: (word) => [eastSlavicStem(word)],
		stopWords: once(
			() =>
				new Set([
					...stopWordSet(russian, foldCyrillic),
					...stopWordSet(moreStopWords.ukrainian, foldCyrillic)
				])
		)
	},
	{
		script: /\p{sc=Arabic}/u,
		fold: foldArabic,
		stems: arabicStems,
		hasPrefixes: true,
		stopWords: once(
			() =>
				new Set([
					...stopWordSet(arabic, foldArabic, 'اطار اعادة الوقت زيارة عدد علق قوة نهاية'),
					...stopWordSet(moreStopWords.persian, foldArabic)
				])
		)
	},
	{
		script: /\p{sc=Hebrew}/u,
		fold: foldHebrew,
		stems: hebrewStems,
		hasPrefixes: true,
		stopWords: once(() => stopWordSet(moreStopWords.hebrew, foldHebrew))
	},
	{
		script: /\p{sc=Greek}/u,
		fold: foldGreek,
		stems: (word) => [stemGreek(word)],
		stopWords: once(() => stopWordSet(greek, foldGreek))
	},
	{
		script: /\p{sc=Devanagari}/u,
		fold: foldDevanagari,
		stems: (word) => [stemHindi(word)],
		stopWords: once(() => stopWordSet(hindi, foldDevanagari)),
		beginning: INDIC_BEGINNING
	},
	{
		script: /\p{sc=Tamil}/u,
		fold: foldOther,
		stems: (word) => [stemTamil(word)],
		stopWords: once(() => stopWordSet(tamil, foldOther)),
		beginning: INDIC_BEGINNING
	},
	{
		script: /\p{sc=Armenian}/u,
		fold: foldOther,
		stems: (word) => [stemArmenian(word)],
		stopWords: once(() => stopWordSet(armenian, foldOther))
	},
	{ script: /\P{sc=Latin}/u, fold: foldOther, stopWords: once(() => new Set()) }
];
const hangul = /\p{sc=Hangul}/u;
const joiner = /[\u200c\u200d]/g;

/**
 * Terms of a raw token of another script than Latin, with spaces between its words. Each of its words comes whole, as its stem and as its
 * beginning. In Arabic letters a joiner divides a word as a hyphen does, and so does a space: the parts come together and each by itself.
 */
export function formsOf(token: string): string[] {
	if (hangul.test(token)) return token.split(/[^\p{sc=Hangul}]+/u).flatMap(koreanForms);
	const rules = scripts.find(({ script }) => script.test(token))!;
	const isArabic = /\p{sc=Arabic}/u.test(token);
	const whole = token.replaceAll('\u200d', '').replace(/['’ʼ]/g, '');
	const parts = (isArabic ? whole : whole.replace(joiner, '')).split(/[-_\u200c]+/).filter(Boolean);
	if (parts.length < 2) return parts.flatMap((part) => wordForms(part, rules));
	return [...wordForms(parts.join(''), rules), ...parts.flatMap((part) => wordForms(part, rules))];
}

function wordForms(word: string, rules: ScriptRules): string[] {
	const folded = rules.fold(word);
	if (!folded || rules.stopWords().has(folded)) return [];
	const stems = rules.stems?.(folded) ?? [];
	const begun = rules.hasPrefixes ? stems.filter((stem) => !stem.endsWith(PART_MARK)) : [folded];
	return [folded, ...stems, ...begun.flatMap((whole) => beginningOf(whole, rules.beginning))];
}

/** The beginning of a word, marked as such; none when the word is shorter. */
export function beginningOf(word: string, length = BEGINNING): string[] {
	const letters = [...word];
	return letters.length < length ? [] : [letters.slice(0, length).join('') + PART_MARK];
}
