import rehypeParse from 'rehype-parse';
import { unified } from 'unified';
import { visit } from 'unist-util-visit';
import { ALLOWED_HTML } from './allowed-html.ts';

const html = unified().use(rehypeParse, { fragment: true });

/** How the parser calls attributes whose names have a hyphen or a meaning in JavaScript. */
const NAMES: Record<string, string> = {
	className: 'class',
	tabIndex: 'tabindex',
	ariaLabel: 'aria-label',
	ariaHidden: 'aria-hidden',
	ariaHasPopup: 'aria-haspopup',
	dataCitation: 'data-citation',
	dataAt: 'data-at'
};

/** What a browser would find in the HTML that rendered Markdown must never hold. */
export function forbiddenIn(markup: string): string[] {
	const found: string[] = [];
	visit(html.parse(markup), (node) => {
		if (node.type === 'comment' || node.type === 'doctype') found.push(node.type);
		if (node.type !== 'element') return;
		const allowed = Object.hasOwn(ALLOWED_HTML, node.tagName) ? ALLOWED_HTML[node.tagName] : undefined;
		if (!allowed) found.push(`<${node.tagName}>`);
		for (const [name, value] of Object.entries(node.properties)) {
			const written = Array.isArray(value) ? value.join(' ') : String(value);
			const pattern = allowed?.[NAMES[name] ?? name];
			if (pattern === undefined || !new RegExp(pattern).test(written))
				found.push(`<${node.tagName} ${name}="${written}">`);
		}
	});
	return found;
}

/** The text that a reader sees. */
export function textOf(markup: string): string {
	let text = '';
	visit(html.parse(markup), 'text', (node) => {
		text += node.value;
	});
	return text;
}
