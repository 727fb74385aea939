import rehypeParse from 'rehype-parse';
import rehypeRemark from 'rehype-remark';
import remarkGfm from 'remark-gfm';
import { toString } from 'mdast-util-to-string';
import { unified } from 'unified';
import { SKIP, visit } from 'unist-util-visit';
import type { Root as MarkdownRoot } from 'mdast';
import { githubAnchors } from './anchor.ts';
import { outlineMarkdown } from './outline-markdown.ts';
import type { ParsedDocument } from './parsed-document.ts';
import { tidyTree } from './tidy-tree.ts';

type Tree = ReturnType<typeof parser.parse>;
type Element = Extract<Tree['children'][number], { type: 'element' }>;
type ElementContent = Element['children'][number];

const parser = unified().use(rehypeParse).freeze();
const converter = unified().use(rehypeRemark).use(remarkGfm).freeze();

/** Parts of a page that are not its content. */
const boilerplate = new Set(
	'head nav header footer aside script style noscript template iframe svg form button dialog select input'.split(
		' '
	)
);
const boilerplateClasses =
	/^(?:headerlink|anchor|anchorjs-link|sidebar|toc|table-of-contents|breadcrumbs?|skip-link|sr-only|related|sphinxsidebar)$/i;

/** Parses an HTML page: the content of `main`, an element with that role, or the only `article`; else the body. */
export function parseHtml(html: string): ParsedDocument {
	const tree = parser.parse(html);
	const title = pageTitle(tree);
	const content = mainContent(tree);
	removeBoilerplate(content);
	keepAnchors(content);
	const markdown = converter.runSync(content as Tree) as unknown as MarkdownRoot;
	return outlineMarkdown(tidyTree(markdown), githubAnchors(), hasMainHeading(markdown) ? null : title);
}

function hasMainHeading(root: MarkdownRoot): boolean {
	return root.children.some((node) => node.type === 'heading' && node.depth === 1 && toString(node).trim());
}

function pageTitle(tree: Tree): string | null {
	let title: string | null = null;
	visit(tree, 'element', (element) => {
		if (element.tagName !== 'title') return;
		title ??= textOf(element).replace(/\s+/g, ' ').trim() || null;
	});
	return title;
}

function mainContent(tree: Tree): Tree | Element {
	const found: Record<'main' | 'article' | 'body', Element[]> = { main: [], article: [], body: [] };
	visit(tree, 'element', (element) => {
		if (element.tagName === 'main' || element.properties.role === 'main') found.main.push(element);
		else if (element.tagName === 'article') found.article.push(element);
		else if (element.tagName === 'body') found.body.push(element);
	});
	const article = found.article.length === 1 ? found.article[0] : undefined;
	return found.main[0] ?? article ?? found.body[0] ?? tree;
}

function removeBoilerplate(root: Tree | Element): void {
	visit(root, 'element', (element, index, parent) => {
		if (!parent || index === undefined || element === root) return;
		const classes = Array.isArray(element.properties.className)
			? element.properties.className.map(String)
			: [];
		const isHidden = element.properties.hidden === true || element.properties.ariaHidden === 'true';
		const isHeader = element.tagName === 'header' && containsHeading(element);
		if (
			(!boilerplate.has(element.tagName) || isHeader) &&
			!isHidden &&
			!classes.some((name) => boilerplateClasses.test(name))
		)
			return;
		parent.children.splice(index, 1);
		return [SKIP, index];
	});
}

function containsHeading(element: Element): boolean {
	let found = false;
	visit(element, 'element', (child) => {
		found ||= /^h[1-6]$/.test(child.tagName);
	});
	return found;
}

/**
 * Writes the id of a heading, of the section it opens, or of an anchor inside it, into its text as `{#id}`, where the
 * outline finds it. Described objects of Sphinx (`dt` with an id and a signature) become headings of the last depth.
 */
function keepAnchors(root: Tree | Element): void {
	visit(root, 'element', (element, _index, parent) => {
		if (element.tagName === 'dl') liftObjects(element);
		if (!/^h[1-6]$/.test(element.tagName)) return;
		const section = parent?.type === 'element' && /^(?:section|div)$/.test(parent.tagName) ? parent : null;
		const opensSection = section?.children.find((child) => child.type === 'element') === element;
		const id = idOf(element) ?? innerId(element) ?? (opensSection && section ? idOf(section) : null);
		if (id && !/[\s{}]/.test(id)) element.children.push({ type: 'text', value: ` {#${id}}` });
	});
}

/** Takes a list of described objects apart, so that its terms can be headings of the page. */
function liftObjects(list: Element): void {
	const elements = list.children.filter((child) => child.type === 'element');
	const isSignature = ({ tagName, properties }: Element) =>
		tagName === 'dt' && properties.id && [properties.className].flat().includes('sig');
	if (!elements.some(isSignature)) return;
	list.tagName = 'div';
	for (const element of elements) element.tagName = isSignature(element) ? 'h6' : 'div';
}

function idOf(element: Element): string | null {
	const id = element.properties.id ?? element.properties.name;
	return typeof id === 'string' && id ? id : null;
}

function innerId(element: Element): string | null {
	for (const child of element.children) {
		const id = child.type === 'element' ? (idOf(child) ?? innerId(child)) : null;
		if (id) return id;
	}
	return null;
}

function textOf(node: Element | ElementContent): string {
	if (node.type === 'text') return node.value;
	return 'children' in node ? node.children.map(textOf).join('') : '';
}
