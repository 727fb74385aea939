/** Width of the blank start of a line; Infinity for a blank line. */
export function indentOf(line: string): number {
	const width = line.search(/\S/);
	return width === -1 ? Number.POSITIVE_INFINITY : width;
}

/** Removes the indentation that all lines share, and blank lines at both ends. */
export function dedentLines(lines: readonly string[]): string[] {
	let start = 0;
	let end = lines.length;
	while (start < end && !lines[start]?.trim()) start++;
	while (end > start && !lines[end - 1]?.trim()) end--;
	const kept = lines.slice(start, end);
	const indent = Math.min(...kept.map(indentOf));
	return Number.isFinite(indent) && indent > 0 ? kept.map((line) => line.slice(indent)) : kept;
}

/** Index after the lines from `start` on that are blank or indented by at least `indent`. */
export function endOfIndented(lines: readonly string[], start: number, indent: number): number {
	let end = start;
	for (let index = start; index < lines.length; index++) {
		const width = indentOf(lines[index] ?? '');
		if (width < indent) break;
		if (Number.isFinite(width)) end = index + 1;
	}
	return end;
}

/** Code between fences that it does not contain itself. */
export function fenced(code: readonly string[], language: string): string {
	const body = dedentLines(code).join('\n').trimEnd();
	if (!body) return '';
	let fence = '```';
	while (body.includes(fence)) fence += '`';
	return `${fence}${language}\n${body}\n${fence}`;
}

/** Tabs as spaces up to the next multiple of eight columns, as docutils does. */
export function expandTabs(line: string): string {
	if (!line.includes('\t')) return line;
	let expanded = '';
	for (const character of line) {
		expanded += character === '\t' ? ' '.repeat(8 - (expanded.length % 8)) : character;
	}
	return expanded;
}
