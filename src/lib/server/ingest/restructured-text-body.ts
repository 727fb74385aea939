import { dedentLines, endOfIndented, fenced, indentOf } from './restructured-text-lines.ts';
import { parseGridTable, parseSimpleTable, pipeTable } from './restructured-text-table.ts';
import type { RestructuredTextParser, Target } from './parse-restructured-text.ts';

const bullet = /^([-*+•])(\s+|$)/;
const enumerator = /^\(?(?:\d{1,3}|#|[a-zA-Z]|[ivxIVX]{2,5})[.)](\s+|$)/;
const field = /^:(?![:\s`])((?:[^:\\`]|\\.|:(?!\s|$))+):(?:\s+(.*))?$/;
const tableBorder = /^={2,}(?:\s+={2,})+\s*$/;

/**
 * Renders the body element that starts at `index`: a list, a table, a paragraph…
 * @returns the index of the first line after it.
 */
export function renderBody(
	parser: RestructuredTextParser,
	lines: readonly string[],
	index: number,
	target: Target
): number {
	const line = lines[index] ?? '';
	if (bullet.test(line)) return renderList(parser, lines, index, target, bullet);
	if (enumerator.test(line) && isListStart(lines, index))
		return renderList(parser, lines, index, target, enumerator);
	if (field.test(line)) return renderFields(parser, lines, index, target);
	if (line.startsWith('>>> ')) return renderDoctest(parser, lines, index, target);
	if (/^\+-[-+]*\+$/.test(line)) return renderGridTable(parser, lines, index, target);
	if (tableBorder.test(line)) return renderSimpleTable(parser, lines, index, target);
	if (/^\|(?:\s|$)/.test(line)) return renderLineBlock(parser, lines, index, target);
	const next = lines[index + 1] ?? '';
	if (next.trim() && indentOf(next) > 0 && !line.endsWith('::'))
		return renderDefinition(parser, lines, index, target);
	return renderParagraph(parser, lines, index, target);
}

/** A line such as `A. Turing wrote` starts no list unless its next line is blank, indented or the next item. */
function isListStart(lines: readonly string[], index: number): boolean {
	const next = lines[index + 1] ?? '';
	return !next.trim() || indentOf(next) > 0 || enumerator.test(next);
}

function renderList(
	parser: RestructuredTextParser,
	lines: readonly string[],
	index: number,
	target: Target,
	marker: RegExp
): number {
	const items: string[] = [];
	let end = index;
	while (end < lines.length) {
		const line = lines[end] ?? '';
		const match = marker.exec(line);
		if (!match) break;
		const after = endOfIndented(lines, end + 1, 1);
		const content = [
			line.slice(match[0].length),
			...dedentLines(['', ...lines.slice(end + 1, after)].slice(1))
		];
		// A blank line between the first line and the rest is a paragraph break, which dedenting would swallow.
		if (after > end + 1 && !lines[end + 1]?.trim()) content.splice(1, 0, '');
		const sign =
			marker === bullet
				? '-'
				: match[0]
						.trim()
						.replace(/^\(|[.)]$/g, '')
						.replace('#', String(items.length + 1)) + '.';
		const body = parser.markdownOf(content);
		if (body) items.push(`${sign} ${body.replace(/\n(?=[^\n])/g, `\n${' '.repeat(sign.length + 1)}`)}`);
		end = after;
		while (end < lines.length && !lines[end]?.trim()) end++;
	}
	target.add(items.join(items.some((item) => item.includes('\n\n')) ? '\n\n' : '\n'));
	return end;
}

function renderFields(
	parser: RestructuredTextParser,
	lines: readonly string[],
	index: number,
	target: Target
): number {
	const items: string[] = [];
	let end = index;
	while (end < lines.length) {
		const match = field.exec(lines[end] ?? '');
		if (!match) break;
		const after = endOfIndented(lines, end + 1, 1);
		const body = parser.markdownOf([match[2] ?? '', ...dedentLines(lines.slice(end + 1, after))]);
		if (body) items.push(`- **${parser.inline(match[1] ?? '')}**: ${body.replace(/\n(?=[^\n])/g, '\n  ')}`);
		end = after;
		while (end < lines.length && !lines[end]?.trim()) end++;
	}
	// Fields before the first content are settings and bibliography, not text.
	const isPreamble = parser.isPreamble(lines);
	if (!isPreamble) target.add(items.join('\n'));
	return end;
}

function renderDoctest(
	parser: RestructuredTextParser,
	lines: readonly string[],
	index: number,
	target: Target
): number {
	let end = index;
	while (lines[end]?.trim()) end++;
	target.add(fenced(lines.slice(index, end), 'python'));
	return end;
}

function renderGridTable(
	parser: RestructuredTextParser,
	lines: readonly string[],
	index: number,
	target: Target
): number {
	let end = index;
	while (/^[+|]/.test(lines[end] ?? '')) end++;
	target.add(pipeTable(parseGridTable(lines.slice(index, end)), (text) => parser.inline(text)));
	return end;
}

function renderSimpleTable(
	parser: RestructuredTextParser,
	lines: readonly string[],
	index: number,
	target: Target
): number {
	let end = index + 1;
	let borders = 0;
	while (end < lines.length) {
		const isBorder = /^=[=\s]*$/.test(lines[end] ?? '');
		end++;
		if (isBorder && (++borders === 2 || !lines[end]?.trim())) break;
	}
	target.add(pipeTable(parseSimpleTable(lines.slice(index, end)), (text) => parser.inline(text)));
	return end;
}

function renderLineBlock(
	parser: RestructuredTextParser,
	lines: readonly string[],
	index: number,
	target: Target
): number {
	let end = index;
	while (/^(?:\|(?:\s|$)|\s+\S)/.test(lines[end] ?? '')) end++;
	const text = lines.slice(index, end).map((line) => parser.inline(line.replace(/^\|/, '')));
	target.add(text.join('\n').trim());
	return end;
}

function renderDefinition(
	parser: RestructuredTextParser,
	lines: readonly string[],
	index: number,
	target: Target
): number {
	const end = endOfIndented(lines, index + 1, 1);
	const term = parser.inline(lines[index] ?? '');
	const body = parser.markdownOf(dedentLines(lines.slice(index + 1, end)));
	const name = /[`*]/.test(term) ? term : `**${term}**`;
	const startsWithBlock = /^(?:```|~~~|[|>-] |\d+\. )/.test(body);
	target.add(`${name}:${startsWithBlock ? '\n\n' : ' '}${body}`);
	return end;
}

function renderParagraph(
	parser: RestructuredTextParser,
	lines: readonly string[],
	index: number,
	target: Target
): number {
	let end = index + 1;
	while (lines[end]?.trim() && !/^\.\. [_|[a-zA-Z]/.test(lines[end] ?? '')) end++;
	const text = lines
		.slice(index, end)
		.map((line) => line.trim())
		.join('\n');
	if (!text.endsWith('::')) {
		target.add(parser.inline(text));
		return end;
	}
	target.add(parser.inline(text.replace(/(?:^|\s)::$|(?<=\S):(?=:$)/, '').replace(/::$/, ':')));
	return renderLiteral(parser, lines, end, target);
}

function renderLiteral(
	parser: RestructuredTextParser,
	lines: readonly string[],
	start: number,
	target: Target
): number {
	let first = start;
	while (first < lines.length && !lines[first]?.trim()) first++;
	let end = endOfIndented(lines, first, 1);
	const quote = /^[>|#$%]/.exec(lines[first] ?? '')?.[0];
	if (end === first && quote) while (lines[end]?.startsWith(quote)) end++;
	target.add(fenced(lines.slice(first, end), codeLanguage(parser, lines[first] ?? '')));
	return Math.max(end, start);
}

/** Language of a literal block: what its first line shows, else what `highlight` said. */
function codeLanguage(parser: RestructuredTextParser, firstLine: string): string {
	if (/^\s*>>> /.test(firstLine)) return 'python';
	return /^\s*[$#] \S/.test(firstLine) && parser.language.startsWith('python') ? '' : parser.language;
}
