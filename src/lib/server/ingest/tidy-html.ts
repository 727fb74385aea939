import rehypeParse from 'rehype-parse';
import rehypeRemark from 'rehype-remark';
import { unified } from 'unified';
import type { Nodes, PhrasingContent, Root } from 'mdast';

const htmlToMarkdown = unified().use(rehypeParse, { fragment: true }).use(rehypeRemark);

/** The content of an HTML block as Markdown nodes; nothing when it is only tags or a comment. */
export function htmlBlock(html: string): Nodes[] {
	const withoutTags = html.replace(/<!--(?:(?!<!--)[^])*?-->/g, '').replace(/<\/?[a-zA-Z][^<>]*>/g, '');
	if (!withoutTags.trim()) {
		const description = /<img\b[^<>]*?\balt="([^"]+)"/.exec(html)?.[1];
		return description?.trim() ? [{ type: 'text', value: description }] : [];
	}
	const tree = htmlToMarkdown.runSync(htmlToMarkdown.parse(html)) as unknown as Root;
	return tree.children;
}

/** A tag inside a paragraph: gone, unless it is no tag at all but a placeholder such as `<YOUR-KEY>`. */
export function inlineHtml(html: string, titles: string[]): PhrasingContent[] {
	if (/^<br\b/i.test(html)) return [{ type: 'break' }];
	const explained = /^<(?:abbr|dfn)\b[^>]*\btitle="([^"]*)"/i.exec(html)?.[1];
	if (/^<(?:abbr|dfn)\b/i.test(html)) titles.push(explained ?? '');
	if (/^<\/(?:abbr|dfn)>/i.test(html)) {
		const title = titles.pop();
		return title ? [{ type: 'text', value: ` (${title})` }] : [];
	}
	const name = /^<\/?([a-zA-Z][\w-]*)/.exec(html)?.[1] ?? '';
	const isPlaceholder = name === name.toUpperCase() && name.length > 1 && /^<[A-Z][A-Z0-9-]*>$/.test(html);
	return isPlaceholder ? [{ type: 'text', value: html }] : [];
}
