import type { ParsedDocument } from './parsed-document.ts';
import { parseHtml } from './parse-html.ts';
import { parseMarkdown } from './parse-markdown.ts';
import { parseRestructuredText } from './parse-restructured-text.ts';
import { parseText } from './parse-text.ts';
import { normalizeLine, normalizeMarkdown, sanitizeSource } from './sanitize-text.ts';

/** Formats that can be read. */
export type DocumentFormat = 'markdown' | 'restructured_text' | 'html' | 'text';

const parsers: Record<DocumentFormat, (source: string) => ParsedDocument> = {
	markdown: parseMarkdown,
	restructured_text: parseRestructuredText,
	html: parseHtml,
	text: parseText
};

/** Parses the text of a document; what comes out holds nothing invisible, and is composed (NFC). */
export function parseDocument(source: string, format: DocumentFormat): ParsedDocument {
	const { title, sections } = parsers[format](sanitizeSource(source));
	return {
		title: title === null ? null : normalizeLine(title) || null,
		sections: sections.map(({ headings, text }) => ({
			headings: headings.map((heading) => ({ ...heading, text: normalizeLine(heading.text) })),
			text: normalizeMarkdown(text)
		}))
	};
}
