import type { Parent, PhrasingContent, Root, RootContent } from 'mdast';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified, type Processor } from 'unified';

type Child = RootContent;

/** Markdown as it is read here: GitHub's, without raw HTML, whose tags are nothing but text. */
export const markdownParser = unified().use(remarkParse).use(remarkGfm).use(withoutHtml).freeze();

function withoutHtml(this: Processor): void {
	const data = this.data() as { micromarkExtensions?: object[] };
	(data.micromarkExtensions ??= []).push({ disable: { null: ['htmlFlow', 'htmlText'] } });
}

/**
 * Replaces what would load something or stand elsewhere by what a reader can see: a picture becomes its description, a
 * footnote plain content. A numeric reference, `[1]` with a definition further down, is a citation.
 */
export function remarkPlain() {
	return (tree: Root): void => replaceIn(tree);
}

function replaceIn(parent: Parent): void {
	parent.children = parent.children.flatMap((child): Child[] => {
		const replaced = plain(child);
		for (const node of replaced) if ('children' in node) replaceIn(node as Parent);
		return replaced;
	});
}

function plain(node: Child): Child[] {
	switch (node.type) {
		case 'text':
			// One without breaks keeps its place in the text.
			return BREAK.test(node.value) ? withBreaks(node.value) : [node];
		case 'image':
		case 'imageReference':
			// Without brackets: a number in a description cites nothing.
			return [text(node.alt?.replace(/[[\]]/g, '') || 'image')];
		case 'footnoteReference':
			return [text(`[^${node.label ?? node.identifier}]`)];
		case 'footnoteDefinition':
			return node.children;
		case 'linkReference':
			return isNumber(node.label) ? [text(`[${node.label}]`)] : [node];
		case 'definition':
			return isNumber(node.label) ? [] : [node];
		case 'listItem':
			if (typeof node.checked === 'boolean') mark(node, node.checked ? '☑ ' : '☐ ');
			return [node];
		default:
			return [node];
	}
}

const BREAK = /<br\s*\/?>/i;

/** `<br>` is how Markdown breaks a line in the cell of a table. */
function withBreaks(value: string): PhrasingContent[] {
	return value
		.split(BREAK)
		.flatMap((part, at) => [
			...(at > 0 ? [{ type: 'break' } as const] : []),
			...(part === '' ? [] : [text(part)])
		]);
}

const isNumber = (label: string | null | undefined) => /^\d{1,3}$/.test(label ?? '');
const text = (value: string): PhrasingContent => ({ type: 'text', value });

/** Says whether a task is done in text: a form field would be one more thing to stop at. */
function mark(item: Extract<Child, { type: 'listItem' }>, sign: string): void {
	item.checked = null;
	const [first] = item.children;
	if (first?.type === 'paragraph') first.children.unshift(text(sign));
	else item.children.unshift({ type: 'paragraph', children: [text(sign)] });
}
