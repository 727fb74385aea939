import type * as Engine from './markdown-engine.ts';

/** What renders Markdown; too much to come with every page. */
export type MarkdownEngine = typeof Engine;

let loaded: MarkdownEngine | null = null;

/** Fetches what renders Markdown, once. Rejects when it cannot be fetched; the next call tries again. */
export async function loadMarkdown(): Promise<MarkdownEngine> {
	loaded ??= await import('./markdown-engine.ts');
	return loaded;
}

/** What renders Markdown, if it is here already: then nothing on the page has to wait for it. */
export function loadedMarkdown(): MarkdownEngine | null {
	return loaded;
}
