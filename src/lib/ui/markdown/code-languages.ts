import type { LanguageFn } from 'highlight.js';
import type { ElementContent } from 'hast';
import { visit } from 'unist-util-visit';
import type * as Highlighter from './highlighter.ts';

type LoadGrammar = () => Promise<{ default: LanguageFn }>;

/** The languages of most documentation, each fetched when the first block of code names it. */
const GRAMMARS = {
	bash: () => import('highlight.js/lib/languages/bash'),
	c: () => import('highlight.js/lib/languages/c'),
	cpp: () => import('highlight.js/lib/languages/cpp'),
	css: () => import('highlight.js/lib/languages/css'),
	diff: () => import('highlight.js/lib/languages/diff'),
	go: () => import('highlight.js/lib/languages/go'),
	ini: () => import('highlight.js/lib/languages/ini'),
	java: () => import('highlight.js/lib/languages/java'),
	javascript: () => import('highlight.js/lib/languages/javascript'),
	json: () => import('highlight.js/lib/languages/json'),
	markdown: () => import('highlight.js/lib/languages/markdown'),
	python: () => import('highlight.js/lib/languages/python'),
	rust: () => import('highlight.js/lib/languages/rust'),
	sql: () => import('highlight.js/lib/languages/sql'),
	typescript: () => import('highlight.js/lib/languages/typescript'),
	xml: () => import('highlight.js/lib/languages/xml'),
	yaml: () => import('highlight.js/lib/languages/yaml')
} satisfies Record<string, LoadGrammar>;
type Grammar = keyof typeof GRAMMARS;

/** Other names of the languages: those that highlight.js itself would know only once it has the grammar. */
const ALIASES = new Map<string, Grammar>(
	(
		[
			['bash', 'sh zsh'],
			['c', 'h'],
			['cpp', 'cc c++ h++ hpp hh hxx cxx'],
			['diff', 'patch'],
			['go', 'golang'],
			['ini', 'toml'],
			['java', 'jsp'],
			['javascript', 'js jsx mjs cjs'],
			['json', 'jsonc json5'],
			['markdown', 'md mkdown mkd'],
			['python', 'py gyp ipython'],
			['rust', 'rs'],
			['typescript', 'ts tsx mts cts'],
			['xml', 'html xhtml rss atom xjb xsd xsl plist wsf svg'],
			['yaml', 'yml']
		] as const
	).flatMap(([grammar, names]) => names.split(' ').map((name): [string, Grammar] => [name, grammar]))
);

/** Languages within a language: pages hold styles and scripts. */
const WITHIN: Partial<Record<Grammar, readonly Grammar[]>> = {
	xml: ['css', 'javascript'],
	markdown: ['xml']
};

let highlighter: typeof Highlighter | undefined;

function grammarOf(language: string): Grammar | undefined {
	return Object.hasOwn(GRAMMARS, language) ? (language as Grammar) : ALIASES.get(language);
}

/**
 * Fetches what colours a language, in lower case or by another name of it.
 * @returns whether the language is known. Rejects when it cannot be fetched; the next call tries again.
 */
export async function loadLanguage(language: string): Promise<boolean> {
	const grammar = grammarOf(language);
	if (!grammar) return false;
	const grammars = [grammar, ...(WITHIN[grammar] ?? [])];
	const [loaded, ...definitions] = await Promise.all([
		import('./highlighter.ts'),
		...grammars.map(async (each) => (await GRAMMARS[each]()).default)
	]);
	grammars.forEach((each, index) => loaded.lowlight.register(each, definitions[index]!));
	highlighter = loaded;
	return true;
}

const CODE = /<code class="language-([^"]+)">/g;

/** The languages of rendered code that would be coloured if they were loaded. */
export function languagesToLoad(html: string): string[] {
	const named = [...html.matchAll(CODE)].map(([, language]) => language!);
	return named.filter((language) => {
		const grammar = grammarOf(language);
		return grammar !== undefined && !highlighter?.lowlight.registered(grammar);
	});
}

/** Code as coloured spans, whose classes begin with `hljs-`; null while its language is not loaded, or unknown. */
export function highlightCode(language: string, code: string): ElementContent[] | null {
	const grammar = grammarOf(language);
	if (!grammar || !highlighter?.lowlight.registered(grammar)) return null;
	const tree = highlighter.lowlight.highlight(grammar, code);
	// A language within another has its bare name for a class, which might mean something else to the page.
	visit(tree, 'element', (span) => {
		const [name] = span.properties.className as string[];
		if (!name?.startsWith('hljs-')) span.properties = {};
	});
	return tree.children as ElementContent[];
}
