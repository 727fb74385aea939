import type { Code, Nodes } from 'mdast';

/** Printed output longer than this (dumps of whole pages and tables) is shown by its start. */
const LONG_OUTPUT = 2000;

/** Keeps the language and a file name or label of a code block; options of the renderer go. */
export function tidyCode(node: Code): Nodes[] {
	const value = stripTerminalMarkup(node.value).replace(/^(?:[ \t]*\n)+|\s+$/g, '');
	if (!value.trim()) return [];
	if (node.lang === 'output') return [{ type: 'code', lang: 'output', value: startOf(value) }];
	const lang = /^[\w+#.-]+$/.test(node.lang ?? '') ? (node.lang ?? null) : null;
	const quoted = /\btitle="([^"]+)"/.exec(node.meta ?? '')?.[1];
	const bare = (node.meta ?? '')
		.replace(/[\w-]+=(?:"[^"]*"|\{[^}]*\}+|\S+)|\{[^}]*\}+|\b(?:lines|wrap|expandable|icon|nocopy)\b/g, '')
		.trim();
	const title = quoted ?? (/^[\w./() @+#-]{2,60}$/.test(bare) ? bare : '');
	const code: Code = { type: 'code', lang, value };
	if (!title) return [code];
	return [
		{ type: 'paragraph', children: [{ type: 'strong', children: [{ type: 'text', value: title }] }] },
		code
	];
}

/** Recorded terminal sessions come with their colours as `<font>` and `<span>` tags and entities. */
function stripTerminalMarkup(code: string): string {
	if (!/<(?:font color|span style)=/.test(code)) return code;
	return code
		.replace(/<\/?(?:font|span|u|b|i)\b[^>]*>/g, '')
		.replace(/&apos;|&#39;/g, "'")
		.replace(/&quot;/g, '"')
		.replace(/&lt;/g, '<')
		.replace(/&gt;/g, '>')
		.replace(/&amp;/g, '&');
}

function startOf(output: string): string {
	if (output.length <= LONG_OUTPUT) return output;
	const start = output.slice(0, LONG_OUTPUT / 2);
	const lastLineEnd = start.lastIndexOf('\n');
	return `${start.slice(0, lastLineEnd > 0 ? lastLineEnd : start.length)}\n…`;
}
