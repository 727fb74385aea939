import { toString } from 'mdast-util-to-string';
import remarkGfm from 'remark-gfm';
import remarkStringify from 'remark-stringify';
import { unified } from 'unified';
import type { Root, RootContent } from 'mdast';
import { splitExplicitAnchor, type Anchors } from './anchor.ts';
import { Outline, type Heading, type ParsedDocument } from './parsed-document.ts';
import { normalizeLine } from './sanitize-text.ts';

/** Writes Markdown without escapes: passages are read and searched, not parsed for their structure again. */
const writer = unified()
	.use(remarkGfm, { tablePipeAlign: false })
	.use(remarkStringify, {
		bullet: '-',
		listItemIndent: 'one',
		handlers: {
			text: (node: { value: string }, _parent: unknown, state: { stack: string[] }) =>
				state.stack.includes('tableCell')
					? node.value.replace(/\s*\n\s*/g, ' ').replaceAll('|', '\\|')
					: node.value,
			break: (_node: unknown, _parent: unknown, state: { stack: string[] }) =>
				state.stack.includes('tableCell') ? ' ' : '\n',
			link: (node: { url: string }) => {
				const text = toString(node).trim();
				return text === node.url ? node.url : `[${text}](${node.url})`;
			}
		}
	});

/**
 * Cuts a tidied Markdown tree at its headings.
 * @param title title from the front matter, if any; else the first heading of depth 1, else the first heading.
 */
export function outlineMarkdown(root: Root, anchors: Anchors, title: string | null): ParsedDocument {
	const outline = new Outline();
	const open: { depth: number; heading: Heading }[] = [];
	let content: RootContent[] = [];
	let firstHeading: string | null = null;
	let mainHeading: string | null = null;
	const flush = () => {
		const text = content.length > 0 ? writer.stringify({ type: 'root', children: content }) : '';
		if (text.trim() || open.length > 0) {
			outline.add(
				open.map(({ heading }) => heading),
				text
			);
		}
		content = [];
	};
	for (const node of root.children) {
		if (node.type !== 'heading') {
			content.push(node);
			continue;
		}
		const { text, anchor } = splitExplicitAnchor(toString(node).replace(/\s+/g, ' ').trim());
		if (!normalizeLine(text)) continue;
		flush();
		firstHeading ??= text;
		if (node.depth === 1) mainHeading ??= text;
		while ((open.at(-1)?.depth ?? 0) >= node.depth) open.pop();
		open.push({ depth: node.depth, heading: { text, anchor: anchors.of(text, anchor) } });
	}
	flush();
	return { title: title ?? mainHeading ?? firstHeading, sections: outline.sections };
}
