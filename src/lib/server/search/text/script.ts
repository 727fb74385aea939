/** What is not ASCII: such a text is normalised before it is cut into tokens. */
const nonAscii = /[^\0-\x7f]/;
/** What is neither Latin nor common punctuation nor a symbol. By ranges, because looking properties up takes as long as all the rest. */
const unusual = /[^\0-\xac\xae-\u024f\u1e00-\u1eff\u2000-\u200a\u2010-\u2029\u202f-\u205f\u2070-\u2bff]/;
/** Letters of another script than Latin. */
const otherScript = /[\p{L}--[\p{sc=Latin}\p{sc=Common}\p{sc=Inherited}]]/v;

/** Operators that questions name, and C++, C# and F#. */
const NAMES = String.raw`:=|->|[=!+]=|\bc\+\+(?!\+)|\b[cf]#(?![\w#])`;
/** Any of these, or a word, name or number with an optional leading `--`, whose parts may be joined by dots, hyphens and apostrophes. */
const asciiToken = new RegExp(`${NAMES}|(?:--)?[A-Za-z0-9_]+(?:[.'-][A-Za-z0-9_]+)*`, 'gi');
const latinToken = new RegExp(
	String.raw`${NAMES}|(?:--)?[\p{L}\p{N}\p{M}_]+(?:[.'’-][\p{L}\p{N}\p{M}_]+)*`,
	'giu'
);

/** Japanese changes between its scripts within a word, so they make one run, which is cut into words later. */
const IDEOGRAPHIC = String.raw`[[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}]&&\p{L}]`;
const SOUTH_EAST_ASIAN = ['Thai', 'Lao', 'Khmer', 'Myanmar'];
/** The scripts with spaces between words that one may meet; words of rarer ones are runs of any letters that are left. */
const SPACED = [
	'Cyrillic',
	'Greek',
	'Arabic',
	'Hebrew',
	'Hangul',
	'Devanagari',
	'Bengali',
	'Gurmukhi',
	'Gujarati',
	'Oriya',
	'Tamil',
	'Telugu',
	'Kannada',
	'Malayalam',
	'Sinhala',
	'Armenian',
	'Georgian',
	'Ethiopic'
];
const letters = (script: string) => String.raw`[[\p{scx=${script}}&&\p{L}]\p{M}]`;
const joined = (letter: string) => String.raw`${letter}+(?:['’ʼ_\u200c\u200d\-]+${letter}+)*`;
/** As `latinToken`, but a token ends where the script changes: `useEffect是什么` is a name and a question. */
const mixedToken = new RegExp(
	[
		NAMES,
		String.raw`(?:--)?[\p{sc=Latin}\p{N}_][\p{sc=Latin}\p{N}\p{M}_]*(?:[.'’\-][\p{sc=Latin}\p{N}_][\p{sc=Latin}\p{N}\p{M}_]*)*`,
		`${IDEOGRAPHIC}+`,
		...SOUTH_EAST_ASIAN.map((script) => `${letters(script)}+`),
		...SPACED.map((script) => joined(letters(script))),
		String.raw`[[\p{L}\p{M}]--\p{sc=Latin}]+`
	].join('|'),
	'giv'
);

/** What has no ink, except the joiners, which some scripts spell words with. */
const ignorable = /[\p{Default_Ignorable_Code_Point}--[\u200c\u200d]]/gv;
/** Joiners behind letters that have no use for them. */
const idleJoiner = /(?<=[\p{sc=Latin}\p{N}\p{P}])[\u200c\u200d]+/gu;
const digit = /[\p{Nd}--[0-9]]/gv;
/** What is written as one character and taken apart by NFKC, so that no dictionary knows the word any more. */
const sunkenVowel = /\u0e4d\u0e32|\u0ecd\u0eb2/g;

/** The first digit of each block of ten, where it is not at a multiple of sixteen plus six. */
const ZEROS_AT_MULTIPLES = [0x660, 0x6f0, 0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810];

/** The raw tokens of a text in order, not yet split, lowercased or stemmed. None holds letters of two scripts, other than Japanese. */
export function rawTokens(text: string): string[] {
	if (!nonAscii.test(text)) return text.match(asciiToken) ?? [];
	const composed = text.normalize('NFKC');
	if (!unusual.test(composed)) return composed.match(latinToken) ?? [];
	const plain = plainer(composed);
	return plain.match(otherScript.test(plain) ? mixedToken : latinToken) ?? [];
}

/** Whether a text holds letters of another script than Latin. */
export function hasOtherScript(text: string): boolean {
	return unusual.test(text) && otherScript.test(text);
}

function plainer(text: string): string {
	return text
		.replace(ignorable, '')
		.replace(idleJoiner, '')
		.replace(digit, (character) => digitOf(character.codePointAt(0)!))
		.replace(sunkenVowel, (pair) => (pair.startsWith('\u0e4d') ? '\u0e33' : '\u0eb3'));
}

/** A decimal digit of any script as an ASCII one; those outside the first plane stay. */
function digitOf(code: number): string {
	if (code > 0xffff) return String.fromCodePoint(code);
	const zero =
		ZEROS_AT_MULTIPLES.find((first) => code >= first && code < first + 10) ?? code - ((code - 6) & 15);
	return String(code - zero);
}
