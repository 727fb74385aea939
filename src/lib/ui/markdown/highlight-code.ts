import type { Element, ElementContent, Root, Text } from 'hast';
import bash from 'highlight.js/lib/languages/bash';
import c from 'highlight.js/lib/languages/c';
import cpp from 'highlight.js/lib/languages/cpp';
import css from 'highlight.js/lib/languages/css';
import diff from 'highlight.js/lib/languages/diff';
import go from 'highlight.js/lib/languages/go';
import ini from 'highlight.js/lib/languages/ini';
import java from 'highlight.js/lib/languages/java';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import markdown from 'highlight.js/lib/languages/markdown';
import plaintext from 'highlight.js/lib/languages/plaintext';
import python from 'highlight.js/lib/languages/python';
import rust from 'highlight.js/lib/languages/rust';
import sql from 'highlight.js/lib/languages/sql';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';
import { createLowlight } from 'lowlight';
import { SKIP, visit } from 'unist-util-visit';
import type { VFile } from 'vfile';

/** The languages of most documentation, with their aliases; all that highlight.js knows would double the page. */
const lowlight = createLowlight({
	...{ bash, c, cpp, css, diff, go, ini, java, javascript, json, markdown, plaintext, python, rust, sql },
	...{ typescript, xml, yaml }
});

/** How much of a block of code is coloured, in characters: highlighting must not hold up the page. */
const COLOURED = { growing: 4_000, whole: 20_000 };

/** Colours the code of blocks whose language is named and known, through classes that begin with `hljs-`. */
export function rehypeHighlightCode() {
	return (tree: Root, file: VFile): void => {
		const limit = file.data.growing ? COLOURED.growing : COLOURED.whole;
		visit(tree, 'element', (node, _index, parent) => {
			if (node.tagName !== 'code' || parent?.type !== 'element' || parent.tagName !== 'pre') return undefined;
			const language = languageOf(node);
			const code = node.children.map((child) => (child as Text).value).join('');
			node.properties = language ? { className: [`language-${language}`] } : {};
			if (!language || !lowlight.registered(language)) return SKIP;
			const end = code.length <= limit ? code.length : code.lastIndexOf('\n', limit) + 1;
			node.children = coloured(language, code.slice(0, end));
			if (end < code.length) node.children.push({ type: 'text', value: code.slice(end) });
			return SKIP;
		});
	};
}

function coloured(language: string, code: string): ElementContent[] {
	const tree = lowlight.highlight(language, code);
	// A language within another has its bare name for a class, which might mean something else to the page.
	visit(tree, 'element', (span) => {
		const [name] = span.properties.className as string[];
		if (!name?.startsWith('hljs-')) span.properties = {};
	});
	return tree.children as ElementContent[];
}

/** The language that a block of code names, in lower case. */
export function languageOf(code: Element): string | undefined {
	const names = Array.isArray(code.properties.className) ? code.properties.className.map(String) : [];
	const name = names.find((each) => each.startsWith('language-'));
	return name?.slice('language-'.length).toLowerCase();
}
