import type { Element, ElementContent, Root } from 'hast';
import type { Options as SanitizeSchema } from 'rehype-sanitize';
import { toString } from 'mdast-util-to-string';
import { SKIP, visit } from 'unist-util-visit';
import { languageOf } from './highlight-code.ts';
import { webAddress } from './links.ts';
import { showHidden } from './visible-text.ts';

/** All that Markdown of a model or a document may become: structure, no pictures, no forms, no styles, no names. */
export const SAFE_HTML: SanitizeSchema = {
	tagNames: [
		...['p', 'br', 'hr', 'h3', 'h4', 'h5', 'h6', 'strong', 'em', 'del', 'blockquote', 'ul', 'ol', 'li'],
		...['a', 'code', 'pre', 'table', 'thead', 'tbody', 'tr', 'th', 'td']
	],
	attributes: {
		a: ['href'],
		ol: ['start'],
		th: [['align', 'left', 'center', 'right']],
		td: [['align', 'left', 'center', 'right']],
		code: [['className', /^language-[\w+#.-]{1,30}$/]]
	},
	protocols: { href: ['http', 'https'] },
	strip: ['script', 'style'],
	ancestors: {},
	clobber: [],
	allowComments: false,
	allowDoctypes: false
};

/** Elements within one another; below are words only, which keeps pages and stacks from harm. */
export const DEEPEST_ELEMENT = 32;

/**
 * Before the sanitiser: headings below the page's own, addresses in their normal form, hidden characters written out,
 * nothing nested without end.
 */
export function rehypeFit() {
	return (tree: Root): void => fit(tree, 0);
}

function fit(node: Root | Element, depth: number): void {
	for (const child of node.children) {
		if (child.type === 'text') child.value = showHidden(child.value);
		if (child.type !== 'element') continue;
		const { href } = child.properties;
		if (href) child.properties.href = webAddress(href) ?? href;
		const level = /^h([1-6])$/.exec(child.tagName)?.[1];
		// Most answers begin with the second level: none may be left out for those who go from heading to heading.
		if (level) child.tagName = `h${Math.min(6, Math.max(3, Number(level) + 1))}`;
		if (depth < DEEPEST_ELEMENT) fit(child, depth + 1);
		else child.children = [{ type: 'text', value: showHidden(toString(child)) }];
	}
}

/** What is wider than the column scrolls by itself, with the keyboard too. */
export function rehypeScrollable() {
	return (tree: Root): void => {
		visit(tree, 'element', (node, index, parent) => {
			if (!parent || index === undefined) return undefined;
			if (node.tagName === 'pre') {
				const [code] = node.children;
				const language = code?.type === 'element' ? languageOf(code) : undefined;
				node.properties = scrollable(language ? `Code, ${language}` : 'Code');
				return SKIP;
			}
			if (node.tagName !== 'table') return undefined;
			const frame: Element = {
				type: 'element',
				tagName: 'div',
				properties: { className: ['table'], ...scrollable('Table') },
				children: [node]
			};
			parent.children[index] = frame as ElementContent;
			return SKIP;
		});
	};
}

/** A group, not a region: a landmark for every piece of code would hide the page's own. */
const scrollable = (label: string) => ({ role: 'group', ariaLabel: label, tabIndex: 0 });
