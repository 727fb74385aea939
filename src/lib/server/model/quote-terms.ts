import { stemmer } from 'stemmer';

const STOP_WORDS = new Set(
	`a about all also am an and any are as at be been being between but by can could did do does doing for from get gets got
	had has have having how i if in into is it its just like make me my need no not of on one or our out please should so
	some such than that the their them then there these they this those to up use used using want was way we were what
	when where which who why will with would you your`.split(/\s+/)
);

/** Letters of scripts that write no blanks between words, or glue particles to them. */
const UNSPACED = ['Han', 'Hiragana', 'Katakana', 'Hangul', 'Thai', 'Lao', 'Khmer', 'Myanmar']
	.map((script) => String.raw`\p{Script=${script}}`)
	.join('')
	.concat('ー');
const WORD = String.raw`(?:(?![${UNSPACED}])[\p{L}\p{N}\p{M}_])+`;
const TOKEN = new RegExp(String.raw`[${UNSPACED}][${UNSPACED}\p{M}]*|${WORD}(?:[.-]${WORD})*`, 'gu');
const ASCII_TOKEN = /[A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+)*/g;
const BEYOND_ASCII = /[^\0-\x7f]/;
const IS_UNSPACED = new RegExp(`^[${UNSPACED}]`, 'u');
const PARTS = /[_.-]+|(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u;
/**
 * Letters by which words are compared in languages whose endings are not known here. Source: Can et al., "Information retrieval on
 * Turkish texts", JASIST 2008, where it does as well as a lemmatizer.
 */
const PREFIX = 5;
/** Longer words are hashes and the like. */
const LONGEST = 64;
/** Words in a row that are compared to find repetitions. */
const SHINGLE = 3;
/** Words whose terms are remembered. */
const REMEMBERED = 20_000;

const remembered = new Map<string, readonly string[]>();

/**
 * What of a question is looked for in texts, without stop words: English words stemmed, those of other languages by how they begin,
 * scripts without blanks by pairs of characters. A name (`response_model`, `asyncio.gather`, `HTTPException`) counts whole and by its parts.
 */
export class QuestionTerms {
	/** Each once. */
	readonly all: readonly string[];
	readonly #words: ReadonlySet<string>;
	readonly #pairs: readonly string[];

	constructor(question: string) {
		const tokens = tokensOf(comparable(question));
		this.#words = new Set(tokens.filter((token) => !IS_UNSPACED.test(token)).flatMap(termsOfWord));
		this.#pairs = [...new Set(tokens.filter((token) => IS_UNSPACED.test(token)).flatMap(pairsOf))];
		this.all = [...this.#words, ...this.#pairs];
	}

	/** The terms that a text shares, each once, and about how many words it has in all. */
	sharedBy(text: string): { terms: string[]; words: number } {
		const compared = comparable(text);
		const terms = new Set(this.#pairs.filter((pair) => compared.includes(pair)));
		let words = 0;
		for (const token of tokensOf(compared)) {
			if (IS_UNSPACED.test(token)) words += token.length / 2;
			else {
				words += 1;
				for (const term of termsOfWord(token)) if (this.#words.has(term)) terms.add(term);
			}
		}
		return { terms: [...terms], words };
	}
}

/** Every run of three words in a text, in scripts without blanks of three characters, without regard to case; a shorter text as a whole. */
export function shinglesOf(text: string): Set<string> {
	const words = tokensOf(comparable(text)).flatMap((token) =>
		IS_UNSPACED.test(token) ? [...token] : [token.toLowerCase()]
	);
	const shingles = new Set<string>();
	if (words.length > 0 && words.length < SHINGLE) shingles.add(words.join(' '));
	for (let at = SHINGLE; at <= words.length; at += 1) shingles.add(words.slice(at - SHINGLE, at).join(' '));
	return shingles;
}

/** Without the differences between characters that only look different, and without those that join or hide. */
function comparable(text: string): string {
	return BEYOND_ASCII.test(text) ? text.normalize('NFKC').replace(/\p{Cf}/gu, '') : text;
}

/** Words, and runs of a script without blanks, in order. */
function tokensOf(text: string): string[] {
	return text.match(BEYOND_ASCII.test(text) ? TOKEN : ASCII_TOKEN) ?? [];
}

function pairsOf(run: string): string[] {
	const characters = [...run];
	if (characters.length === 1) return characters;
	return characters.slice(1).map((character, at) => characters[at]! + character);
}

function termsOfWord(word: string): readonly string[] {
	if (word.length > LONGEST) return [];
	const known = remembered.get(word);
	if (known) return known;
	const parts = word
		.split(PARTS)
		.filter(Boolean)
		.map((part) => part.toLowerCase());
	const whole = parts.length > 1 ? [word.toLowerCase()] : [];
	const terms = [...whole, ...parts.filter((part) => !STOP_WORDS.has(part)).map(stem)];
	if (remembered.size >= REMEMBERED) remembered.clear();
	remembered.set(word, terms);
	return terms;
}

/** Accents are passed over in Latin words; in other scripts marks are part of the word. */
function stem(word: string): string {
	const plain = word.normalize('NFD').replace(/\p{M}/gu, '');
	return BEYOND_ASCII.test(plain) ? [...word].slice(0, PREFIX).join('') : stemmer(plain);
}
