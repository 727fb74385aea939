import type { DocumentFormat } from './parse-document.ts';

const formats: Readonly<Record<string, DocumentFormat>> = {
	md: 'markdown',
	markdown: 'markdown',
	mdown: 'markdown',
	mkd: 'markdown',
	mdx: 'markdown',
	rst: 'restructured_text',
	rest: 'restructured_text',
	html: 'html',
	htm: 'html',
	xhtml: 'html',
	txt: 'text',
	text: 'text'
};
const mediaTypes: Readonly<Record<string, DocumentFormat>> = {
	'text/html': 'html',
	'application/xhtml+xml': 'html',
	'text/markdown': 'markdown',
	'text/x-markdown': 'markdown',
	'text/mdx': 'markdown',
	'text/x-rst': 'restructured_text',
	'text/prs.fallenstein.rst': 'restructured_text'
};

/** Format by the extension of a path; null when it is none of ours. */
export function formatOfPath(path: string): DocumentFormat | null {
	const extension = /\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase() ?? '';
	return formats[extension] ?? null;
}

/**
 * Format of what a server sent; null for a type that is not text for readers. Servers send Markdown as `text/plain`, so for
 * that the path decides.
 */
export function formatOfResponse(contentType: string, path: string): DocumentFormat | null {
	const mediaType = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
	if (mediaType === 'text/plain' || mediaType === '') return formatOfPath(path) ?? 'text';
	return mediaTypes[mediaType] ?? null;
}

/** Format of a file whose name says nothing. */
export function formatOfText(text: string): DocumentFormat {
	return /^\s*(?:<!doctype html|<html[\s>])/i.test(text.slice(0, 1000)) ? 'html' : 'markdown';
}
