/** What a caller reads at one go, in characters: parsing it takes a few milliseconds whatever it holds. */
const LONGEST = 4096;
/** Marks of lists and quotes that one line may be nested in; deeper ones cost a parser time that grows with their square. */
const DEEPEST = 12;

const FENCE = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/;
const CONTAINERS = new RegExp(
	`^((?:[ \\t]*(?:[-*+>]|\\d{1,9}[.)])){${DEEPEST}})(?:[ \\t]*(?:[-*+>]|\\d{1,9}[.)]))+`
);

/**
 * Cuts Markdown into pieces that read the same alone as together, so that a long text need not be parsed in one stretch: at blank lines that
 * are followed by text at the margin, outside fenced code. https://spec.commonmark.org/0.31.2/#fenced-code-blocks
 * Where a piece has no such place and grows too long it is cut at the end of a line, or inside one; marks of lists and quotes beyond
 * a depth that no reader could follow are left out.
 */
export function* markdownBlocks(text: string): Generator<string> {
	let lines: string[] = [];
	let length = 0;
	let fence = '';
	let isBlank = false;
	for (const line of text.split(/\r\n|\n|\r/)) {
		const atMargin = isBlank && /^\S/.test(line);
		if (lines.length > 0 && ((atMargin && !fence) || length + line.length > LONGEST)) {
			yield lines.join('\n');
			// What comes next is still code.
			lines = fence ? [fence] : [];
			length = 0;
		}
		for (let from = 0; from === 0 || from < line.length; from += LONGEST) {
			if (from > 0) {
				yield lines.join('\n');
				lines = fence ? [fence] : [];
			}
			const part = line.slice(from, from + LONGEST);
			lines.push(fence ? part : part.replace(CONTAINERS, '$1'));
		}
		length += line.length + 1;
		isBlank = line.trim() === '';
		const mark = FENCE.exec(line)?.[1];
		if (!fence) fence = mark ?? '';
		else if (mark && mark[0] === fence[0] && mark.length >= fence.length && line.trim() === mark) fence = '';
	}
	if (lines.length > 0) yield lines.join('\n');
}
