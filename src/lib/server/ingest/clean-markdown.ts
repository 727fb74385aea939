/**
 * Takes the dialects out of Markdown before it is parsed: fences of admonitions and tabs (`///`, `:::`, `!!!`, `===`),
 * includes, templates, comments and attribute lists. Titles stay as bold labels; code is left as it is.
 * Works line by line, in linear time.
 */
export function cleanMarkdown(markdown: string): string {
	const lines = markdown.split('\n');
	const cleaned: string[] = [];
	const isTemplate = /^[^`\n]*\{%-?\s*\w+[^`\n]*%\}/m.test(markdown);
	let fence: string | null = null;
	let inComment = false;
	let inReferenceOptions = false;
	/** Indentation of the `!!!` or `===` blocks that are open, innermost last. */
	const openBlocks: number[] = [];

	for (let line of lines) {
		if (fence !== null) {
			if (isClosingFence(line, fence)) fence = null;
			else if (snippetLine.test(line)) continue;
			cleaned.push(outdent(line, openBlocks.length));
			continue;
		}
		if (inComment) {
			const end = line.indexOf('-->');
			if (end === -1) continue;
			inComment = false;
			line = line.slice(end + 3);
		}
		const indent = line.search(/\S/);
		while (indent !== -1 && openBlocks.length > 0 && indent <= (openBlocks.at(-1) ?? 0)) openBlocks.pop();
		if (inReferenceOptions) {
			if (indent === -1 || indent > 0) {
				const member = /^\s*-\s+(\S+)\s*$/.exec(line)?.[1];
				if (member) cleaned.push(`- \`${member}\``);
				continue;
			}
			inReferenceOptions = false;
			cleaned.push('');
		}
		line = outdent(line, openBlocks.length);
		const opening = fenceOpening.exec(line);
		if (opening && !opening[2]?.includes('`')) {
			fence = opening[1] ?? null;
			cleaned.push(line);
			continue;
		}
		const reference = /^:::\s+([\w.]+\.\w+)\s*$/.exec(line);
		if (reference) {
			cleaned.push('', `\`${reference[1]}\``, '');
			inReferenceOptions = true;
			continue;
		}
		const block = /^(\s*)(?:!!!|\?\?\?\+?|===\+?)\s+(?:([\w-]+)(?:\s+[\w-]+)*)?\s*(?:"([^"]*)")?\s*$/.exec(
			line
		);
		if (block && (block[2] ?? block[3])) {
			openBlocks.push(indent);
			cleaned.push('', `${block[1]}${label(block[3] || block[2])}`, '');
			continue;
		}
		const container = /^(\s*)(?:\/{3,}|:{3,})\s*(?:\{?([\w-]+)\}?)?\s*(?:\|?\s*(.*?))?\s*$/.exec(line);
		if (container && !/^\s*\/{3,}\S*\//.test(line)) {
			const title = container[3] || (admonitions.has(container[2] ?? '') ? container[2] : '');
			cleaned.push('', title ? `${container[1]}${label(title)}` : '', '');
			continue;
		}
		if (snippetLine.test(line) || /^\s*\{:?\s*[.#][^}]*\}\s*$/.test(line)) {
			cleaned.push('');
			continue;
		}
		if (line.includes('<!--')) {
			line = outsideCode(line, (text) => text.replace(/<!--.*?-->/g, ''));
			const start = commentStart(line);
			if (start !== -1) {
				inComment = true;
				line = line.slice(0, start);
			}
		}
		if (line.includes('{')) line = outsideCode(line, (text) => cleanBraces(text, isTemplate));
		cleaned.push(line);
	}
	return cleaned.join('\n');
}

const fenceOpening = /^[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)*(`{3,}|~{3,})(.*)$/;
/** A line that includes a file: FastAPI's `{* *}`, mdx_include's `{! !}`, pymdownx's `--8<--`. */
const snippetLine = /^\s*(?:\{\*.*\*\}|\{!>?.*!\}|--8<--.*)\s*$/;
const admonitions = new Set(
	'note tip info warning danger caution important success hint question example quote abstract check bug details'.split(
		' '
	)
);

function label(title: string | undefined): string {
	const text = (title ?? '').replace(/\*\*/g, '').replace(/^\[|\]$/g, '');
	return `**${text.charAt(0).toUpperCase()}${text.slice(1)}**`;
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

function commentStart(line: string): number {
	const start = line.indexOf('<!--');
	const ticksBefore = start === -1 ? 0 : line.slice(0, start).split('`').length - 1;
	return ticksBefore % 2 === 0 ? start : -1;
}

/** Applies a change to what is not inside a code span of this line. */
function outsideCode(line: string, change: (text: string) => string): string {
	if (!line.includes('`')) return change(line);
	return line
		.split(/(`+[^`]*`+)/)
		.map((part, index) => (index % 2 === 0 ? change(part) : part))
		.join('');
}

function cleanBraces(text: string, isTemplate: boolean): string {
	const cleaned = text
		.replace(/\{[*!]>?[^{}]*[*!]\}/g, '')
		// Attribute lists after a link, an image or emphasis: `[text](url){.external-link target=_blank}`.
		.replace(/(?<=[)\]*_`>])\{:?\s*[.#:][^{}]*\}/g, '');
	return isTemplate ? cleaned.replace(/\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}/g, '') : cleaned;
}
