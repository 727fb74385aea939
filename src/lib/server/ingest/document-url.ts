/**
 * Address of a document on the site that shows it.
 * @param document path inside its source. @param baseUrl where the source is published. With `{path}` in it, that is
 * replaced by the path without its extension. On a code host (`/blob/`, `/tree/`, `/raw/`) the path stays as it is. Else as
 * the usual generators do: `.rst` becomes `.html` (Sphinx), Markdown loses its extension, an index is its folder.
 * @returns null when there is no base.
 */
export function documentUrl(document: string, baseUrl: string | null | undefined): string | null {
	if (!baseUrl) return null;
	const encode = (path: string) => path.split('/').map(encodeURIComponent).join('/');
	const stem = document.replace(/\.[^./]+$/, '');
	if (baseUrl.includes('{path}')) return baseUrl.replace('{path}', encode(stem));
	const base = baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`;
	if (/\/(?:blob|tree|raw)\//.test(base)) return base + encode(document);
	if (/\.rst$/i.test(document)) return `${base}${encode(stem)}.html`;
	if (!/\.(?:md|markdown|mdown|mkd|mdx)$/i.test(document)) return base + encode(document);
	const page = stem.replace(/(^|\/)(?:index|readme)$/i, '$1');
	const needsSlash = page !== '' && !page.endsWith('/') && !/\.mdx$/i.test(document);
	return `${base}${encode(page)}${needsSlash ? '/' : ''}`;
}
