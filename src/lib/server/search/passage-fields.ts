import type { Chunk } from '#lib/contract/chunk.ts';

/** The searched fields of a passage, in the order in which the index keeps them. */
export const FIELDS = ['title', 'heading', 'body', 'code'] as const;
export type Field = (typeof FIELDS)[number];

/**
 * What of a passage is searched as what. The title goes with the words of the page's path, the headings without a repetition of the
 * title, fenced code apart from prose; the targets of links are left out.
 */
export function fieldsOf(chunk: Chunk): Record<Field, string> {
	const { body, code } = splitCode(chunk.text);
	return {
		title: `${chunk.title}\n${pathWords(chunk.document)}`,
		heading: chunk.heading_path.filter((heading) => heading !== chunk.title).join('\n'),
		body: body.replace(/\]\([^()\s]*\)/g, '] '),
		code
	};
}

/** The text an embedder sees for a passage: the headings give the passage its subject. */
export function embeddedText(chunk: Chunk): string {
	return [chunk.title, ...chunk.heading_path.filter((heading) => heading !== chunk.title), chunk.text].join(
		'\n'
	);
}

/** Folder and file names of a page without the extension: `how-to/custom-docs.md` → `how-to custom-docs`. */
function pathWords(document: string): string {
	return document
		.replace(/^https?:\/\/[^/]*/, '')
		.replace(/\.[a-z]{1,5}$/i, '')
		.replace(/[/\s]+/g, ' ');
}

/** Prose and fenced code blocks apart; a fence that is not closed runs to the end. */
function splitCode(markdown: string): { body: string; code: string } {
	if (!markdown.includes('```') && !markdown.includes('~~~')) return { body: markdown, code: '' };
	const body: string[] = [];
	const code: string[] = [];
	let fence = '';
	for (const line of markdown.split('\n')) {
		const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
		if (fence) {
			if (mark?.startsWith(fence)) fence = '';
			else code.push(line);
		} else if (mark) fence = mark;
		else body.push(line);
	}
	return { body: body.join('\n'), code: code.join('\n') };
}
