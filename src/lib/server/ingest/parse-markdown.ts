import remarkFrontmatter from 'remark-frontmatter';
import remarkGfm from 'remark-gfm';
import remarkMdx from 'remark-mdx';
import remarkParse from 'remark-parse';
import { unified, type Processor } from 'unified';
import type { Root } from 'mdast';
import { githubAnchors } from './anchor.ts';
import { cleanMarkdown } from './clean-markdown.ts';
import { outlineMarkdown } from './outline-markdown.ts';
import type { ParsedDocument } from './parsed-document.ts';
import { tidyTree } from './tidy-tree.ts';

const commonMark = unified()
	.use(remarkParse)
	.use(remarkGfm)
	.use(remarkFrontmatter, ['yaml', 'toml'])
	.freeze();
const mdx = unified()
	.use(remarkParse)
	.use(remarkGfm)
	.use(remarkFrontmatter, ['yaml', 'toml'])
	.use(remarkMdx)
	.freeze();
/** For components that MDX refuses: indented text below them is text, not code. */
const withoutIndentedCode = unified()
	.use(remarkParse)
	.use(remarkGfm)
	.use(remarkFrontmatter, ['yaml', 'toml'])
	.use(function disableIndentedCode(this: Processor) {
		const data = this.data() as { micromarkExtensions?: object[] };
		(data.micromarkExtensions ??= []).push({ disable: { null: ['codeIndented'] } });
	})
	.freeze();

/** Parses Markdown (CommonMark with GitHub's extensions and front matter) and MDX. Never throws on odd input. */
export function parseMarkdown(markdown: string): ParsedDocument {
	const source = cleanMarkdown(liftFrontMatter(markdown));
	const tree = parseTree(source);
	return outlineMarkdown(tidyTree(tree), githubAnchors(), frontMatterTitle(tree));
}

/** Front matter below a first line or two, such as a badge, goes to the top, where it is recognised. */
function liftFrontMatter(markdown: string): string {
	const match = /^((?:(?!---)[^\n]*\n){1,10}?)(---[ \t]*\n(?:[\w-]+:[^\n]*\n)+---[ \t]*\n)/.exec(markdown);
	if (!match?.[2] || match[1]?.includes('```')) return markdown;
	return `${match[2]}${match[1]}${markdown.slice(match[0].length)}`;
}

/** MDX is recognised by what it holds, because components also live in files that are called `.md`. */
function parseTree(source: string): Root {
	if (!/<\/?[A-Z]\w*[\s/>]|^(?:import|export)\s/m.test(source)) return commonMark.parse(source);
	try {
		return mdx.parse(source);
	} catch {
		const unwrapped = unwrapComponents(source);
		return unwrapped === source ? commonMark.parse(source) : withoutIndentedCode.parse(unwrapped);
	}
}

/** Takes component tags out of text that is not valid MDX; what has no closing tag is a placeholder and stays. */
function unwrapComponents(source: string): string {
	const parts = source.split(
		/(^[ \t>]*(?:`{3,}|~{3,})[^\n]*\n[^]*?^[ \t>]*(?:`{3,}|~{3,})[ \t]*$|`[^`\n]+`)/m
	);
	const prose = parts.filter((_part, index) => index % 2 === 0).join('\n');
	const closed = new Set(Array.from(prose.matchAll(/<\/([A-Z][\w.]*)\s*>/g), (match) => match[1]));
	return parts.map((part, index) => (index % 2 === 0 ? unwrapProse(part, closed) : part)).join('');
}

function unwrapProse(prose: string, closed: ReadonlySet<string | undefined>): string {
	return prose
		.replace(/<([A-Z][\w.]*)((?:\s[^<>]{0,2000})?)>/g, (tag, name: string, attributes: string) => {
			if (!closed.has(name) && !attributes.trimEnd().endsWith('/')) return tag;
			const title = /\b(?:title|label|header)="([^"]*)"/.exec(attributes)?.[1];
			return title ? `\n\n**${title}**\n\n` : '\n\n';
		})
		.replace(/<\/[A-Z][\w.]*\s*>/g, '\n\n')
		.replace(/^(?:import\s.+?\sfrom\s+['"][^'"]+['"];?|export\s+(?:default|const|function)\s.*)$/gm, '');
}

/** The `title` of YAML or TOML front matter; null when there is none. */
function frontMatterTitle(tree: Root): string | null {
	const matter = tree.children[0] as { type?: string; value?: string } | undefined;
	if (matter?.type !== 'yaml' && matter?.type !== 'toml') return null;
	const raw = /^title\s*[:=]\s*(.+)$/m.exec(matter.value ?? '')?.[1]?.trim() ?? '';
	const title = raw.replace(/^(["'])(.*)\1$/, '$2').trim();
	return title || null;
}
