import type { Element, ElementContent, Root } from 'hast';
import type { Options as SanitizeSchema } from 'rehype-sanitize';
import { SKIP, visit } from 'unist-util-visit';
import { languageOf } from './highlight-code.ts';

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

/** Characters that are not seen but change what is: control characters, and those that turn the direction of writing. */
const HIDDEN =
	// eslint-disable-next-line no-control-regex
	/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** Before the sanitiser: headings below the page's own, hidden characters made visible. */
export function rehypeFit() {
	return (tree: Root): void => {
		visit(tree, (node) => {
			if (node.type === 'text') node.value = node.value.replace(HIDDEN, '\ufffd');
			const level = node.type === 'element' ? /^h([1-6])$/.exec(node.tagName)?.[1] : undefined;
			if (level) (node as Element).tagName = `h${Math.min(6, Number(level) + 2)}`;
		});
	};
}

/** After the sanitiser: links that lead out say so and tell nobody where they come from; the others become text. */
export function rehypeLinks() {
	return (tree: Root): void => {
		visit(tree, 'element', (node, index, parent) => {
			if (node.tagName !== 'a' || !parent || index === undefined) return undefined;
			const address = webAddress(node.properties.href);
			if (!address) {
				parent.children.splice(index, 1, ...node.children);
				return [SKIP, index];
			}
			node.properties = {
				href: address,
				title: address,
				target: '_blank',
				rel: ['noopener', 'noreferrer', 'nofollow']
			};
			return undefined;
		});
	};
}

/** An absolute address of the web, in its normal form; null for anything else. */
export function webAddress(href: unknown): string | null {
	if (typeof href !== 'string' || !/^https?:\/\//i.test(href) || !URL.canParse(href)) return null;
	const url = new URL(href);
	return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : null;
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
