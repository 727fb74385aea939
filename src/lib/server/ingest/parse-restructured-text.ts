import { docutilsAnchors, type Anchors } from './anchor.ts';
import { Outline, type Heading, type ParsedDocument } from './parsed-document.ts';
import { parseDirective, renderDirective } from './restructured-text-directive.ts';
import { inlineToMarkdown, inlineToText, type References } from './restructured-text-inline.ts';
import { dedentLines, endOfIndented, expandTabs, fenced, indentOf } from './restructured-text-lines.ts';
import { collectReferences } from './restructured-text-references.ts';
import { parseGridTable, parseSimpleTable, pipeTable } from './restructured-text-table.ts';

/**
 * Parses reStructuredText as Sphinx projects write it into sections of Markdown. Described objects (functions, classes,
 * options…) become headings, so that each can be found and linked. Not a validator: odd markup becomes text.
 * Grammar: https://docutils.sourceforge.io/docs/ref/rst/restructuredtext.html
 */
export function parseRestructuredText(source: string): ParsedDocument {
	return new RestructuredTextParser(source).parse();
}

/** Where Markdown goes: into the outline, where headings may be opened, or into a list item, a cell, a note… */
export interface Target {
	add(markdown: string): void;
	readonly holdsHeadings: boolean;
}

const adornment = /^([!-/:-@[-`{-~])\1*\s*$/;
const bullet = /^([-*+•])(\s+|$)/;
const enumerator = /^\(?(?:\d{1,3}|#|[a-zA-Z]|[ivxIVX]{2,5})[.)](\s+|$)/;
const field = /^:(?![:\s`])((?:[^:\\`]|\\.|:(?!\s|$))+):(?:\s+(.*))?$/;
const tableBorder = /^={2,}(?:\s+={2,})+\s*$/;

/** State of one document while it is parsed; directives read and change it. */
export class RestructuredTextParser {
	readonly references: References;
	/** Module, class and program that signatures belong to. */
	scope = { module: '', className: '', program: '' };
	/** Language of literal blocks. */
	language = '';
	readonly #lines: string[];
	readonly #outline = new Outline();
	readonly #anchors: Anchors = docutilsAnchors();
	/** Adornment styles in order of appearance: the position is the depth. */
	readonly #styles: string[] = [];
	#sections: { depth: number; heading: Heading }[] = [];
	#objects: Heading[] = [];
	/** Explicit targets that wait for the section they name. */
	#labels: string[] = [];

	constructor(source: string) {
		this.#lines = source.split('\n').map((line) => expandTabs(line).trimEnd());
		this.references = collectReferences(this.#lines);
	}

	parse(): ParsedDocument {
		this.#blocks(this.#lines, this.outlineTarget);
		const first = this.#outline.sections.find((section) => section.headings.length > 0)?.headings[0];
		return { title: first?.text ?? null, sections: this.#outline.sections };
	}

	readonly outlineTarget: Target = {
		holdsHeadings: true,
		add: (markdown) => {
			this.#labels = [];
			if (markdown) this.#outline.add(this.#headings(), markdown);
		}
	};

	/** Parses lines into a target; headings are opened when it takes them. */
	parseInto(lines: readonly string[], target: Target): void {
		this.#blocks(lines, target);
	}

	/** Parses lines into Markdown that stays together. */
	markdownOf(lines: readonly string[]): string {
		const blocks: string[] = [];
		this.#blocks(lines, { holdsHeadings: false, add: (markdown) => blocks.push(markdown) });
		return blocks.filter(Boolean).join('\n\n');
	}

	inline(text: string): string {
		return inlineToMarkdown(text.replace(/\s+/g, ' '), this.references).trim();
	}

	/** Runs `content` under one more heading, which is closed afterwards. */
	under(heading: Heading, content: () => void): void {
		this.#labels = [];
		this.#objects.push(heading);
		content();
		this.#objects.pop();
	}

	#headings(): Heading[] {
		return [...this.#sections.map(({ heading }) => heading), ...this.#objects];
	}

	#blocks(lines: readonly string[], target: Target): void {
		let index = 0;
		while (index < lines.length) {
			const line = lines[index] ?? '';
			if (!line.trim()) index++;
			else if (indentOf(line) > 0) index = this.#blockQuote(lines, index, target);
			else if (/^\.\.(?:\s|$)/.test(line)) index = this.#explicitMarkup(lines, index, target);
			else if (/^__(?:\s|$)/.test(line)) index++;
			else index = this.#sectionTitle(lines, index, target) ?? this.#body(lines, index, target);
		}
	}

	#sectionTitle(lines: readonly string[], index: number, target: Target): number | null {
		const line = lines[index] ?? '';
		const next = lines[index + 1] ?? '';
		const isOverlined =
			line.length >= 2 &&
			adornment.test(line) &&
			next.trim() !== '' &&
			lines[index + 2]?.trim() === line.trim();
		const isUnderlined =
			!adornment.test(line) &&
			adornment.test(next) &&
			next.length >= Math.min(line.length, 3) &&
			!next.startsWith('::');
		if (!isOverlined && !isUnderlined) {
			const isTransition = line.length >= 4 && adornment.test(line) && !next.trim();
			return isTransition ? index + 1 : null;
		}
		if (!target.holdsHeadings || this.#objects.length > 0) return null;
		this.#openSection(
			(isOverlined ? 'over' : 'under') + next.charAt(0),
			isOverlined ? next : line,
			isOverlined ? line.charAt(0) : ''
		);
		return index + (isOverlined ? 3 : 2);
	}

	#openSection(kind: string, title: string, overline: string): void {
		const style = overline ? `over${overline}` : kind;
		let depth = this.#styles.indexOf(style);
		if (depth === -1) depth = this.#styles.push(style) - 1;
		const text = inlineToText(title.trim(), this.references);
		const heading = { text, anchor: this.#anchors.of(text, this.#labels.at(-1)) };
		this.#sections = [...this.#sections.filter((open) => open.depth < depth), { depth, heading }];
		this.#outline.add(this.#headings(), '');
		this.#labels = [];
	}

	#explicitMarkup(lines: readonly string[], index: number, target: Target): number {
		const line = lines[index] ?? '';
		// An empty comment does not take the indented text after a blank line with it.
		if (line.trim() === '..' && !lines[index + 1]?.trim()) return index + 1;
		const end = endOfIndented(lines, index + 1, 1);
		const content = lines.slice(index + 1, end);
		const label = /^\.\. _(?!_)(`[^`]+`|(?:[^:\\]|\\.|:(?!\s|$))+):\s*$/.exec(line);
		if (label && content.length === 0) {
			this.#labels.push((label[1] ?? '').replace(/^`|`$/g, ''));
			return index + 1;
		}
		const note = /^\.\. \[(#?[^\]\s]*|\*)\]\s*(.*)$/.exec(line);
		if (note) {
			const text = this.markdownOf([note[2] ?? '', ...dedentLines(content)]);
			target.add(`[${(note[1] ?? '').replace('#', '')}] ${text}`);
			return end;
		}
		const directive = parseDirective(line, content);
		if (directive) renderDirective(directive, this, target);
		return end;
	}

	#blockQuote(lines: readonly string[], index: number, target: Target): number {
		const end = Math.max(endOfIndented(lines, index, 1), index + 1);
		this.#blocks(dedentLines(lines.slice(index, end)), target);
		return end;
	}

	#body(lines: readonly string[], index: number, target: Target): number {
		const line = lines[index] ?? '';
		if (bullet.test(line)) return this.#list(lines, index, target, bullet);
		if (enumerator.test(line) && isListStart(lines, index))
			return this.#list(lines, index, target, enumerator);
		if (field.test(line)) return this.#fields(lines, index, target);
		if (line.startsWith('>>> ')) return this.#doctest(lines, index, target);
		if (/^\+-[-+]*\+$/.test(line)) return this.#gridTable(lines, index, target);
		if (tableBorder.test(line)) return this.#simpleTable(lines, index, target);
		if (/^\|(?:\s|$)/.test(line)) return this.#lineBlock(lines, index, target);
		const next = lines[index + 1] ?? '';
		if (next.trim() && indentOf(next) > 0 && !line.endsWith('::'))
			return this.#definition(lines, index, target);
		return this.#paragraph(lines, index, target);
	}

	#list(lines: readonly string[], index: number, target: Target, marker: RegExp): number {
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
			const body = this.markdownOf(content);
			if (body) items.push(`${sign} ${body.replace(/\n(?=[^\n])/g, `\n${' '.repeat(sign.length + 1)}`)}`);
			end = after;
			while (end < lines.length && !lines[end]?.trim()) end++;
		}
		target.add(items.join(items.some((item) => item.includes('\n\n')) ? '\n\n' : '\n'));
		return end;
	}

	#fields(lines: readonly string[], index: number, target: Target): number {
		const items: string[] = [];
		let end = index;
		while (end < lines.length) {
			const match = field.exec(lines[end] ?? '');
			if (!match) break;
			const after = endOfIndented(lines, end + 1, 1);
			const body = this.markdownOf([match[2] ?? '', ...dedentLines(lines.slice(end + 1, after))]);
			if (body) items.push(`- **${this.inline(match[1] ?? '')}**: ${body.replace(/\n(?=[^\n])/g, '\n  ')}`);
			end = after;
			while (end < lines.length && !lines[end]?.trim()) end++;
		}
		// Fields before the first content are settings and bibliography, not text.
		const isPreamble = lines === this.#lines && this.#outline.sections.every((section) => !section.text);
		if (!isPreamble) target.add(items.join('\n'));
		return end;
	}

	#doctest(lines: readonly string[], index: number, target: Target): number {
		let end = index;
		while (lines[end]?.trim()) end++;
		target.add(fenced(lines.slice(index, end), 'python'));
		return end;
	}

	#gridTable(lines: readonly string[], index: number, target: Target): number {
		let end = index;
		while (/^[+|]/.test(lines[end] ?? '')) end++;
		target.add(pipeTable(parseGridTable(lines.slice(index, end)), (text) => this.inline(text)));
		return end;
	}

	#simpleTable(lines: readonly string[], index: number, target: Target): number {
		let end = index + 1;
		let borders = 0;
		while (end < lines.length) {
			const isBorder = /^=[=\s]*$/.test(lines[end] ?? '');
			end++;
			if (isBorder && (++borders === 2 || !lines[end]?.trim())) break;
		}
		target.add(pipeTable(parseSimpleTable(lines.slice(index, end)), (text) => this.inline(text)));
		return end;
	}

	#lineBlock(lines: readonly string[], index: number, target: Target): number {
		let end = index;
		while (/^(?:\|(?:\s|$)|\s+\S)/.test(lines[end] ?? '')) end++;
		const text = lines.slice(index, end).map((line) => this.inline(line.replace(/^\|/, '')));
		target.add(text.join('\n').trim());
		return end;
	}

	#definition(lines: readonly string[], index: number, target: Target): number {
		const end = endOfIndented(lines, index + 1, 1);
		const term = this.inline(lines[index] ?? '');
		const body = this.markdownOf(dedentLines(lines.slice(index + 1, end)));
		const name = /[`*]/.test(term) ? term : `**${term}**`;
		const startsWithBlock = /^(?:```|~~~|[|>-] |\d+\. )/.test(body);
		target.add(`${name}:${startsWithBlock ? '\n\n' : ' '}${body}`);
		return end;
	}

	#paragraph(lines: readonly string[], index: number, target: Target): number {
		let end = index + 1;
		while (lines[end]?.trim() && !/^\.\. [_|[a-zA-Z]/.test(lines[end] ?? '')) end++;
		const text = lines
			.slice(index, end)
			.map((line) => line.trim())
			.join('\n');
		if (!text.endsWith('::')) {
			target.add(this.inline(text));
			return end;
		}
		target.add(this.inline(text.replace(/(?:^|\s)::$|(?<=\S):(?=:$)/, '').replace(/::$/, ':')));
		return this.#literal(lines, end, target);
	}

	#literal(lines: readonly string[], start: number, target: Target): number {
		let first = start;
		while (first < lines.length && !lines[first]?.trim()) first++;
		let end = endOfIndented(lines, first, 1);
		const quote = /^[>|#$%]/.exec(lines[first] ?? '')?.[0];
		if (end === first && quote) while (lines[end]?.startsWith(quote)) end++;
		target.add(fenced(lines.slice(first, end), this.codeLanguage(lines[first] ?? '')));
		return Math.max(end, start);
	}

	/** Language of a literal block: what its first line shows, else what `highlight` said. */
	codeLanguage(firstLine: string): string {
		if (/^\s*>>> /.test(firstLine)) return 'python';
		return /^\s*[$#] \S/.test(firstLine) && this.language.startsWith('python') ? '' : this.language;
	}
}

/** A line such as `A. Turing wrote` starts no list unless its next line is blank, indented or the next item. */
function isListStart(lines: readonly string[], index: number): boolean {
	const next = lines[index + 1] ?? '';
	return !next.trim() || indentOf(next) > 0 || enumerator.test(next);
}
