import rehypeParse from 'rehype-parse';
import { unified } from 'unified';
import { visit } from 'unist-util-visit';

const html = unified().use(rehypeParse, { fragment: true });

/** For each element that rendered Markdown may hold: its attributes, and the values that they may have. */
const ALLOWED: Record<string, Record<string, RegExp>> = {
	...Object.fromEntries(
		['p', 'br', 'hr', 'h3', 'h4', 'h5', 'h6', 'strong', 'em', 'del', 'blockquote', 'ul', 'li']
			.concat('table', 'thead', 'tbody', 'tr')
			.map((name) => [name, {}])
	),
	ol: { start: /^\d+$/ },
	th: { align: /^(?:left|center|right)$/ },
	td: { align: /^(?:left|center|right)$/ },
	a: {
		href: /^https?:\/\/[^\s<>]+$/,
		title: /^https?:\/\//,
		target: /^_blank$/,
		rel: /^noopener noreferrer nofollow$/
	},
	pre: { role: /^group$/, ariaLabel: /^Code/, tabIndex: /^0$/ },
	code: { className: /^language-[\w+#.-]{1,30}$/ },
	span: { className: /^(?:caret|cited-words|hljs-[\w-]+(?: \w+_)*)$/, ariaHidden: /^true$/ },
	div: { className: /^table$/, role: /^group$/, ariaLabel: /^Table$/, tabIndex: /^0$/ },
	button: {
		type: /^button$/,
		className: /^citation$/,
		dataCitation: /^\d{1,3}$/,
		ariaLabel: /^Source \d{1,3}: /,
		ariaHasPopup: /^dialog$/
	}
};

/** What a browser would find in the HTML that rendered Markdown must never hold. */
export function forbiddenIn(markup: string): string[] {
	const found: string[] = [];
	visit(html.parse(markup), (node) => {
		if (node.type === 'comment' || node.type === 'doctype') found.push(node.type);
		if (node.type !== 'element') return;
		const allowed = Object.hasOwn(ALLOWED, node.tagName) ? ALLOWED[node.tagName] : undefined;
		if (!allowed) found.push(`<${node.tagName}>`);
		for (const [name, value] of Object.entries(node.properties)) {
			const written = Array.isArray(value) ? value.join(' ') : String(value);
			if (!allowed?.[name]?.test(written)) found.push(`<${node.tagName} ${name}="${written}">`);
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
