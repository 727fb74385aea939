/**
 * Takes the dialects out of Markdown before it is parsed: fences of admonitions and tabs (`///`, `:::`, `!!!`, `===`),
 * includes, templates, comments and attribute lists. Titles stay as bold labels; code is left as it is.
 * Works line by line, in linear time.
 */
export function cleanMarkdown(markdown: string): string {
	const lines = markdown.split('\n');
	const cleaner = new LineCleaner(lines.findLastIndex((line) => line.includes('-->')));
	return lines.flatMap((line, number) => cleaner.clean(line, number)).join('\n');
}

const fenceOpening = /^[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)*(`{3,}|~{3,})(.*)$/;
/** A line that includes a file: FastAPI's `{* *}`, mdx_include's `{! !}`, pymdownx's `--8<--`. */
const includeLine = /^\s*(?:\{\*.*\*\}|\{!>?.*!\}|--8<--.*)\s*$/;
/** `::: package.Class` of mkdocstrings: the reference of an object, made from its source. */
const objectReference = /^:::\s+([\w.]+\.\w+)\s*$/;
/** `!!! type "title"`, `??? type`, `=== "tab"` of Python-Markdown, with indented content. */
const indentedBlock = /^(\s*)(?:(?:!!!|\?\?\?\+?)\s+([\w-]+)(?:\s+[\w-]+)*|===[!+]?)\s*(?:"([^"]*)")?\s*$/;
/** `:::type title` of Docusaurus, VitePress and others, and its end. */
const colonFence = /^(\s*):{3,}\s*(?:\{?([\w-]+)\}?)?\s*(.*?)\s*$/;
/** `/// type | title` of pymdownx, and its end. */
const slashFence = /^(\s*)\/{3,}(?:\s+([\w-]+)\s*(?:\|\s*(.*?))?)?\s*$/;
const attributeLine = /^\s*\{:?\s*[.#][^}]*\}\s*$/;
const admonitions = new Set(
	'note tip info warning danger caution important success hint question example quote abstract check bug details'.split(
		' '
	)
);

class LineCleaner {
	/** Last line with `-->`: a comment that is never closed is no comment. */
	readonly #lastCommentEnd: number;
	#fence: string | null = null;
	#inComment = false;
	#inReferenceOptions = false;
	#isTemplate = false;
	/** Indentation of the `!!!` and `===` blocks that are open, innermost last. */
	readonly #openBlocks: number[] = [];

	constructor(lastCommentEnd: number) {
		this.#lastCommentEnd = lastCommentEnd;
	}

	clean(source: string, number: number): string[] {
		let line = source;
		if (this.#fence !== null) {
			if (isClosingFence(line, this.#fence)) this.#fence = null;
			// Files are included into code blocks, too.
			else if (/^\s*(?:\{!>?.*!\}|--8<--.*)\s*$/.test(line)) return [];
			return [outdent(line, this.#openBlocks.length)];
		}
		if (this.#inComment) {
			const end = line.indexOf('-->');
			if (end === -1) return [];
			this.#inComment = false;
			line = line.slice(end + 3);
		}
		const indent = line.search(/\S/);
		while (indent !== -1 && indent <= (this.#openBlocks.at(-1) ?? -1)) this.#openBlocks.pop();
		if (this.#inReferenceOptions) {
			if (indent !== 0) return referenceMember(line);
			this.#inReferenceOptions = false;
		}
		line = outdent(line, this.#openBlocks.length);
		const opening = fenceOpening.exec(line);
		if (opening && !opening[2]?.includes('`')) {
			this.#fence = opening[1] ?? null;
			return [line];
		}
		if (includeLine.test(line) || attributeLine.test(line)) return [''];
		return this.#container(line, indent) ?? [this.#inline(line, number)];
	}

	/** The line that opens or closes an admonition, a tab or a reference, as its label; null for any other line. */
	#container(line: string, indent: number): string[] | null {
		const reference = objectReference.exec(line);
		if (reference) {
			this.#inReferenceOptions = true;
			return ['', `\`${reference[1]}\``, ''];
		}
		const block = indentedBlock.exec(line);
		if (block && (block[2] ?? block[3])) {
			this.#openBlocks.push(indent);
			return label(block[1], block[3] || block[2]);
		}
		const fence = colonFence.exec(line) ?? slashFence.exec(line);
		if (!fence) return null;
		const [, blank, type = '', title] = fence;
		return title || admonitions.has(type.toLowerCase()) ? label(blank, title || type) : [''];
	}

	#inline(source: string, number: number): string {
		let line = source;
		if (line.includes('<!--')) {
			const { text, open } = withoutComments(line);
			line = text;
			if (open !== -1 && number < this.#lastCommentEnd) {
				this.#inComment = true;
				line = line.slice(0, open);
			}
		}
		return line.includes('{') ? outsideCode(line, (text) => this.#braces(text)) : line;
	}

	#braces(text: string): string {
		const cleaned = text
			.replace(/\{[*!]>?[^{}]*[*!]\}/g, '')
			// Attribute lists after a link, an image or emphasis: `[text](url){.external-link target=_blank}`.
			.replace(/(?<=[)\]*_`>])\{:?\s*[.#:][^{}]*\}/g, '');
		this.#isTemplate ||= /\{%-?\s*\w[^%]*%\}/.test(cleaned);
		if (!this.#isTemplate || !/\{[%{#]/.test(cleaned)) return cleaned;
		// Markup around what a template would have filled in says nothing without it.
		return /^\s*</.test(cleaned) ? '' : cleaned.replace(/\{([%{#])(?:(?!\{\1).)*?[%}#]\}/g, '');
	}
}

function label(blank: string | undefined, title: string | undefined): string[] {
	const text = (title ?? '').replaceAll('**', '').replace(/^\[|\]$/g, '');
	return ['', `${blank ?? ''}**${text.charAt(0).toUpperCase()}${text.slice(1)}**`, ''];
}

/** Of the options below a reference only the names of members are content. */
function referenceMember(line: string): string[] {
	const member = /^\s*-\s+(\S+)\s*$/.exec(line)?.[1];
	return member ? [`- \`${member}\``] : line.trim() ? [] : [''];
}

function isClosingFence(line: string, fence: string): boolean {
	const trimmed = line.replace(/^[ \t>]+/, '').trimEnd();
	return trimmed.length >= fence.length && trimmed === fence.charAt(0).repeat(trimmed.length);
}

/** Takes four columns a level away, as far as they are blank. */
function outdent(line: string, levels: number): string {
	let text = line;
	for (let level = 0; level < levels; level++) text = text.replace(/^(?: {1,4}|\t)/, '');
	return text;
}

/**
 * A line without the comments that end in it, and where one begins that does not, or -1. Of a comment and a code span that overlap, the one
 * that begins first counts.
 */
function withoutComments(line: string): { text: string; open: number } {
	const mark = /`+|<!--/g;
	let text = '';
	let kept = 0;
	for (let found = mark.exec(line); found; found = mark.exec(line)) {
		if (found[0] !== '<!--') {
			mark.lastIndex = afterCodeSpan(line, found.index, found[0].length);
			continue;
		}
		const end = line.indexOf('-->', found.index + 2);
		if (end === -1) return { text: text + line.slice(kept), open: text.length + found.index - kept };
		text += line.slice(kept, found.index);
		kept = mark.lastIndex = end + 3;
	}
	return { text: text + line.slice(kept), open: -1 };
}

/** Where the code span ends that so many backticks begin; after them when no other run of as many closes it. */
function afterCodeSpan(line: string, start: number, length: number): number {
	const run = /`+/g;
	run.lastIndex = start + length;
	for (let found = run.exec(line); found; found = run.exec(line)) {
		if (found[0].length === length) return run.lastIndex;
	}
	return start + length;
}

/** Applies a change to what is not inside a code span of this line. */
function outsideCode(line: string, change: (text: string) => string): string {
	if (!line.includes('`')) return change(line);
	return line
		.split(/(`+[^`]*`+)/)
		.map((part, index) => (index % 2 === 0 ? change(part) : part))
		.join('');
}
