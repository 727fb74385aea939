import GithubSlugger from 'github-slugger';

/** Gives the anchors of one document, as the site that renders it would. */
export interface Anchors {
	/** @param text plain text of the heading. @param explicit anchor that the author wrote, which wins. */
	of(text: string, explicit?: string | null): string | null;
}

/** GitHub's slugs: lower case, spaces to hyphens, `-1`, `-2`… for repeated ones. */
export function githubAnchors(): Anchors {
	const slugger = new GithubSlugger();
	return {
		of(text, explicit) {
			if (explicit) return explicit;
			return slugger.slug(text) || null;
		}
	};
}

/** Docutils' section ids: ASCII letters and digits with single hyphens; repeated ones become `id1`, `id2`… */
export function docutilsAnchors(): Anchors {
	const known = new Set<string>();
	let automatic = 0;
	return {
		of(text, explicit) {
			if (explicit) return docutilsId(explicit) || explicit;
			let id = docutilsId(text);
			if (!id || known.has(id)) id = `id${++automatic}`;
			known.add(id);
			return id;
		}
	};
}

/** `docutils.nodes.make_id`: https://docutils.sourceforge.io/docs/ref/rst/directives.html#identifier-normalization */
export function docutilsId(text: string): string {
	return text
		.normalize('NFKD')
		.toLowerCase()
		.replace(/[^a-z0-9]+/g, '-')
		.replace(/^[-0-9]+|-+$/g, '');
}

/** `sphinx.util.nodes._make_id`, used for options and other objects: keeps case, dots and underscores. */
export function sphinxObjectId(text: string): string {
	return text
		.normalize('NFKD')
		.replace(/[^a-zA-Z0-9._]+/g, '-')
		.replace(/^[-0-9._]+|-+$/g, '');
}

/** Splits `Title { #anchor }` (attribute lists of Python-Markdown and kramdown) into the title and the anchor. */
export function splitExplicitAnchor(heading: string): { text: string; anchor: string | null } {
	const match = /^(.*?)\s*\{:?\s*#([^\s{}]+)[^{}]*\}\s*$/s.exec(heading);
	return match ? { text: match[1] ?? '', anchor: match[2] ?? null } : { text: heading, anchor: null };
}
