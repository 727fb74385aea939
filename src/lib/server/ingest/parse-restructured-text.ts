import { docutilsAnchors, type Anchors } from './anchor.ts';
import { Outline, type Heading, type ParsedDocument } from './parsed-document.ts';
import { renderBody } from './restructured-text-body.ts';
import { parseDirective, renderDirective } from './restructured-text-directive.ts';
import { inlineToMarkdown, inlineToText, type References } from './restructured-text-inline.ts';
import { dedentLines, endOfIndented, expandTabs, indentOf } from './restructured-text-lines.ts';
import { collectReferences } from './restructured-text-references.ts';

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

/** Levels of lists, notes and cells inside each other that are taken apart. */
const DEEPEST = 40;

const adornment = /^([!-/:-@[-`{-~])\1*\s*$/;

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
	#nesting = 0;
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
		// Nobody nests this deep; text that seems to would exhaust the stack.
		if (this.#nesting > DEEPEST) return this.inline(lines.join(' '));
		const blocks: string[] = [];
		this.#nesting++;
		this.#blocks(lines, { holdsHeadings: false, add: (markdown) => blocks.push(markdown) });
		this.#nesting--;
		return blocks.filter(Boolean).join('\n\n');
	}

	/** Whether these are the lines of the document before its first content. */
	isPreamble(lines: readonly string[]): boolean {
		return lines === this.#lines && this.#outline.sections.every((section) => !section.text);
	}

	/** Inline markup as Markdown on one line. */
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
			else index = this.#sectionTitle(lines, index, target) ?? renderBody(this, lines, index, target);
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
			isOverlined ? `over${line.charAt(0)}` : `under${next.charAt(0)}`,
			isOverlined ? next : line
		);
		return index + (isOverlined ? 3 : 2);
	}

	/** @param style adornment character and whether it also stands above the title. */
	#openSection(style: string, title: string): void {
		let depth = this.#styles.indexOf(style);
		if (depth === -1) depth = this.#styles.push(style) - 1;
		const text = inlineToText(title.trim(), this.references);
		if (!text) return;
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
}
