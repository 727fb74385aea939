import { toString } from 'mdast-util-to-string';
import { visit } from 'unist-util-visit';
import type { Definition, Link, List, Nodes, Paragraph, PhrasingContent, Root, RootContent } from 'mdast';
import { attribute, elementTable, expressionText, type JsxElement } from './jsx-element.ts';
import { tidyCode } from './tidy-code.ts';
import { htmlBlock, inlineHtml } from './tidy-html.ts';

/**
 * Turns a Markdown tree into one that holds only what a reader sees: front matter, imports, expressions, components,
 * raw HTML, pictures and link targets inside the site are gone, their words stay. Headings stay at the top level and
 * become bold text below it.
 */
export function tidyTree(root: Root): Root {
	const definitions = new Map<string, Definition>();
	for (const child of root.children) {
		if (child.type === 'definition') definitions.set(child.identifier, child);
	}
	return { type: 'root', children: new Tidier(definitions).flow(root.children, true) as RootContent[] };
}

class Tidier {
	readonly #definitions: ReadonlyMap<string, Definition>;

	constructor(definitions: ReadonlyMap<string, Definition>) {
		this.#definitions = definitions;
	}

	flow(children: readonly Nodes[], isTop = false): Nodes[] {
		const tidied: Nodes[] = [];
		let loose: PhrasingContent[] = [];
		const flush = () => {
			if (loose.some((node) => node.type !== 'text' || node.value.trim())) {
				tidied.push({ type: 'paragraph', children: loose });
			}
			loose = [];
		};
		for (const child of children) {
			for (const node of this.#node(child, isTop)) {
				// Words of a component that stood where a paragraph would.
				if (isPhrasing(node)) {
					loose.push(node);
				} else {
					flush();
					tidied.push(node);
				}
			}
		}
		flush();
		return tidied;
	}

	#phrasing(children: readonly Nodes[]): PhrasingContent[] {
		const tidied: PhrasingContent[] = [];
		/** Explanations of `<abbr title="…">` that are waiting for their closing tag. */
		const titles: string[] = [];
		for (const child of children) {
			if (child.type === 'html') tidied.push(...inlineHtml(child.value, titles));
			else for (const node of this.#node(child, false)) tidied.push(...asPhrasing(node));
		}
		return tidied;
	}

