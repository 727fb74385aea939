/** A citation as it stands in prose. */
export interface CitationMark {
	/** Offset of its first bracket, in UTF-16 code units. */
	start: number;
	/** Offset of the first code unit after its last. */
	end: number;
	/** As they were written, ranges in full. */
	numbers: number[];
}

/** A range of more sources than these is none. */
const WIDEST = 50;

const NUMBER = '[0-9０-９]{1,3}';
const RANGE = `${NUMBER}(?:\\s*[-–—~]\\s*${NUMBER})?`;
const NUMBERS = `${RANGE}(?:\\s*[,;，；、]\\s*(?:\\^|sources?\\s+)?${RANGE})*`;
/** `[1]`, `[1, 2]`, `[1-3]`, `[^1]`, `[Source 1]`, the same in full width, `【1】` and `【1†L3-L9】`. */
const FORM = [
	`[[［]\\s*(?:\\^|(?:sources?|passages?|refs?\\.?|quellen?)\\s*)?${NUMBERS}\\s*[\\]］]`,
	`【\\s*${NUMBERS}\\s*(?:†[^【】\\n]{0,80})?】`
].join('|');
const MARKS = new RegExp(`(?:${FORM})(?:[ \\u202f]?(?:${FORM}))*`, 'giu');
/** What may be an index, and what stands before one: a variable of one letter, a name with an underscore or `$`, a call. */
const LIKE_INDEX = /^\[[0-9]/;
const BEFORE_INDEX = /(?:(?:^|[^\p{L}\p{N}_$])\p{Ll}|[_$][\p{L}\p{N}_$]*|\(\))$/u;
/** What no citation is without; cheaper than looking for one. */
const MAYBE = /[[［【]\s*(?:\^|\p{L}+\.?\s*)?[0-9０-９]/u;

/**
 * The citations in a piece of prose, in every form that models write: `[1]`, `[1, 2]`, `[1-3]`, `[1][2]`, `word[1]`, `[^1]`, `[Source 1]`,
 * `【1†…】`, and brackets and digits in full width. Those that follow one another are one. What has a zero among its numbers is an interval, and
 * what is written as `\[1]` belongs to a text that is quoted.
 */
export function citationMarks(prose: string): CitationMark[] {
	if (!MAYBE.test(prose)) return [];
	const marks: CitationMark[] = [];
	for (const match of prose.matchAll(MARKS)) {
		const start = match.index;
		const before = prose.slice(Math.max(0, start - 60), start);
		if (before.endsWith('\\') || (LIKE_INDEX.test(match[0]) && BEFORE_INDEX.test(before))) continue;
		const numbers = numbersIn(match[0]);
		if (numbers) marks.push({ start, end: start + match[0].length, numbers });
	}
	return marks;
}

/** Whether a text is nothing but a citation. */
export function isCitation(text: string): boolean {
	const [mark] = citationMarks(text);
	return mark !== undefined && mark.start === 0 && mark.end === text.length;
}

/** The numbers of a mark; null when it is none after all. */
function numbersIn(mark: string): number[] | null {
	const numbers: number[] = [];
	// What follows the dagger is a place in the source.
	for (const [, from, to] of mark
		.replace(/†[^】]*/g, '')
		.matchAll(new RegExp(`(${NUMBER})(?:\\s*[-–—~]\\s*(${NUMBER}))?`, 'g'))) {
		const first = asNumber(from!);
		const last = to === undefined ? first : asNumber(to);
		if (first === 0 || last < first || last - first >= WIDEST) return null;
		for (let number = first; number <= last; number += 1) numbers.push(number);
	}
	return numbers;
}

function asNumber(digits: string): number {
	return Number(digits.normalize('NFKC'));
}
