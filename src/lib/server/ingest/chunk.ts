import { createHash } from 'node:crypto';
import type { Chunk } from '#lib/contract/chunk.ts';
import type { ParsedDocument, Section } from './parsed-document.ts';
import { markdownBlocks, splitBlock, type MarkdownBlock } from './split-markdown.ts';

/** Length to aim at, in characters. */
const TARGET = 1000;
/** A section or a paragraph up to this length is not cut for the sake of the target. */
const WHOLE = 1400;
/** Code up to this length is kept whole. */
const WHOLE_CODE = 2 * TARGET;
/** Shorter passages join a neighbour under the same heading. */
const TINY = 250;

/** Where a parsed document comes from. */
export interface DocumentAddress {
	library: string;
	document: string;
	title: string;
	url: string | null;
}

/**
 * Cuts a document into passages in reading order. A passage never spans two headings; its text is Markdown without its
 * headings. Ids depend on library, document, position, headings and text only.
 */
export function chunkDocument(parsed: ParsedDocument, address: DocumentAddress): Chunk[] {
	const chunks: Chunk[] = [];
	parsed.sections.forEach((section, index) => {
		const heading_path = section.headings.map((heading) => heading.text);
		const anchor = section.headings.findLast((heading) => heading.anchor !== null)?.anchor ?? null;
		for (const text of sectionPassages(section, parsed.sections[index + 1])) {
			const chunk_id = chunkId(address, chunks.length, heading_path, text);
			chunks.push({ chunk_id, ...address, heading_path, anchor, text });
		}
	});
	return chunks;
}

/** First 16 hexadecimal digits of SHA-256 over what makes a passage this passage. */
function chunkId(address: DocumentAddress, ordinal: number, headings: string[], text: string): string {
	const identity = JSON.stringify([address.library, address.document, ordinal, headings, text]);
	return createHash('sha256').update(identity).digest('hex').slice(0, 16);
}

function sectionPassages(section: Section, next: Section | undefined): string[] {
	if (section.text) return cutMarkdown(section.text);
	// A heading with nothing below it is itself the content; one with subsections lives on in their heading paths.
	const isParent = next !== undefined && next.headings.length > section.headings.length;
	const heading = section.headings.at(-1);
	const isNavigation = /^(?:table of )?contents$/i.test(heading?.text ?? '');
	return isParent || isNavigation || !heading ? [] : [heading.text];
}

/** Cuts the Markdown of one section into passages of about the target length. */
export function cutMarkdown(markdown: string): string[] {
	if (markdown.length <= WHOLE) return markdown.trim() ? [markdown] : [];
	const blocks = markdownBlocks(markdown).flatMap((block) =>
		block.text.length > (block.kind === 'code' ? WHOLE_CODE : WHOLE) ? splitBlock(block, TARGET) : [block]
	);
	const passages: MarkdownBlock[][] = [];
	let current: MarkdownBlock[] = [];
	for (const block of blocks) {
		const size = lengthOf(current);
		const fits = size + block.text.length <= TARGET;
		const rescuesTiny = size < TINY && size + block.text.length <= WHOLE_CODE;
		if (current.length > 0 && !fits && !rescuesTiny) {
			const leadIn = current.length > 1 && isLeadIn(current.at(-1)) ? current.splice(-1) : [];
			passages.push(current);
			current = leadIn;
		}
		current.push(block);
	}
	if (current.length > 0) passages.push(current);
	const last = passages.at(-1);
	const beforeLast = passages.at(-2);
	if (last && beforeLast && lengthOf(last) < TINY && lengthOf(beforeLast) + lengthOf(last) <= WHOLE) {
		beforeLast.push(...last);
		passages.pop();
	}
	return passages
		.map((passage) => dedent(passage.map((block) => block.text).join('\n\n')))
		.filter((text) => text.trim());
}

function lengthOf(blocks: readonly MarkdownBlock[]): number {
	return blocks.reduce((sum, block) => sum + block.text.length + 2, 0);
}

/** Whether a block announces the next one: it ends with a colon, or is nothing but a bold label. */
function isLeadIn(block: MarkdownBlock | undefined): boolean {
	return (
		block?.kind === 'prose' && block.text.length < TINY * 2 && /:\s*$|^\*\*[^*]+\*\*:?$/.test(block.text)
	);
}

/** A passage that starts inside a list item loses the indentation of that item, or it would read as code. */
function dedent(text: string): string {
	const indent = /^ +/.exec(text)?.[0].length ?? 0;
	if (indent === 0) return text;
	const lines = text.split('\n');
	const end = lines.findIndex((line) => line.trim() && line.search(/\S/) < indent);
	const stop = end === -1 ? lines.length : end;
	return lines.map((line, index) => (index < stop ? line.slice(indent) : line)).join('\n');
}
