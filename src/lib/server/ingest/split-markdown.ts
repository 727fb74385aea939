/** A part of a passage that is cut only when it has to be. */
export interface MarkdownBlock {
	kind: 'prose' | 'code' | 'table';
	text: string;
}

const fenceOpening = /^([ \t>]*)(`{3,}|~{3,})(.*)$/;

/** Cuts Markdown into its blocks at blank lines; fenced code stays one block, blank lines and all. */
export function markdownBlocks(markdown: string): MarkdownBlock[] {
	const blocks: MarkdownBlock[] = [];
	let lines: string[] = [];
	const flush = () => {
		if (lines.length === 0) return;
		const isTable =
			lines.length > 1 && /^\s*\|/.test(lines[0] ?? '') && /^\s*\|[\s:|-]+$/.test(lines[1] ?? '');
		blocks.push({ kind: isTable ? 'table' : 'prose', text: lines.join('\n') });
		lines = [];
	};
	let fence: string | null = null;
	for (const line of markdown.split('\n')) {
		if (fence !== null) {
			lines.push(line);
			if (closes(line, fence)) {
				blocks.push({ kind: 'code', text: lines.join('\n') });
				lines = [];
				fence = null;
			}
			continue;
		}
		const opening = fenceOpening.exec(line);
		if (opening && !(opening[2]?.startsWith('`') && opening[3]?.includes('`'))) {
			flush();
			fence = opening[2] ?? '';
			lines.push(line);
		} else if (line.trim() === '') {
			flush();
		} else {
			lines.push(line);
		}
	}
	if (fence !== null && lines.length > 0) blocks.push({ kind: 'code', text: [...lines, fence].join('\n') });
	else flush();
	return blocks;
}

function closes(line: string, fence: string): boolean {
	const trimmed = line.replace(/^[ \t>]+/, '').trimEnd();
	return trimmed.length >= fence.length && trimmed === fence.charAt(0).repeat(trimmed.length);
}

/** Cuts a block into pieces of at most `limit` characters, at the best places it offers. */
export function splitBlock(block: MarkdownBlock, limit: number): MarkdownBlock[] {
	const texts =
		block.kind === 'code'
			? splitCode(block.text, limit)
			: block.kind === 'table'
				? splitTable(block.text, limit)
				: splitProse(block.text, limit);
	return texts.map((text) => ({ kind: block.kind, text }));
}

/** Places to cut prose at, best first: list items, lines, sentences, words. */
const proseCuts: readonly { at: RegExp; glue: string }[] = [
	{ at: /\n(?=[ \t]*(?:[-*+]|\d+[.)])[ \t])/, glue: '\n' },
	{ at: /\n/, glue: '\n' },
	{ at: /(?<=[.!?:;][)"'*`]?) +/, glue: ' ' },
	{ at: / +/, glue: ' ' }
];

function splitProse(text: string, limit: number, level = 0): string[] {
	if (text.length <= limit) return [text];
	const cut = proseCuts[level];
	if (!cut) return hardCut(text, limit);
	const units = text.split(cut.at).flatMap((unit) => splitProse(unit, limit, level + 1));
	return packUnits(units, cut.glue, limit);
}

/** Cuts at blank lines before an unindented line where it can, else at any line; every piece is fenced again. */
function splitCode(text: string, limit: number): string[] {
	const lines = text.split('\n');
	const opening = lines[0] ?? '';
	const closing = lines.at(-1) ?? '';
	const room = Math.max(limit - opening.length - closing.length - 2, 100);
	const body = lines.slice(1, -1).join('\n');
	const paragraphs = body.split(/\n(?:[ \t]*\n)+(?=\S)/);
	const units = paragraphs.flatMap((paragraph) =>
		paragraph.length <= room
			? [paragraph]
			: packUnits(
					paragraph.split('\n').flatMap((line) => hardCut(line, room)),
					'\n',
					room
				)
	);
	return packUnits(units, '\n\n', room)
		.filter((piece) => piece.trim())
		.map((piece) => `${opening}\n${piece}\n${closing}`);
}

/** Cuts between rows; every piece has the head of the table. */
function splitTable(text: string, limit: number): string[] {
	const [head = '', rule = '', ...rows] = text.split('\n');
	const top = head.length + rule.length > limit / 2 ? '' : `${head}\n${rule}\n`;
	const room = Math.max(limit - top.length, 100);
	const units = (top ? rows : [head, ...rows]).flatMap((row) => splitProse(row, room, 2));
	return packUnits(units, '\n', room).map((piece) => top + piece);
}

function packUnits(units: readonly string[], glue: string, limit: number): string[] {
	const packed: string[] = [];
	for (const unit of units) {
		const last = packed.at(-1);
		if (last !== undefined && last.length + glue.length + unit.length <= limit) {
			packed[packed.length - 1] = last + glue + unit;
		} else {
			packed.push(unit);
		}
	}
	return packed;
}

/** Cuts wherever the limit falls, but never inside a surrogate pair. */
function hardCut(text: string, limit: number): string[] {
	const pieces: string[] = [];
	let start = 0;
	while (text.length - start > limit) {
		let end = start + limit;
		const code = text.charCodeAt(end - 1);
		if (code >= 0xd800 && code <= 0xdbff) end--;
		pieces.push(text.slice(start, end));
		start = end;
	}
	pieces.push(text.slice(start));
	return pieces;
}
