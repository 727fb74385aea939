/** What a caller reads at one go, in characters: parsing it takes a few milliseconds whatever it holds. */
const LONGEST = 4096;
/** Marks of lists and quotes that one line may be nested in; deeper ones cost a parser time that grows with their square. */
const DEEPEST = 12;

const FENCE = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/;
const ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)]) {1,4}(?=\S)/;
const CONTAINERS = new RegExp(
	`^((?:[ \\t]*(?:[-*+>]|\\d{1,9}[.)])){${DEEPEST}})(?:[ \\t]*(?:[-*+>]|\\d{1,9}[.)]))+`
);

/** Fenced code that is not closed yet. */
interface Fence {
	mark: string;
	/** Where the content begins of the list item that it stands in; a line that begins before ends both. */
	column: number;
	/** Whether its beginning, with the marks of its items, stands in an earlier piece. */
	isCut: boolean;
}

/**
 * Cuts Markdown into pieces that read the same alone as together, so that a long text need not be parsed in one stretch: at blank lines that
 * are followed by text at the margin, outside fenced code. https://spec.commonmark.org/0.31.2/#fenced-code-blocks
 * Where a piece has no such place and grows too long it is cut at the end of a line, or inside one; marks of lists and quotes beyond
 * a depth that no reader could follow are left out, in code too, because a text could make it look like code.
 */
export function* markdownBlocks(text: string): Generator<string> {
	let lines: string[] = [];
	let length = 0;
	let fence: Fence | null = null;
	let isBlank = false;
	/** Content columns of the list items that the last line stands in, outermost first. */
	const columns: number[] = [];
	const goOn = () => {
		lines = fence ? [fence.mark] : [];
		if (fence) fence.isCut = true;
	};
	for (const line of text.split(/\r\n|\n|\r/)) {
		const plain = withSpaces(line);
		const isEmpty = line.trim() === '';
		if (fence && !isEmpty && marginOf(plain) < fence.column) {
			if (fence.isCut) lines.push(fence.mark);
			fence = null;
		}
		const atMargin = isBlank && /^\S/.test(line);
		if (lines.length > 0 && ((atMargin && !fence) || length + line.length > LONGEST)) {
			yield lines.join('\n');
			goOn();
			length = 0;
		}
		const isEnd = fence !== null && closes(plain, fence);
		const own = isEnd && fence?.isCut ? line.trim() : line;
		for (let from = 0; from === 0 || from < own.length; from += LONGEST) {
			if (from > 0) {
				yield lines.join('\n');
				goOn();
			}
			lines.push(own.slice(from, from + LONGEST).replace(CONTAINERS, '$1'));
		}
		if (isEnd) fence = null;
		else if (!fence && !isEmpty) fence = openedBy(plain, columns);
		length += line.length + 1;
		isBlank = isEmpty;
	}
	if (lines.length > 0) yield lines.join('\n');
}

/** The fence at the end of a line's marks, if any. Brings the columns of the open items up to date. */
function openedBy(line: string, columns: number[]): Fence | null {
	while (columns.length > 0 && marginOf(line) < columns.at(-1)!) columns.pop();
	let column = columns.at(-1) ?? 0;
	for (let depth = 0; depth < DEEPEST; depth += 1) {
		const item = ITEM.exec(line.slice(column));
		if (!item) break;
		column += item[0].length;
		columns.push(column);
	}
	const mark = FENCE.exec(line.slice(column))?.[1];
	return mark ? { mark, column, isCut: false } : null;
}

function closes(line: string, { mark, column }: Fence): boolean {
	const other = FENCE.exec(line.slice(column))?.[1];
	return other !== undefined && other.startsWith(mark) && line.trim() === other;
}

function marginOf(line: string): number {
	return /^ */.exec(line)![0].length;
}

/** The same with blanks in place of the tabs among its first marks. https://spec.commonmark.org/0.31.2/#tabs */
function withSpaces(line: string): string {
	const [start] = /^[-*+\d.)\s]*/.exec(line)!;
	if (!start.includes('\t')) return line;
	let expanded = '';
	for (const character of start) {
		expanded += character === '\t' ? ' '.repeat(4 - (expanded.length % 4)) : character;
	}
	return expanded + line.slice(start.length);
}
