import type { Element, Root, Text } from 'hast';
import { SKIP, visit } from 'unist-util-visit';
import type { VFile } from 'vfile';
import { highlightCode } from './code-languages.ts';

/** How much of a block of code is coloured, in characters: highlighting must not hold up the page. */
const COLOURED = { growing: 4_000, whole: 20_000 };

/** Colours the code of blocks whose language is named and loaded, through classes that begin with `hljs-`. */
export function rehypeHighlightCode() {
	return (tree: Root, file: VFile): void => {
		const limit = file.data.growing ? COLOURED.growing : COLOURED.whole;
		visit(tree, 'element', (node, _index, parent) => {
			if (node.tagName !== 'code' || parent?.type !== 'element' || parent.tagName !== 'pre') return undefined;
			const language = languageOf(node);
			const code = node.children.map((child) => (child as Text).value).join('');
			node.properties = language ? { className: [`language-${language}`] } : {};
			const end = code.length <= limit ? code.length : code.lastIndexOf('\n', limit) + 1;
			const coloured = language ? highlightCode(language, code.slice(0, end)) : null;
			if (!coloured) return SKIP;
			node.children = coloured;
			if (end < code.length) node.children.push({ type: 'text', value: code.slice(end) });
			return SKIP;
		});
	};
}

/** The language that a block of code names, in lower case. */
export function languageOf(code: Element): string | undefined {
	const names = Array.isArray(code.properties.className) ? code.properties.className.map(String) : [];
	const name = names.find((each) => each.startsWith('language-'));
	return name?.slice('language-'.length).toLowerCase();
}
