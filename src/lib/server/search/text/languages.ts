import { stemmer as stemDanish } from '@orama/stemmers/danish';
import { stemmer as stemDutch } from '@orama/stemmers/dutch';
import { stemmer as stemFinnish } from '@orama/stemmers/finnish';
import { stemmer as stemFrench } from '@orama/stemmers/french';
import { stemmer as stemGerman } from '@orama/stemmers/german';
import { stemmer as stemHungarian } from '@orama/stemmers/hungarian';
import { stemmer as stemIndonesian } from '@orama/stemmers/indonesian';
import { stemmer as stemItalian } from '@orama/stemmers/italian';
import { stemmer as stemLithuanian } from '@orama/stemmers/lithuanian';
import { stemmer as stemNorwegian } from '@orama/stemmers/norwegian';
import { stemmer as stemPortuguese } from '@orama/stemmers/portuguese';
import { stemmer as stemRomanian } from '@orama/stemmers/romanian';
import { stemmer as stemSpanish } from '@orama/stemmers/spanish';
import { stemmer as stemSwedish } from '@orama/stemmers/swedish';
import { stemmer as stemTurkish } from '@orama/stemmers/turkish';
import { stopwords as danish } from '@orama/stopwords/danish';
import { stopwords as dutch } from '@orama/stopwords/dutch';
import { stopwords as finnish } from '@orama/stopwords/finnish';
import { stopwords as french } from '@orama/stopwords/french';
import { stopwords as german } from '@orama/stopwords/german';
import { stopwords as hungarian } from '@orama/stopwords/hungarian';
import { stopwords as indonesian } from '@orama/stopwords/indonesian';
import { stopwords as italian } from '@orama/stopwords/italian';
import { stopwords as lithuanian } from '@orama/stopwords/lithuanian';
import { stopwords as norwegian } from '@orama/stopwords/norwegian';
import { stopwords as portuguese } from '@orama/stopwords/portuguese';
import { stopwords as romanian } from '@orama/stopwords/romanian';
import { stopwords as spanish } from '@orama/stopwords/spanish';
import { stopwords as swedish } from '@orama/stopwords/swedish';
import { stopwords as turkish } from '@orama/stopwords/turkish';
import { foldLatin } from './fold.ts';
import { moreStopWords } from './stop-word-lists.ts';

/** How the words of a language that is written in Latin letters become terms. */
export interface LanguageRules {
	/** In lower case, as they are and without accents. */
	stopWords: ReadonlySet<string>;
	/** The stem of a word in lower case, accents and all; absent where there is no stemmer. */
	stem?: (word: string) => string;
}

/** Words of the lists that documentation is about. */
const SUBJECTS = {
	spanish:
		'cuenta ejemplo estado estados final general intento intentos modo parte tiempo total trabajo valor',
	hungarian: 'cikk cikkek cikkeket új',
	romanian: 'timp'
};

const umlauts: readonly (readonly [RegExp, string])[] = [
	[/ae/g, 'ä'],
	[/oe/g, 'ö'],
	[/(?<![aeiouyäöüq])ue/g, 'ü']
];

/** `schluessel` is `schlüssel`, and `gewechselt` is `wechselt`: the stemmer leaves both to its caller. */
function germanStem(word: string): string {
	const written = umlauts.reduce((text, [pair, letter]) => text.replace(pair, letter), word);
	return stemGerman(/^ge.{4,}(?:t|en)$/.test(written) ? written.slice(2) : written);
}

/** The stemmer knows the older letters with a cedilla only. */
const romanianStem = (word: string) => stemRomanian(word.replaceAll('ș', 'ş').replaceAll('ț', 'ţ'));

type Source = { words: readonly string[] | string; stem?: (word: string) => string; subjects?: string };

const sources = {
	danish: { words: danish, stem: stemDanish },
	dutch: { words: dutch, stem: stemDutch },
	finnish: { words: finnish, stem: stemFinnish },
	french: { words: french, stem: stemFrench },
	german: { words: german, stem: germanStem },
	hungarian: { words: hungarian, stem: stemHungarian, subjects: SUBJECTS.hungarian },
	indonesian: { words: indonesian, stem: stemIndonesian },
	italian: { words: italian, stem: stemItalian },
	lithuanian: { words: lithuanian, stem: stemLithuanian },
	norwegian: { words: norwegian, stem: stemNorwegian },
	portuguese: { words: portuguese, stem: stemPortuguese },
	romanian: { words: romanian, stem: romanianStem, subjects: SUBJECTS.romanian },
	spanish: { words: spanish, stem: stemSpanish, subjects: SUBJECTS.spanish },
	swedish: { words: swedish, stem: stemSwedish },
	turkish: { words: turkish, stem: stemTurkish },
	catalan: { words: moreStopWords.catalan },
	croatian: { words: moreStopWords.croatian },
	czech: { words: moreStopWords.czech },
	polish: { words: moreStopWords.polish },
	slovak: { words: moreStopWords.slovak },
	vietnamese: { words: moreStopWords.vietnamese },
	/** Any other one in Latin letters that is clearly not English. */
	other: { words: '' }
} satisfies Record<string, Source>;

/** A language whose words are analysed otherwise than English ones, which is what everything else in Latin letters is taken for. */
export type Language = keyof typeof sources | 'english';

export const languages = Object.keys(sources) as Exclude<Language, 'english'>[];

const known = new Map<Language, LanguageRules>();

/** Made when they are first asked for: most indexes hold one or two languages. */
export function rulesOf(language: Exclude<Language, 'english'>): LanguageRules {
	const made = known.get(language);
	if (made) return made;
	const { words, stem, subjects }: Source = sources[language];
	const rules: LanguageRules = { stopWords: stopWordSet(words, foldLatin, subjects), ...(stem && { stem }) };
	known.set(language, rules);
	return rules;
}

/** The stop words of a language as they are written. */
export function frequentWords(language: Exclude<Language, 'english'>): readonly string[] {
	return listOf(sources[language].words);
}

/** A set of words as they are in lower case, and as they are indexed; without the words of `subjects`. */
export function stopWordSet(
	words: readonly string[] | string,
	fold: (word: string) => string,
	subjects = ''
): ReadonlySet<string> {
	const kept = new Set(subjects.split(' '));
	return new Set(
		listOf(words)
			.filter((word) => !kept.has(word))
			.flatMap((word) => [word.toLowerCase(), fold(word)])
	);
}

function listOf(words: readonly string[] | string): readonly string[] {
	return typeof words === 'string' ? words.split(' ').filter(Boolean) : words;
}
