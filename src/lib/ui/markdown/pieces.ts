/** What is read at one go, in characters: a parser needs time that grows with the square of what hostile text it is given. */
export const LONGEST_PIECE = 2_048;
/** The same for a block of code, which is read in one pass whatever it holds. */
export const LONGEST_CODE = 8_192;
/** Marks of lists and quotes that one line may begin with. */
export const DEEPEST = 10;
/** The same in what looks like code: enough for a picture made of characters, and where a text only pretends to be code, little to read. */
export const DEEPEST_IN_CODE = 50;

const MARK = String.raw`[ \t]*(?:>|(?:[-*+]|\d{1,9}[.)])(?=[ \t]|$))`;
const deeperThan = (marks: number) => new RegExp(`^((?:${MARK}){${marks}})(?:${MARK})+`, 'm');
const DEEP_LINE = deeperThan(DEEPEST);
const DEEP_CODE = deeperThan(DEEPEST_IN_CODE);
/** https://spec.commonmark.org/0.31.2/#fenced-code-blocks */
const FENCE = /^(?:[ \t]*\n)* {0,3}(`{3,}(?=[^`\n]*(?:\n|$))|~{3,})[^\n]*/;

/** Without the marks of lists and quotes beyond a depth that no reader could follow; more of them stay in blocks of code. */
export function withoutDeepMarks(text: string): string {
	if (!DEEP_LINE.test(text)) return text;
	let fence = '';
	return text
		.split('\n')
		.map((line) => {
			const mark = FENCE.exec(line)?.[1];
			if (!fence) fence = mark ?? '';
			else if (mark?.startsWith(fence) && line.trim() === mark) fence = '';
			return line.replace(fence ? DEEP_CODE : DEEP_LINE, '$1');
		})
		.join('\n');
}

/** How much of the beginning of a text is read at one go: a whole block of code, or what a piece may hold. */
export function pieceLength(text: string): number {
	if (!FENCE.test(text)) return LONGEST_PIECE;
	return Math.min(LONGEST_CODE, Math.max(LONGEST_PIECE, endOfCode(text) ?? text.length));
}

/** Where the block of code ends that a text begins with; null when it does not end in it, or there is none. */
function endOfCode(text: string): number | null {
	const [, mark] = FENCE.exec(text) ?? [];
	if (!mark) return null;
	const close = new RegExp(`\\n {0,3}\\${mark[0]}{${mark.length},}[ \\t]*(?:\\n|$)`).exec(text);
	return close && close.index + close[0].length;
}

/** Where a text that is too long is cut: behind a line, best before one at the margin, unless a piece would be short. */
export function placeToCut(text: string, longest: number): number {
	if (text[longest - 1] === '\n') return longest;
	const window = text.slice(0, longest);
	const atMargin = /^[^]*\n(?=\S)/.exec(window)?.[0].length ?? 0;
	if (atMargin > longest / 2) return atMargin;
	const atLine = window.lastIndexOf('\n') + 1;
	if (atLine > longest / 2) return atLine;
	// Not between the halves of a character.
	return /[\ud800-\udbff]$/.test(window) ? longest - 1 : longest;
}

/**
 * What the rest of a block that was cut begins with again: its fence, or the head of its table; nothing for other blocks.
 * Null for a block of code that was not cut, because it ends here.
 */
export function headOf(block: string, type: string): string | null {
	if (type === 'code' && endOfCode(block) !== null) return null;
	const lines = type === 'table' ? 2 : type === 'code' && FENCE.test(block) ? 1 : 0;
	const head = block
		.split('\n', lines)
		.map((line) => `${line}\n`)
		.join('');
	return head.length < LONGEST_PIECE / 4 ? head : '';
}
