import type { Element } from 'hast';
import rehypeSanitize from 'rehype-sanitize';
import rehypeStringify from 'rehype-stringify';
import remarkRehype from 'remark-rehype';
import { rehypeCaret } from './caret.ts';
import { rehypeCitations } from './citation-marks.ts';
import { rehypeHighlightCode } from './highlight-code.ts';
import { rehypeLinks } from './links.ts';
import { remarkOpenEnd } from './open-end.ts';
import { markdownParser, remarkPlain } from './plain-markdown.ts';
import { rehypeFit, rehypeScrollable, SAFE_HTML } from './safe-html.ts';
import { rehypeTextMarks, type TextMark } from './text-marks.ts';
import { showHidden } from './visible-text.ts';

/** What a text may refer to. */
export interface RenderContext {
	/** Titles of the sources that may be cited, in the order of their numbers; none by default. */
	titles?: readonly string[];
	/** Hosts (with the port, if it is not the usual one) that links may lead to: those of the sources; none by default. */
	hosts?: readonly string[];
	/** Stretches of the text that are marked; none by default. */
	marks?: readonly TextMark[];
}

export interface RenderOptions extends RenderContext {
	/** Whether more is to come: what is half written at the end is shown as it will be, and a caret behind it. */
	growing?: boolean;
	/** Where this text begins in the one that it is a part of: citations say where they stand in that. */
	offset?: number;
}

/** What the plugins are told about the text at hand; they themselves are set up once, which costs more than a text. */
declare module 'vfile' {
	interface DataMap {
		titles: readonly string[];
		hosts: readonly string[];
		marks: readonly TextMark[];
		growing: boolean;
		offset: number;
	}
}

const processor = markdownParser()
	.use(remarkPlain)
	.use(remarkOpenEnd)
	.use(remarkRehype)
	.use(rehypeFit)
	.use(rehypeSanitize, SAFE_HTML)
	.use(rehypeLinks)
	.use(rehypeTextMarks)
	.use(rehypeCitations)
	.use(rehypeHighlightCode)
	.use(rehypeScrollable)
	.use(rehypeCaret)
	.use(rehypeStringify)
	.freeze();

/**
 * Markdown of a model or a document as HTML that is safe to insert: raw HTML is shown as text, only the elements and
 * attributes of `SAFE_HTML` come through, links lead to http(s) addresses of the given hosts, nothing is loaded. What is added after the
 * sanitiser (marks, citations, highlighting, frames that scroll, caret) is our own.
 */
export function renderMarkdown(
	markdown: string,
	{ titles = [], hosts = [], marks = [], growing = false, offset = 0 }: RenderOptions = {}
): string {
	try {
		return String(
			processor.processSync({ value: markdown, data: { titles, hosts, marks, growing, offset } })
		);
	} catch (error) {
		// Thousands of levels of nesting, which no reader could follow either, are more than the stack holds.
		if (error instanceof RangeError) return asItStands(markdown);
		throw error;
	}
}

function asItStands(markdown: string): string {
	const paragraph: Element = {
		type: 'element',
		tagName: 'p',
		properties: {},
		children: [{ type: 'text', value: showHidden(markdown) }]
	};
	return processor.stringify({ type: 'root', children: [paragraph] });
}
