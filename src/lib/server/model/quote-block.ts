/**
 * A part of a passage that is quoted as a whole or not at all: a paragraph, what a list item says before anything nested in it, a code
 * block, the head of a table, one of its rows.
 */
export interface Block {
	kind: 'paragraph' | 'heading' | 'item' | 'code' | 'table' | 'row';
	/** Its lines as they stand, indentation and marks of quotes included; a fence that the passage leaves open is closed. */
	text: string;
	/** Its first line in the passage, from 0, and the line after its last. */
	from: number;
	to: number;
	/** Index of the block that it makes no sense without: the item that it is nested in, the head of its table. */
	parent: number | null;
}

/** A passage taken apart. */
export interface Passage {
	blocks: readonly Block[];
	/** All lines; those of reference definitions are empty. Between two blocks only blank lines, rules and empty items are left. */
	lines: readonly string[];
	/** Addresses of the reference definitions, by label as `labelOf` has it. */
	definitions: ReadonlyMap<string, string>;
}

/** A line without the marks of the containers (list items, quotes) that it stands in. */
interface Line {
	text: string;
	/** Belongs to its container only where it continues a paragraph. */
	lazy: boolean;
}

/** Where some lines stand in the passage. */
interface Place {
	offset: number;
	depth: number;
	parent: number | null;
}

type Start = 'indented' | 'fence' | 'quote' | 'item' | 'table' | 'heading' | 'rule';

