import rehypeHighlight from 'rehype-highlight';
import rehypeSanitize from 'rehype-sanitize';
import rehypeStringify from 'rehype-stringify';
import remarkRehype from 'remark-rehype';
import { rehypeCaret } from './caret.ts';
import { rehypeCitations } from './citation-marks.ts';
import { markdownParser, remarkPlain } from './plain-markdown.ts';
import { rehypeFit, rehypeLinks, rehypeScrollable, SAFE_HTML } from './safe-html.ts';

export interface RenderOptions {
	/** Titles of the sources that may be cited, in the order of their numbers; none by default. */
	titles?: readonly string[];
	/** Whether more is to come: a caret stands behind the last character. */
	caret?: boolean;
}

/**
 * Markdown of a model or a document as HTML that is safe to insert: raw HTML is shown as text, only the elements and
 * attributes of `SAFE_HTML` come through, links lead to http(s) addresses, nothing is loaded. What is added after the
 * sanitiser (citations, highlighting, caret) is our own.
 */
export function renderMarkdown(markdown: string, { titles = [], caret = false }: RenderOptions = {}): string {
	const processor = markdownParser()
		.use(remarkPlain)
		.use(remarkRehype)
		.use(rehypeFit)
		.use(rehypeSanitize, SAFE_HTML)
		.use(rehypeLinks)
		.use(rehypeCitations, { titles })
		.use(rehypeHighlight)
		.use(rehypeScrollable);
	if (caret) processor.use(rehypeCaret);
	return String(processor.use(rehypeStringify).processSync(markdown));
}
