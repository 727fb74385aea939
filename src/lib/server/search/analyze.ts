import { stemmer } from 'stemmer';
import { stopWords } from './stop-words.ts';

/** Longer tokens are hashes, base64 and the like: nobody asks for them. */
const LONGEST_TOKEN = 64;
/** More parts than this is a slug or a UUID: its parts are kept, the whole is not. */
const MOST_PARTS = 6;
/** Cached expansions; when it is full it starts again, so memory stays bounded. */
const CACHE_SIZE = 200_000;

/**
 * A token: operators that questions name; C++, C# and F#; else a word, name or number with an optional leading `--`, whose parts may be joined by
 * dots, hyphens and apostrophes.
 */
const asciiToken =
	/:=|->|[=!+]=|\bc\+\+(?!\+)|\b[cf]#(?![\w#])|(?:--)?[A-Za-z0-9_]+(?:[.'-][A-Za-z0-9_]+)*/gi;
const unicodeToken =
	/:=|->|[=!+]=|\bc\+\+(?!\+)|\b[cf]#(?![\w#])|(?:--)?[\p{L}\p{N}\p{M}_]+(?:[.'’-][\p{L}\p{N}\p{M}_]+)*/giu;
const nonAscii = /[^\0-\x7f]/;
const camelPart = /[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+/g;
/** Scripts that are written without spaces between words. */
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

const cache = new Map<string, readonly string[]>();

/** The raw tokens of a text in order, not yet split, lowercased or stemmed. */
export function rawTokens(text: string): string[] {
	if (!nonAscii.test(text)) return text.match(asciiToken) ?? [];
	return text.normalize('NFKC').match(unicodeToken) ?? [];
}

/**
 * The terms that one raw token stands for; none for a stop word. A name comes whole and in parts:
 * `response_model` → `response_model`, `respons`, `model`; `asyncio.gather` → `asyncio.gather`, `asyncio`, `gather`;
 * `HTTPException` → `httpexcept`, `http`, `except`; `--reload` → `--reload`, `reload`; `sub-path` → `subpath`, `sub`, `path`.
 */
export function termsOf(rawToken: string): readonly string[] {
	const known = cache.get(rawToken);
	if (known) return known;
	if (cache.size >= CACHE_SIZE) cache.clear();
	const terms = expand(rawToken);
	cache.set(rawToken, terms);
	return terms;
}

/**
 * Text into index terms, in order. The same for passages and questions: NFKC, lower case, English stop words dropped, Porter
 * stemming, names split and kept whole, numbers kept.
 */
export function analyze(text: string): string[] {
	const terms: string[] = [];
	for (const raw of rawTokens(text)) {
		for (const term of termsOf(raw)) terms.push(term);
	}
	return terms;
}

function expand(raw: string): string[] {
	if (raw.length > LONGEST_TOKEN) return [];
	const terms: string[] = [];
	const add = (term: string) => {
		if (term && !terms.includes(term)) terms.push(term);
	};
	if (/^[^\p{L}\p{N}\p{M}_-]/u.test(raw)) return [raw];
	let token = raw;
	if (token.startsWith('--')) {
		add(token.toLowerCase());
		token = token.slice(2);
	}
	token = token.replace(/['’]s$/i, '').replace(/['’]/g, '');
	if (/^[0-9]+(?:\.[0-9]+)*$/.test(token)) {
		add(token);
		return terms;
	}
	if (token.includes('.')) {
		const parts = token.split('.');
		if (parts.length <= MOST_PARTS) add(token.toLowerCase());
		for (const part of parts) addHyphenated(part, add);
	} else {
		addHyphenated(token, add);
	}
	return terms;
}

type Add = (term: string) => void;

function addHyphenated(token: string, add: Add): void {
	if (!token.includes('-')) return addName(token, add);
	const parts = token.split('-');
	if (parts.length <= 3) addWord(parts.join(''), add);
	for (const part of parts) addName(part, add);
}

/** A name without dots and hyphens: `snake_case`, `camelCase`, `word2`, or a plain word. */
function addName(name: string, add: Add): void {
	if (name.includes('_')) {
		const bare = name.replace(/^_+|_+$/g, '');
		if (bare.includes('_') || bare !== name) add(name.toLowerCase());
		for (const part of bare.split(/_+/)) addCamel(part, add);
		return;
	}
	addCamel(name, add);
}

function addCamel(name: string, add: Add): void {
	if (nonAscii.test(name)) return addForeign(name, add);
	addWord(name, add);
	const parts = name.match(camelPart);
	if (!parts || parts.length < 2) return;
	for (const part of parts) if (part.length > 1) addWord(part, add);
}

function addWord(word: string, add: Add): void {
	const lower = word.toLowerCase();
	if (stopWords.has(lower)) return;
	add(/^[a-z]+$/.test(lower) ? stemmer(lower) : lower);
}

/** Accents are folded; scripts without spaces are cut into pairs of characters. */
function addForeign(name: string, add: Add): void {
	const folded = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
	if (!nonAscii.test(folded)) return addWord(folded, add);
	if (!unspaced.test(folded)) return add(folded);
	const characters = [...folded];
	if (characters.length === 1) add(folded);
	for (let at = 0; at + 1 < characters.length; at += 1) add(`${characters[at]}${characters[at + 1]}`);
}
