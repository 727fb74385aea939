import { stemmer } from 'stemmer';
import { stopWords } from './stop-words.ts';
import { foldLatin } from './text/fold.ts';
import { beginningOf, formsOf } from './text/forms.ts';
import { questionLanguages } from './text/language-of.ts';
import { rulesOf, type Language, type LanguageRules } from './text/languages.ts';
import { hasOtherScript, rawTokens } from './text/script.ts';
import { isUnspaced, unspacedWords } from './text/unspaced.ts';

export { rawTokens };

/** Longer tokens are hashes, base64 and the like: nobody asks for them. */
const LONGEST_TOKEN = 64;
/** More parts than this is a slug or a UUID: its parts are kept, the whole is not. */
const MOST_PARTS = 6;
/** Cached expansions of a language; when they are full they start again, so memory stays bounded. */
const CACHE_SIZE = 200_000;

const nonAscii = /[^\0-\x7f]/;
const camelPart = /[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+/g;

const englishCache = new Map<string, readonly string[]>();
const caches = new Map<Language, Map<string, readonly string[]>>();

/** A word of a question with the terms that it is looked for by, the whole word first. */
export interface QuestionToken {
	/** As it was written. */
	raw: string;
	terms: readonly string[];
}

/**
 * The terms that one raw token stands for; none for a stop word. A name comes whole and in parts:
 * `response_model` → `response_model`, `respons`, `model`; `asyncio.gather` → `asyncio.gather`, `asyncio`, `gather`;
 * `HTTPException` → `httpexcept`, `http`, `except`; `--reload` → `--reload`, `reload`; `sub-path` → `subpath`, `sub`, `path`.
 * A word of another language than English comes as it would in English, as its stem, and as its beginning.
 */
export function termsOf(rawToken: string, language: Language = 'english'): readonly string[] {
	const cache = language === 'english' ? englishCache : cacheOf(language);
	const known = cache.get(rawToken);
	if (known) return known;
	// Not kept: hardly any clause comes twice.
	if (isUnspacedToken(rawToken)) return unspacedWords(rawToken, false).flatMap(({ terms }) => terms);
	if (cache.size >= CACHE_SIZE) cache.clear();
	const terms = expand(rawToken, language === 'english' ? null : rulesOf(language));
	cache.set(rawToken, terms);
	return terms;
}

/**
 * Text into index terms, in order. NFKC, lower case, stop words dropped, stems (in English by Porter), names split and kept whole, numbers
 * kept, words of scripts without spaces and their pairs of characters.
 * @param language of the words in Latin letters
 */
export function analyze(text: string, language: Language = 'english'): string[] {
	const terms: string[] = [];
	for (const raw of rawTokens(text)) {
		for (const term of termsOf(raw, language)) terms.push(term);
	}
	return terms;
}

/**
 * The words of a question, without stop words, with terms that a text of any language of the index can hold them by.
 * @param held languages of the index other than English
 */
export function questionTokens(question: string, held: readonly Language[]): QuestionToken[] {
	const languages = questionLanguages(question, held);
	return rawTokens(question).flatMap((raw) => {
		if (isUnspacedToken(raw))
			return unspacedWords(raw, true).map(({ word, terms }) => ({ raw: word, terms }));
		if (languages.length === 1) return [{ raw, terms: termsOf(raw, languages[0]) }];
		return [{ raw, terms: [...new Set(languages.flatMap((language) => termsOf(raw, language)))] }];
	});
}

function cacheOf(language: Language): Map<string, readonly string[]> {
	let cache = caches.get(language);
	if (!cache) caches.set(language, (cache = new Map()));
	return cache;
}

function isUnspacedToken(raw: string): boolean {
	return nonAscii.test(raw) && isUnspaced(raw);
}

/** @param rules of the language; null for English */
function expand(raw: string, rules: LanguageRules | null): string[] {
	if (raw.length > LONGEST_TOKEN) return [];
	const terms: string[] = [];
	const add = (term: string) => {
		if (term && !terms.includes(term)) terms.push(term);
	};
	if (/^[^\p{L}\p{N}\p{M}_-]/u.test(raw)) return [raw];
	if (hasOtherScript(raw)) {
		formsOf(raw).forEach(add);
		return terms;
	}
	let token = raw;
	if (token.startsWith('--')) {
		add(token.toLowerCase());
		token = token.slice(2);
	}
	token = token.replace(/['’]s$/i, '');
	for (const word of rules ? apart(token) : [token.replace(/['’]/g, '')]) addDotted(word, rules, add);
	return terms;
}

/** An apostrophe cuts articles and case endings off; in English it is within a word. */
function apart(token: string): string[] {
	return /['’]/.test(token) ? token.split(/['’]/).filter((word) => word.length > 1) : [token];
}

type Add = (term: string) => void;

function addDotted(token: string, rules: LanguageRules | null, add: Add): void {
	if (/^[0-9]+(?:\.[0-9]+)*$/.test(token)) return add(token);
	if (!token.includes('.')) return addHyphenated(token, rules, add);
	const parts = token.split('.');
	if (parts.length <= MOST_PARTS) add(token.toLowerCase());
	for (const part of parts) addHyphenated(part, rules, add);
}

function addHyphenated(token: string, rules: LanguageRules | null, add: Add): void {
	if (!token.includes('-')) return addName(token, rules, add);
	const parts = token.split('-');
	if (parts.length <= 3) addWord(parts.join(''), null, add);
	for (const part of parts) addName(part, rules, add);
}

/** A name without dots and hyphens: `snake_case`, `camelCase`, `word2`, or a plain word. */
function addName(name: string, rules: LanguageRules | null, add: Add): void {
	if (name.includes('_')) {
		const bare = name.replace(/^_+|_+$/g, '');
		if (bare.includes('_') || bare !== name) add(name.toLowerCase());
		for (const part of bare.split(/_+/)) addCamel(part, null, add);
		return;
	}
	addCamel(name, rules, add);
}

function addCamel(name: string, rules: LanguageRules | null, add: Add): void {
	if (nonAscii.test(name)) return addWord(name, rules, add);
	const parts = name.match(camelPart);
	if (!parts || parts.length < 2) return addWord(name, rules, add);
	addWord(name, null, add);
	for (const part of parts) if (part.length > 1) addWord(part, null, add);
}

function addWord(word: string, rules: LanguageRules | null, add: Add): void {
	const lower = word.toLowerCase();
	const folded = nonAscii.test(lower) ? foldLatin(lower) : lower;
	if (rules ? rules.stopWords.has(lower) || rules.stopWords.has(folded) : stopWords.has(folded)) return;
	add(/^[a-z]+$/.test(folded) ? stemmer(folded) : folded);
	if (!rules) return;
	if (rules.stem) add(foldLatin(rules.stem(lower)));
	beginningOf(folded).forEach(add);
}