const FENCE = /^(?:(`{3,})[^`]*|(~{3,}).*)$/;
const HEADING = /^#{1,6}(?:\s|$)/;
const ITEM = /^(?:[-*+]|\d{1,9}[.)])(?=\s|$)/;
/** An item that may stand right below a line of a paragraph. */
const INTERRUPTING_ITEM = /^(?:[-*+]|1[.)])\s+\S/;
const RULE = /^(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const UNDERLINE = /^-+[ \t]*$/;
const DELIMITERS = /^\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;
const DEFINITION = /^\[([^\]^][^\]]*)\]:\s*<?([^\s<>]+)>?(?:\s+(?:"[^"]*"|'[^']*'|\([^)]*\)))?\s*$/;
/** Containers within containers that are looked into; what is deeper counts as a paragraph. */
const DEEPEST = 8;

/** A label as references to it are compared: https://spec.commonmark.org/0.31.2/#matches */
export function labelOf(reference: string): string {
	return reference.trim().replace(/\s+/g, ' ').toLowerCase();
}

/** Takes a passage apart line by line, as CommonMark and GitHub's tables have it, in time proportional to its length. */
export function splitBlocks(markdown: string): Passage {
	const lines = markdown.split('\n');
	const definitions = new Map<string, string>();
	const blocks: Block[] = [];
	/** Fences to add behind blocks that have none of their own, by index of the block. */
	const endings = new Map<number, string>();

	/** Reads lines of one container, up to a line that turns out not to belong to it; returns how many. */
	function read(own: readonly Line[], place: Place): number {
		let paragraph: Block | null = null;
		let at = 0;
		while (at < own.length) {
			const rest = own[at]!.text.trimStart();
			if (rest === '') {
				paragraph = null;
				at += 1;
			} else if (paragraph && continues(own, at)) {
				at += 1;
				paragraph.to = place.offset + at;
			} else if (own[at]!.lazy) break;
			else {
				const start = startAt(own, at, place.depth);
				const isText = start === null && !DEFINITION.test(rest);
				if (start) at = readers[start](own, at, place);
				else if (isText) add('paragraph', at, (at += 1), place);
				else define(rest, place.offset + at++);
				paragraph = isText ? blocks.at(-1)! : null;
			}
		}
		return at;
	}

	function add(...[kind, from, to, { offset, parent }]: [Block['kind'], number, number, Place]): number {
		blocks.push({ kind, text: '', from: offset + from, to: offset + to, parent });
		return to;
	}

	function define(line: string, number: number): void {
		const [, label = '', address = ''] = DEFINITION.exec(line)!;
		if (!definitions.has(labelOf(label))) definitions.set(labelOf(label), address);
		lines[number] = '';
	}

	const readers: Record<Start, (own: readonly Line[], from: number, place: Place) => number> = {
		heading: (_own, from, place) => add('heading', from, from + 1, place),
		rule: (_own, from) => from + 1,

		indented(own, from, place) {
			let to = from + 1;
			for (let at = to; at < own.length && !own[at]!.lazy; at += 1) {
				if (own[at]!.text.trim() === '') continue;
				if (indentOf(own[at]!.text) < 4) break;
				to = at + 1;
			}
			return add('code', from, to, place);
		},

		fence(own, from, place) {
			const fence = fenceOf(own[from]!.text.trimStart());
			let end = from + 1;
			while (end < own.length && !own[end]!.lazy && !closes(own[end]!.text, fence)) end += 1;
			if (end < own.length && !own[end]!.lazy) return add('code', from, end + 1, place);
			let last = end;
			while (last > from + 1 && own[last - 1]!.text.trim() === '') last -= 1;
			const opening = lines[place.offset + from]!;
			const margin = opening.slice(0, opening.indexOf(fence)).replace(/[^\s>]/g, ' ');
			endings.set(blocks.length, `\n${margin}${fence}`);
			add('code', from, last, place);
			return end;
		},

		quote(own, from, place) {
			const inner: Line[] = [];
			for (let to = from; to < own.length; to += 1) {
				const { text, lazy } = own[to]!;
				const marked = lazy ? null : /^ {0,3}>[ \t]?(.*)$/.exec(text);
				if (marked) inner.push({ text: withSpaces(marked[1]!), lazy: false });
				else if (isLazy(own, to, inner)) inner.push({ text, lazy: true });
				else break;
			}
			return from + read(inner, { ...place, offset: place.offset + from, depth: place.depth + 1 });
		},

		item(own, from, place) {
			const { text } = own[from]!;
			const marker = indentOf(text) + ITEM.exec(text.trimStart())![0].length;
			const content = withSpaces(text.slice(marker), marker);
			const gap = indentOf(content);
			const column = marker + (gap > 4 || content.trim() === '' ? 1 : gap);
			const inner: Line[] = [{ text: content.slice(column - marker), lazy: false }];
			for (let to = from + 1; to < own.length; to += 1) {
				const { text, lazy } = own[to]!;
				if (text.trim() === '') inner.push({ text: '', lazy: false });
				else if (!lazy && indentOf(text) >= column) inner.push({ text: text.slice(column), lazy: false });
				else if (isLazy(own, to, inner)) inner.push({ text, lazy: true });
				else break;
			}
			const index = blocks.length;
			const end = from + read(inner, { offset: place.offset + from, depth: place.depth + 1, parent: index });
			const head = blocks[index];
			if (!head) return end;
			head.from = place.offset + from;
			head.parent = place.parent;
			if (head.kind === 'paragraph') head.kind = 'item';
			return end;
		},

		table(own, from, place) {
			const parent = blocks.length;
			let at = add('table', from, from + 2, place);
			while (at < own.length && own[at]!.text.trim() !== '' && !own[at]!.lazy) {
				if (startAt(own, at, place.depth)) break;
				at = add('row', at, at + 1, { ...place, parent });
			}
			return at;
		}
	};

	read(
		lines.map((line) => ({ text: withSpaces(line), lazy: false })),
		{ offset: 0, depth: 0, parent: null }
	);
	blocks.forEach((block, index) => {
		block.text = lines.slice(block.from, block.to).join('\n') + (endings.get(index) ?? '');
	});
	return { blocks, lines, definitions };
}

/** What begins at this line, if it is no text. */
function startAt(lines: readonly Line[], at: number, depth: number): Start | null {
	const { text } = lines[at]!;
	if (indentOf(text) >= 4) return 'indented';
	const rest = text.trimStart();
	if (FENCE.test(rest)) return 'fence';
	if (HEADING.test(rest)) return 'heading';
	if (RULE.test(rest)) return 'rule';
	if (depth < DEEPEST && rest.startsWith('>')) return 'quote';
	if (depth < DEEPEST && ITEM.test(rest)) return 'item';
	const next = lines[at + 1]?.text.trim() ?? '';
	const isTable = rest.includes('|') && DELIMITERS.test(next) && cellsOf(rest) === cellsOf(next);
	return isTable ? 'table' : null;
}

/** Whether the line goes on with the paragraph above it. */
function continues(lines: readonly Line[], at: number): boolean {
	const { text, lazy } = lines[at]!;
	const start = startAt(lines, at, 0);
	if (start === null || start === 'indented') return true;
	const rest = text.trimStart();
	if (start === 'rule') return UNDERLINE.test(rest) && !lazy;
	return start === 'item' && !INTERRUPTING_ITEM.test(rest);
}

/** Whether a line without the marks of its container may still continue a paragraph at the end of it. */
function isLazy(lines: readonly Line[], at: number, inner: readonly Line[]): boolean {
	const start = startAt(lines, at, 0);
	return (start === null || start === 'indented') && inner.length > 0 && inner.at(-1)!.text.trim() !== '';
}

function fenceOf(rest: string): string {
	const [, ticks, tildes] = FENCE.exec(rest)!;
	return (ticks ?? tildes)!;
}

function closes(line: string, fence: string): boolean {
	const rest = line.trim();
	return indentOf(line) < 4 && rest.length >= fence.length && rest === fence[0]!.repeat(rest.length);
}

function cellsOf(row: string): number {
	const inner = row.trim().replace(/^\|/, '').replace(/\|$/, '');
	return inner.split(/(?<!\\)\|/).length;
}

function indentOf(line: string): number {
	return /^ */.exec(line)![0].length;
}

/** The same with blanks in place of the tabs at its beginning. */
function withSpaces(line: string, column = 0): string {
	const [margin] = /^\s*/.exec(line)!;
	if (!margin.includes('\t')) return line;
	let end = column;
	for (const character of margin) end += character === '\t' ? 4 - (end % 4) : 1;
	return ' '.repeat(end - column) + line.slice(margin.length);
}
