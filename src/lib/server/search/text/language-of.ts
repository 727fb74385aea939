import { stopwords as english } from '@orama/stopwords/english';
import { stopWords } from '#lib/server/search/stop-words.ts';
import { frequentWords, languages, type Language } from './languages.ts';
import { hasOtherScript } from './script.ts';

/** Characters that are looked at to tell the language of a document. */
export const LANGUAGE_SAMPLE = 2000;
/**
 * A language must hold so large a share of the words. The less speaks for it, the less may speak for English: so many times as much must speak
 * for it from so much on.
 */
const LEAST_SHARE = 0.06;
const LEAST_LEADS: readonly (readonly [score: number, lead: number])[] = [
	[1, 1.5],
	[0.5, 3],
	[0.2, Infinity]
];
/**
 * Among so many different words, of which so many are no names, there is a frequent one in English; where there is none, the text is of another
 * language, whichever it is.
 */
const A_SENTENCE = 7;
const NO_NAMES = 4;
/** Such a share of words with accents is another language than English, whichever it is. */
const ACCENTED_SHARE = 0.15;
/** A question is of no language that is less than this share as likely as the likeliest. */
const LEAST_LIKELY = 0.5;
/** So many articles in the sample are English without another look, or in a text that has no accents. */
const ARTICLE = ' the ';
const ARTICLES = 6;
const ARTICLES_IN_ASCII = 2;
/** A letter tells less than a word does. */
const LETTER_WEIGHT = 0.5;

const codeSpan = /`[^`\n]+`/g;
const word = /[\p{sc=Latin}\p{M}]+/gu;
const letter = /\p{L}/gu;
const latinLetter = /\p{sc=Latin}/gu;
const accented = /[^\0-\x7f]/;
const accentedLetter = /[\u00c0-\u024f\u1e00-\u1eff]/;

/** Letters that few languages have. */
const typicalLetters: readonly (readonly [RegExp, string])[] = [
	[/ß/, 'german'],
	[/ä/, 'german finnish swedish'],
	[/ö/, 'german finnish swedish hungarian turkish'],
	[/ü/, 'german hungarian turkish'],
	[/å/, 'danish norwegian swedish'],
	[/[æø]/, 'danish norwegian'],
	[/ñ/, 'spanish'],
	[/[ãõ]/, 'portuguese'],
	[/[áíóú]/, 'spanish portuguese hungarian czech slovak'],
	[/ç/, 'french portuguese turkish catalan'],
	[/[èàùòì]/, 'french italian catalan'],
	[/[êâôîû]/, 'french portuguese romanian'],
	[/[ğı]/, 'turkish'],
	[/ş/, 'turkish romanian'],
	[/[őű]/, 'hungarian'],
	[/[ășțţ]/, 'romanian'],
	[/[łńśźż]/, 'polish'],
	[/[ąę]/, 'polish lithuanian'],
	[/ć/, 'polish croatian'],
	[/[ěřů]/, 'czech'],
	[/[ľĺŕ]/, 'slovak'],
	[/[čšž]/, 'czech slovak croatian lithuanian'],
	[/đ/, 'croatian vietnamese'],
	[/[ėųįū]/, 'lithuanian'],
	[/[ơư\u1ea0-\u1ef9]/, 'vietnamese']
];

let lexicon: ReadonlyMap<string, readonly Language[]> | undefined;

/**
 * The language of a text, for its words in Latin letters; English when nothing speaks for another, and for texts in other scripts, whose Latin
 * words are names. Told by frequent words and by letters, from the beginning of the text.
 */
export function languageOf(text: string): Language {
	const sample = text.slice(0, LANGUAGE_SAMPLE);
	if (isPlainEnglish(sample)) return 'english';
	if (hasOtherScript(sample) && count(sample, latinLetter) * 2 < count(sample, letter)) return 'english';
	const written = sample.replace(codeSpan, ' ').normalize('NFC').match(word) ?? [];
	const words = written.map((each) => each.toLowerCase());
	const scores = scoresOf(words, ['english', ...languages]);
	const [best, score] = highest(scores);
	const ofEnglish = scores.get('english')!;
	const least = LEAST_LEADS.find(([from]) => score >= from)?.[1];
	const isBetter = least !== undefined && (ofEnglish === 0 || score > least * ofEnglish);
	const isSentence =
		new Set(words).size >= A_SENTENCE &&
		new Set(written.filter((each) => each === each.toLowerCase())).size >= NO_NAMES;
	if (isBetter && score > LEAST_SHARE * words.length && (score >= 1 || isSentence)) return best;
	if (ofEnglish === 0 && isSentence) return 'other';
	const strange = words.filter((each) => accented.test(each)).length;
	return strange > ACCENTED_SHARE * words.length && ofEnglish < LEAST_SHARE * words.length
		? 'other'
		: 'english';
}

/**
 * The languages that a question is analysed as, out of English and those of the index: the likely ones, or all where nothing tells. English only
 * when it holds another script, for then its Latin words are names.
 */
export function questionLanguages(question: string, held: readonly Language[]): readonly Language[] {
	if (held.length === 0 || hasOtherScript(question)) return ['english'];
	const all: Language[] = ['english', ...held];
	const words = question.normalize('NFC').toLowerCase().match(word) ?? [];
	const scores = scoresOf(words, all);
	const [, most] = highest(scores);
	return all.filter((language) => scores.get(language)! >= LEAST_LIKELY * most);
}

/** Articles tell English: cheap, because nearly all documentation is. A page in another language may quote one. */
function isPlainEnglish(sample: string): boolean {
	const least = accentedLetter.test(sample) ? ARTICLES : ARTICLES_IN_ASCII;
	let found = 0;
	for (let at = sample.indexOf(ARTICLE); at >= 0; at = sample.indexOf(ARTICLE, at + 1)) {
		found += 1;
		if (found === least) return true;
	}
	return false;
}

/** How much speaks for each language; what is common to several counts for each in part. */
function scoresOf(words: readonly string[], among: readonly Language[]): Map<Language, number> {
	const known = (lexicon ??= makeLexicon());
	const scores = new Map(among.map((language) => [language, 0]));
	const add = (speaking: readonly Language[], weight: number) => {
		const counted = speaking.filter((language) => scores.has(language));
		for (const language of counted) scores.set(language, scores.get(language)! + weight / counted.length);
	};
	for (const each of words) {
		add(known.get(each) ?? [], 1);
		if (!accented.test(each)) continue;
		for (const [letters, speaking] of typicalLetters)
			if (letters.test(each)) add(speaking.split(' ') as Language[], LETTER_WEIGHT);
	}
	return scores;
}

function makeLexicon(): ReadonlyMap<string, readonly Language[]> {
	const made = new Map<string, Language[]>();
	const add = (words: Iterable<string>, language: Language) => {
		for (const each of words) {
			const speaking = made.get(each);
			// Single letters are variables.
			if (!speaking && (each.length > 1 || each > 'z')) made.set(each, [language]);
			else if (speaking && speaking.at(-1) !== language) speaking.push(language);
		}
	};
	add([...english, ...stopWords], 'english');
	for (const language of languages) add(frequentWords(language), language);
	return made;
}

function highest(scores: ReadonlyMap<Language, number>): readonly [Language, number] {
	return [...scores].reduce((best, other) => (other[1] > best[1] ? other : best));
}

function count(text: string, pattern: RegExp): number {
	return text.match(pattern)?.length ?? 0;
}
