import type { Element, ElementContent, Root } from 'hast';
import type { VFile } from 'vfile';

const HOLDERS = new Set([
	...['p', 'h3', 'h4', 'h5', 'h6', 'ul', 'ol', 'li', 'blockquote', 'pre', 'code'],
	...['div', 'table', 'thead', 'tbody', 'tr', 'td', 'th']
]);

/** While the text grows, puts a caret behind its last character, wherever that is: in a list, a cell, a block of code. */
export function rehypeCaret() {
	return (tree: Root, file: VFile): void => {
		if (!file.data.growing) return;
		let place: Root | Element = tree;
		for (;;) {
			const last: ElementContent | undefined = place.children
				.filter((child) => child.type === 'element' || (child.type === 'text' && child.value.trim() !== ''))
				.at(-1) as ElementContent | undefined;
			if (last?.type !== 'element' || !HOLDERS.has(last.tagName)) break;
			place = last;
		}
		// The line break at the end of a block of code would put it on a line of its own.
		const end = place.children.at(-1);
		if (end?.type === 'text') end.value = end.value.replace(/\n$/, '');
		place.children.push({
			type: 'element',
			tagName: 'span',
			properties: { className: ['caret'], ariaHidden: 'true' },
			children: []
		});
	};
}
