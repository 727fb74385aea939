/** A part of a passage that is quoted as one: a paragraph, a list item, a code block with its fences, or a table. */
export interface Block {
	kind: 'paragraph' | 'item' | 'code' | 'table';
	/** Markdown without line breaks for paragraphs and items, as it stands for the others. */
	text: string;
	/** For items: how deep in the list, from 0, and the bullet or number. */
	depth?: number;
	marker?: string;
}

const QUOTED = /^\s{0,3}>\s?/;
const FENCE = /^\s*(`{3,}(?!.*`)|~{3,})/;
const HEADING = /^\s{0,3}#{1,6}\s/;
const ITEM = /^(\s*)([-*+]|\d{1,3}[.)])\s+/;
const TABLE = /^\s*\|/;
const RULE = /^\s*(?:-{3,}|\*{3,}|_{3,}|={3,}|:::.*|\/\/\/.*)\s*$/;

/**
 * The blocks of a passage, in order; headings and rules are left out. Reads what passages are made of and takes
 * everything else for a paragraph; a code block that was cut off at the end of the passage is closed.
 */
export function splitBlocks(markdown: string): Block[] {
	const blocks: Block[] = [];
	let open: { kind: Block['kind']; lines: string[]; depth?: number; marker?: string } | null = null;
	/** Indentations of the lists that we are in. */
	let indents: number[] = [];
	const close = () => {
		if (open) {
			const { lines, ...rest } = open;
			const text = lines.join(rest.kind === 'table' ? '\n' : ' ').trim();
			if (text) blocks.push({ ...rest, text });
		}
		open = null;
	};
	const add = (kind: Block['kind'], line: string) => {
		if (open?.kind !== kind) close();
		open ??= { kind, lines: [] };
		open.lines.push(line.trim());
	};
	const addItem = (line: string, [start, space, marker]: RegExpExecArray) => {
		close();
		const indent = space!.length;
		indents = indents.filter((each) => each < indent);
		open = {
			kind: 'item',
			lines: [line.slice(start.length).trim()],
			depth: indents.length,
			marker: /\d/.test(marker!) ? marker! : '-'
		};
		indents.push(indent);
	};

	const lines = markdown.split('\n');
	for (let at = 0; at < lines.length; at++) {
		const line = lines[at]!.replace(QUOTED, '');
		const fence = FENCE.exec(line)?.[1];
		const item = ITEM.exec(line);
		if (fence) {
			close();
			const end = closingLine(lines, at, fence);
			const code = lines.slice(at, end);
			const bare = QUOTED.test(lines[at]!) ? code.map((each) => each.replace(QUOTED, '')) : code;
			blocks.push({ kind: 'code', text: `${dedent(bare)}\n${fence}` });
			at = end;
		} else if (line.trim() === '' || HEADING.test(line) || RULE.test(line)) close();
		else if (TABLE.test(line)) add('table', line);
		else if (item) addItem(line, item);
		else if (currentKind(open) === 'item' && /^\s/.test(line)) add('item', line);
		else {
			indents = [];
			add('paragraph', line);
		}
	}
	close();
	return blocks.filter((block) => block.kind !== 'code' || isCode(block.text));
}

/** Neither empty nor the source of a drawing. */
function isCode(text: string): boolean {
	return /\n[^\n]*\w[^\n]*\n/.test(text) && !/^\W*mermaid\b/.test(text);
}

/** Line of the closing fence; the one after the last when the passage ends inside the code. */
function closingLine(lines: readonly string[], start: number, fence: string): number {
	for (let at = start + 1; at < lines.length; at++) {
		const closing = /^\s*(?:>\s?)?(`{3,}|~{3,})\s*$/.exec(lines[at]!)?.[1];
		if (closing && closing[0] === fence[0] && closing.length >= fence.length) return at;
	}
	return lines.length;
}

/** Code inside a list or a quotation stands to the right of where it must stand alone. */
function dedent(lines: readonly string[]): string {
	const indent = /^\s*/.exec(lines[0]!)![0].length;
	return lines.map((line) => line.slice(Math.min(indent, /^\s*/.exec(line)![0].length))).join('\n');
}

/** Keeps the compiler from narrowing a variable that a closure assigns. */
function currentKind(open: { kind: Block['kind'] } | null): Block['kind'] | null {
	return open?.kind ?? null;
}

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });

/** The sentences of a paragraph, trimmed. */
export function splitSentences(paragraph: string): string[] {
	return [...segmenter.segment(paragraph)].map(({ segment }) => segment.trim()).filter(Boolean);
}
