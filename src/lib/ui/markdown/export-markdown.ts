import type { Link, LinkReference, Parent, PhrasingContent, Root, RootContent, Text } from 'mdast';
import { toString } from 'mdast-util-to-string';
import remarkStringify from 'remark-stringify';
import { visit } from 'unist-util-visit';
import type { VFile } from 'vfile';
import { isCitation } from '#lib/contract/citation.ts';
import { GrowingMarkdown } from './growing-markdown.ts';
import { isWritten, leadsTo, webAddress } from './links.ts';
import { markdownParser, remarkPlain } from './plain-markdown.ts';
import type { RenderOptions } from './render.ts';
import { showHidden } from './visible-text.ts';

/** What may be a citation: no definition is left that could make links of one. */
const ESCAPED_BRACKETS = /\\(\[[^\][\\\n]{1,60}\])/g;

/** With a colon behind it, a citation at the beginning of a line would be read as a definition itself. */
const LIKE_A_DEFINITION = /^(\s*)(\[[^\]]*\]:)/gm;

const processor = markdownParser()
	.use(remarkPlain)
	.use(remarkHarmless)
	.use(remarkStringify, {
		bullet: '-',
		emphasis: '*',
		listItemIndent: 'one',
		rule: '-',
		handlers: {
			text: (node: Text, _parent, state, info) => withPlainCitations(state.safe(node.value, info), info.after)
		}
	})
	.freeze();

/**
 * Markdown that may be pasted anywhere: wherever it is shown, no picture is fetched, no HTML is read, links lead to the
 * given hosts only, and hidden characters are written out. Reads the same as the text on the page.
 */
export function exportMarkdown(markdown: string, hosts: readonly string[]): string {
	const pieces = new GrowingMarkdown({ hosts }, exportPiece).render(markdown, false);
	return pieces.map(({ html }) => html.trimEnd()).join('\n\n');
}

/** A line of plain text, such as a title, as Markdown that shows just that. */
export function exportLine(text: string): string {
	const value = showHidden(text).replaceAll(/\s+/g, ' ');
	const root: Root = { type: 'root', children: [{ type: 'paragraph', children: withoutAddresses(value) }] };
	return processor.stringify(root).trimEnd();
}

function exportPiece(markdown: string, { hosts = [] }: RenderOptions = {}): string {
	try {
		return String(processor.processSync({ value: markdown, data: { hosts } }));
	} catch (error) {
		if (error instanceof RangeError) return exportLine(markdown);
		throw error;
	}
}

function withPlainCitations(escaped: string, after: string): string {
	const plain = (escaped + after)
		.replaceAll(ESCAPED_BRACKETS, (escaped, text: string) => (isCitation(text) ? text : escaped))
		.replaceAll(LIKE_A_DEFINITION, '$1\\$2');
	return plain.slice(0, plain.length - after.length);
}

function remarkHarmless() {
	return (tree: Root, file: VFile): void => {
		const addresses = new Map<string, string>();
		visit(tree, 'definition', ({ identifier, url }) => {
			addresses.set(identifier, url);
		});
		visit(tree, (node) => {
			if (node.type === 'inlineCode' || node.type === 'code') node.value = showHidden(node.value);
			if (node.type === 'code') {
				node.lang &&= showHidden(node.lang);
				node.meta &&= showHidden(node.meta);
			}
			if ('children' in node) replaceIn(node as Parent, addresses, file.data.hosts ?? []);
		});
	};
}

function replaceIn(parent: Parent, addresses: Map<string, string>, hosts: readonly string[]): void {
	parent.children = parent.children.flatMap((child): RootContent[] => {
		// Within a link nothing else is made a link of.
		if (parent.type === 'link')
			return [child.type === 'text' ? { ...child, value: showHidden(child.value) } : child];
		if (child.type === 'definition') return [];
		if (child.type === 'text') return withoutAddresses(showHidden(child.value));
		if (child.type === 'link') return linkOrText(child, child.url, hosts);
		if (child.type === 'linkReference') return linkOrText(child, addresses.get(child.identifier), hosts);
		return [child];
	});
}

/** What is left of addresses in a text (in an attribute of HTML, say) would be made links of by some readers. */
const ADDRESS = /((?:https?:\/\/|www\.)[^\s<>]+)/i;

function withoutAddresses(value: string): PhrasingContent[] {
	return value
		.split(ADDRESS)
		.map((part, at): PhrasingContent => ({ type: at % 2 === 0 ? 'text' : 'inlineCode', value: part }))
		.filter((node) => 'value' in node && node.value !== '');
}

/** An address that must not be followed stands in code, where no reader of Markdown makes a link of it. */
function linkOrText(
	node: Link | LinkReference,
	url: string | undefined,
	hosts: readonly string[]
): PhrasingContent[] {
	const address = webAddress(url);
	const words = node.children.flatMap((child) =>
		child.type === 'text' ? withoutAddresses(showHidden(child.value)) : [child]
	);
	if (!address) return words;
	if (leadsTo(address, hosts)) return [{ type: 'link', url: address, children: node.children }];
	const code: PhrasingContent = { type: 'inlineCode', value: address };
	if (isWritten(address, toString(node))) return [code];
	return [...words, { type: 'text', value: ' (' }, code, { type: 'text', value: ')' }];
}
