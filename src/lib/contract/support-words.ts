/** A term of a text that can bear another out. */
export interface SupportTerm {
	/** What is compared: without case and endings; something literal as it is written, without case. */
	key: string;
	/** Whether it must occur literally: a number, a flag, a version, a name out of code, a code span. */
	isLiteral: boolean;
	/** Offsets into the text, in UTF-16 code units. */
	start: number;
	end: number;
}

/** A code span with its backticks, a flag, a name or number with dots and underscores, or a word. */
const TERM =
	/(`+)(?!`)([^]*?[^`])\1(?!`)|(?<![\p{L}\p{N}-])--?[\p{L}\p{N}][\p{L}\p{N}_-]*|[\p{L}\p{N}_$@][\p{L}\p{M}\p{N}_$]*(?:[.:/@\u2019'-][\p{L}\p{N}_$][\p{L}\p{M}\p{N}_$]*)*/gu;
/** A name as only code has it: with a digit, an underscore or `$`, a capital within, or a dot or colon between words. */
const NAME = /[_$@]|\p{Ll}\p{Lu}|\p{L}\p{N}|\p{N}\p{L}|[\p{L}\p{N}](?:[.:]+|\/)[\p{L}\p{N}]/u;
const NUMBER = /^\p{N}[\p{N}.,:%]*$/u;
/** What most terms are: a word of letters without accents. */
const SIMPLE = /^[A-Za-z][a-z]*$/;
const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]/u;

/** Words that say nothing of what a sentence is about. */
const EMPTY = new Set(
	`a an the and or but nor so if then else than that this these those it its they them their there here is are was were be been being am do
	does did done doing has have had having can could may might must shall should will would to of in on at by for from with without within into
	onto as about over under between also just only even very more most such same other another any some each every both all no not yes you your
	yours we our us i me my he she his her one when where which who whom whose what why how while because since until before after again once up
	down out off too per via e.g i.e etc use used using example examples following note see get gets let lets make makes need needs want wants
	like case cases way ways thing things`
		.trim()
		.split(/\s+/)
);

/** The terms of a text in order; words without a meaning of their own are left out. Code spans are literal as a whole, and by their words. */
export function supportTerms(text: string): SupportTerm[] {
	const terms: SupportTerm[] = [];
	for (const match of text.matchAll(TERM)) {
		const [written, ticks, code] = match;
		const start = match.index;
		if (ticks && code !== undefined) {
			const key = plainSpaces(code);
			if (key !== '') terms.push({ key, isLiteral: true, start, end: start + written.length });
			continue;
		}
		if (SIMPLE.test(written)) {
			const word = written.toLowerCase();
			if (word.length > 1 && !EMPTY.has(word))
				terms.push({ key: stem(word), isLiteral: false, start, end: start + written.length });
			continue;
		}
		const isLiteral = written.startsWith('-') || NUMBER.test(written) || NAME.test(written);
		if (isLiteral) {
			terms.push({ key: written.toLowerCase(), isLiteral, start, end: start + written.length });
		} else if (UNSPACED.test(written)) {
			pairs(written, start, terms);
		} else {
			for (const part of written.matchAll(/[^-'\u2019/]+/g)) {
				const word = part[0].toLowerCase();
				const from = start + part.index;
				if (!EMPTY.has(word) && (word.length > 1 || /\p{L}/u.test(word) === false))
					terms.push({ key: stem(word), isLiteral: false, start: from, end: from + word.length });
			}
		}
	}
	return terms;
}

/** Text that is written without spaces, as its pairs of characters. */
function pairs(written: string, start: number, terms: SupportTerm[]): void {
	for (let at = 0; at + 1 < written.length; at += 1) {
		terms.push({ key: written.slice(at, at + 2), isLiteral: false, start: start + at, end: start + at + 2 });
	}
}

/** Lower case, white space in one. */
export function plainSpaces(text: string): string {
	return text.replace(/\s+/g, ' ').trim().toLowerCase();
}

/** Without the commonest English endings: enough to tell that two forms are of one word. */
function stem(word: string): string {
	if (word.length < 5) return word.replace(/(?<=\p{L}{3})s$/u, '');
	return word
		.replace(/(?:ies|ied)$/, 'y')
		.replace(/(?:ations?|ating|ated|ates?|ings?|edly|ed|es|ers?|ly|s|e)$/, '');
}
