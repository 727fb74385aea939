import type { Element, ElementContent, Root, Text } from 'hast';
import { SKIP, visit } from 'unist-util-visit';
import type { VFile } from 'vfile';

/** `[1]`, `[1, 3]` or `[1][3]`, but not `rows[1]`: as the server reads citations. */
const CITATION = /(?<!\w)((?:\[\d{1,3}(?:\s*,\s*\d{1,3})*\])+)/g;

/**
 * Turns the citations of sources that exist into buttons with `data-citation`; other numbers stay text. Runs after the
 * sanitiser, so that no text can make such a button itself. The titles of the sources come with the file.
 */
export function rehypeCitations() {
	return (tree: Root, file: VFile): void => {
		const titles = file.data.titles ?? [];
		if (titles.length === 0) return;
		visit(tree, (node, index, parent) => {
			if (node.type === 'element' && ['code', 'pre', 'a'].includes(node.tagName)) return SKIP;
			if (node.type !== 'text' || !parent || index === undefined) return undefined;
			const parts = [...split(node.value, titles)];
			if (parts.length === 1 && parts[0]?.type === 'text') return undefined;
			parent.children.splice(index, 1, ...parts);
			return [SKIP, index + parts.length];
		});
	};
}

function* split(value: string, titles: readonly string[]): Generator<ElementContent> {
	let from = 0;
	for (const match of value.matchAll(CITATION)) {
		const numbers = [...match[0].matchAll(/\d+/g)].map(([digits]) => Number(digits));
		if (!numbers.some((n) => titles[n - 1] !== undefined)) continue;
		// The mark belongs to the word before it: no line may begin with it.
		const before = value.slice(from, match.index).replace(/ $/, '\u202f');
		if (before) yield text(before);
		for (const n of numbers) {
			const title = titles[n - 1];
			yield title === undefined ? text(`[${n}]`) : mark(n, title);
		}
		from = match.index + match[0].length;
	}
	if (from < value.length) yield text(value.slice(from));
}

const text = (value: string): Text => ({ type: 'text', value });

const mark = (n: number, title: string): Element => ({
	type: 'element',
	tagName: 'button',
	properties: {
		type: 'button',
		className: ['citation'],
		dataCitation: String(n),
		ariaLabel: `Source ${n}: ${title}`,
		ariaHasPopup: 'dialog'
	},
	children: [text(String(n))]
});
