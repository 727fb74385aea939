import type { Element, ElementContent, Root, Text } from 'hast';
import { SKIP, visit } from 'unist-util-visit';
import type { VFile } from 'vfile';

/** What a stretch of a text is marked as: a sentence that its sources bear out weakly or not at all, or words that bear one out. */
export type MarkKind = 'weak' | 'none' | 'supporting';

/** A stretch of a Markdown text that is marked. */
export interface TextMark {
	/** Offsets into the Markdown, in UTF-16 code units. */
	start: number;
	end: number;
	kind: MarkKind;
	/** What a reader is told of it. */
	note?: string;
}

/**
 * Marks stretches of the text. Runs after the sanitiser, so that no text can mark itself, and before citations are made, which may stand within
 * a mark. Text that is written otherwise than it reads (escapes, entities) is marked whole or not at all.
 */
export function rehypeTextMarks() {
	return (tree: Root, file: VFile): void => {
		const marks = file.data.marks ?? [];
		if (marks.length === 0) return;
		const markdown = String(file.value);
		visit(tree, (node, index, parent) => {
			if (node.type === 'element' && node.tagName === 'mark') return SKIP;
			if (node.type !== 'text' || !parent || index === undefined) return undefined;
			const from = node.position?.start.offset;
			const to = node.position?.end.offset;
			if (from === undefined || to === undefined || node.value.trim() === '') return undefined;
			const touching = marks.filter(({ start, end }) => start < to && end > from);
			if (touching.length === 0) return undefined;
			const isAsWritten = markdown.slice(from, to) === node.value;
			const parts = isAsWritten ? split(node, from, touching) : whole(node, from, to, touching);
			if (!parts) return undefined;
			parent.children.splice(index, 1, ...parts);
			return [SKIP, index + parts.length];
		});
	};
}

function split(node: Text, from: number, marks: readonly TextMark[]): ElementContent[] {
	const parts: ElementContent[] = [];
	let at = 0;
	for (const mark of marks) {
		const start = Math.max(at, mark.start - from);
		const end = Math.min(node.value.length, mark.end - from);
		if (end <= start) continue;
		if (start > at) parts.push(piece(node.value.slice(at, start), from + at));
		parts.push(marked(piece(node.value.slice(start, end), from + start), mark));
		at = end;
	}
	if (at < node.value.length) parts.push(piece(node.value.slice(at), from + at));
	return parts;
}

/** The text as it is, where most of it is marked; null where it is not. */
function whole(node: Text, from: number, to: number, marks: readonly TextMark[]): ElementContent[] | null {
	const most = marks.find(({ start, end }) => Math.min(end, to) - Math.max(start, from) > (to - from) / 2);
	return most ? [marked(node, most)] : null;
}

/** A part of a text, which knows where it was written. */
function piece(value: string, offset: number): Text {
	const point = (at: number) => ({ line: 1, column: 1, offset: at });
	return { type: 'text', value, position: { start: point(offset), end: point(offset + value.length) } };
}

function marked(text: Text, { kind, note }: TextMark): Element {
	return {
		type: 'element',
		tagName: 'mark',
		properties: { className: [kind], ...(note !== undefined && { title: note }) },
		children: [text]
	};
}
