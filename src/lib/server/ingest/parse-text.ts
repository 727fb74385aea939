import type { ParsedDocument } from './parsed-document.ts';

/** Plain text has no structure but its paragraphs; its first line is the title when it looks like one. */
export function parseText(text: string): ParsedDocument {
	const body = text.replace(/^\s*\n/, '').trimEnd();
	const [first = '', second = ''] = body.split('\n', 2);
	const isTitle =
		first.trim() !== '' && first.length <= 100 && second.trim() === '' && !/[.:;,]\s*$/.test(first);
	return { title: isTitle ? first.trim() : null, sections: body ? [{ headings: [], text: body }] : [] };
}