	#node(node: Nodes, isTop: boolean): Nodes[] {
		switch (node.type) {
			case 'yaml':
			case 'definition':
			case 'thematicBreak':
			case 'footnoteReference':
			case 'mdxjsEsm' as never:
			case 'mdxFlowExpression' as never:
			case 'toml' as never:
				return [];
			case 'mdxTextExpression' as never:
				return expressionText((node as { value?: string }).value ?? '');
			case 'mdxJsxFlowElement' as never:
			case 'mdxJsxTextElement' as never:
				return this.#element(node as unknown as JsxElement);
			case 'html':
				return this.flow(htmlBlock(node.value));
			case 'image':
			case 'imageReference':
				return node.alt?.trim() ? [{ type: 'text', value: node.alt }] : [];
			case 'link':
				return this.#link(node.url, node.children);
			case 'linkReference':
				return this.#link(this.#definitions.get(node.identifier)?.url ?? '', node.children);
			case 'code':
				return tidyCode(node);
			case 'heading': {
				const children = this.#phrasing(node.children);
				if (isTop) return [{ ...node, children }];
				return children.length > 0 ? [{ type: 'paragraph', children: [{ type: 'strong', children }] }] : [];
			}
			case 'paragraph':
			case 'emphasis':
			case 'strong':
			case 'delete': {
				const children = this.#phrasing(node.children);
				return children.some((child) => toString(child).trim() || child.type !== 'text')
					? [{ ...node, children }]
					: [];
			}
			case 'blockquote': {
				const children = this.flow(node.children).map(alertLabel);
				return children.length > 0 ? [{ ...node, children: children as RootContent[] as [] }] : [];
			}
			case 'footnoteDefinition':
				return this.flow(node.children);
			case 'list': {
				if (isTableOfContents(node)) return [];
				const items = node.children.flatMap((item) => {
					const children = this.flow(item.children);
					return children.length > 0 ? [{ ...item, children: children as [] }] : [];
				});
				return items.length > 0 ? [{ ...node, children: items }] : [];
			}
			case 'table':
				return [
					{
						...node,
						children: node.children.map((row) => ({
							...row,
							children: row.children.map((cell) => ({ ...cell, children: this.#phrasing(cell.children) }))
						}))
					}
				];
			default:
				return [node];
		}
	}

	/** Keeps the target of a link only when it leads somewhere by itself. */
	#link(url: string, children: readonly Nodes[]): Nodes[] {
		// A picture that is a link is a badge or a logo.
		if (children.length > 0 && children.every((child) => child.type === 'image')) return [];
		const text = this.#phrasing(children);
		return /^https?:/.test(url) && text.length > 0 ? [{ type: 'link', url, children: text }] : text;
	}

	/** Unwraps a component or an HTML element written as one; its title becomes a bold label. */
	#element(element: JsxElement): Nodes[] {
		const name = element.name ?? '';
		if (/^(?:script|style|iframe|svg|video|audio)$/.test(name)) return [];
		if (name === 'br') return [{ type: 'break' }];
		if (name === 'img') return textOf(attribute(element, 'alt'));
		if (name === 'a') return this.#link(attribute(element, 'href'), element.children);
		if (name === 'table') return elementTable(element);
		if (name === 'code') return [{ type: 'inlineCode', value: toString(element) }];
		if (name === 'li') {
			const children = this.flow(element.children) as [];
			return children.length > 0 ? [{ type: 'list', children: [{ type: 'listItem', children }] }] : [];
		}
		if (element.type === 'mdxJsxTextElement') return this.#phrasing(element.children);
		const title = ['title', 'label', 'header'].map((key) => attribute(element, key)).find(Boolean);
		const caption: Paragraph[] = title
			? [{ type: 'paragraph', children: [{ type: 'strong', children: [{ type: 'text', value: title }] }] }]
			: [];
		return [...caption, ...this.flow(element.children)];
	}
}

/** A list of nothing but links into its own page, on any depth. */
function isTableOfContents(list: List): boolean {
	const links: Link[] = [];
	visit(list, 'link', (link) => {
		links.push(link);
	});
	const linked = links.reduce((sum, link) => sum + toString(link).length, 0);
	return (
		links.length > 1 &&
		links.every((link) => link.url.startsWith('#')) &&
		linked === toString(list).trim().length
	);
}

const phrasingTypes = new Set(['text', 'emphasis', 'strong', 'delete', 'inlineCode', 'break', 'link']);

function isPhrasing(node: Nodes): node is PhrasingContent {
	return phrasingTypes.has(node.type);
}

function asPhrasing(node: Nodes): PhrasingContent[] {
	if (isPhrasing(node)) return [node];
	if (node.type === 'paragraph') return node.children;
	return textOf(toString(node));
}

function textOf(value: string): [] | [{ type: 'text'; value: string }] {
	return value.trim() ? [{ type: 'text', value }] : [];
}

/** `[!NOTE]` of GitHub's alerts as a bold label. */
function alertLabel(node: Nodes): Nodes {
	const first = node.type === 'paragraph' ? node.children[0] : undefined;
	const match = first?.type === 'text' ? /^\[!(\w+)\]\s*/.exec(first.value) : null;
	if (node.type !== 'paragraph' || first?.type !== 'text' || !match?.[1]) return node;
	const name = match[1].charAt(0) + match[1].slice(1).toLowerCase();
	const rest: PhrasingContent = { type: 'text', value: ` ${first.value.slice(match[0].length)}` };
	return {
		...node,
		children: [
			{ type: 'strong', children: [{ type: 'text', value: `${name}:` }] },
			rest,
			...node.children.slice(1)
		]
	};
}
