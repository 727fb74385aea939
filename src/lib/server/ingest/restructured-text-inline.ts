/** What inline markup of one document may refer to. */
export interface References {
	/** Text of `|name|`. */
	substitutions: ReadonlyMap<string, string>;
	/** URL of `name_`, by lower-case name. */
	links: ReadonlyMap<string, string>;
	/** Title of the section behind a label. */
	labels: ReadonlyMap<string, string>;
}

const inlineMarkup =
	/``([^]+?)``(?!`)|:([a-zA-Z][\w:+.-]*):`((?:[^`\\]|\\.)+)`|`((?:[^`\\]|\\[^])+)`(?::([a-zA-Z][\w:+-]*):|(__?)(?!\w))?|\|([^|\s](?:[^|\n]*[^|\s])?)\|(?:__?(?!\w))?|\[(#?[\w.-]*|\*)\]_(?!\w)|(?<![\w`\\.-])(\w[\w.-]*?)__?(?![\w`])|\\([^])/g;

/** Roles whose text is a name or a piece of code. */
const codeRoles = new Set(
	(
		'func meth class mod exc attr data const obj keyword member type macro var expr struct enum function deco option ' +
		'envvar program command file samp code literal token opcode pdbcmd kbd mimetype mailheader regexp makevar source ' +
		'math monitoring-event property'
	).split(' ')
);
/** Roles whose text names a document of a numbered series. */
const series: Readonly<Record<string, string>> = {
	pep: 'PEP ',
	rfc: 'RFC ',
	issue: 'bpo-',
	gh: 'gh-',
	cve: 'CVE-',
	cwe: 'CWE-'
};

/** Inline reStructuredText as Markdown: literals and names become code, links keep their URL, all else its text. */
export function inlineToMarkdown(text: string, references: References): string {
	return text
		.replace(inlineMarkup, (match: string, ...groups: (string | undefined)[]) => {
			const [literal, role, roleText, quoted, suffixRole, reference, substitution, footnote, word, escaped] =
				groups;
			if (literal !== undefined) return codeSpan(literal);
			if (role !== undefined) return renderRole(role, roleText ?? '', references);
			if (quoted !== undefined) {
				if (suffixRole) return renderRole(suffixRole, quoted, references);
				return reference ? renderLink(quoted, references) : unescape(quoted);
			}
			if (substitution !== undefined) {
				const value = references.substitutions.get(substitution);
				return value === undefined ? (/^(?:version|release|today)$/.test(substitution) ? '' : match) : value;
			}
			if (footnote !== undefined)
				return footnote === '#' || footnote === '*' ? '' : `[${footnote.replace('#', '')}]`;
			if (word !== undefined) {
				const url = references.links.get(word.toLowerCase());
				if (url) return link(word, url);
				return references.labels.has(word.toLowerCase()) ? word : match;
			}
			return /\s/.test(escaped ?? '') ? '' : (escaped ?? '');
		})
		.replace(/(\s)---(?=\s)/g, '$1—')
		.replace(/(\s)--(?=\s)/g, '$1–');
}

/** Inline markup as plain text, for headings. */
export function inlineToText(text: string, references: References): string {
	return inlineToMarkdown(text, references)
		.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
		.replace(/[`]|\*\*?(?=\S)|(?<=\S)\*\*?/g, '')
		.replace(/\s+/g, ' ')
		.trim();
}

function renderRole(fullName: string, content: string, references: References): string {
	const name = fullName.toLowerCase().split(':').at(-1) ?? '';
	const explicit = /^([^]*?)\s*(?<!\\)<([^<>]+)>$/.exec(content);
	const text = unescape((explicit?.[1] || content).replace(/^[!~]/, '').replace(/^<(.*)>$/s, '$1'));
	const prefix = series[name];
	if (prefix) return explicit?.[1] ? text : prefix + text.replace(/^[#-]/, '');
	if (name === 'ref' || name === 'doc' || name === 'numref') {
		if (explicit?.[1]) return text;
		return (
			references.labels.get(text.toLowerCase()) ??
			text.replace(/^\//, '').replace(/[-_]+/g, name === 'ref' ? ' ' : '-')
		);
	}
	if (name === 'file' || name === 'samp') return codeSpan(text.replace(/[{}]/g, ''));
	if (name === 'abbr' || name === 'sup' || name === 'sub' || name === 'term') return text;
	if (name === 'dfn' || name === 'emphasis') return `*${text}*`;
	if (name === 'strong') return `**${text}**`;
	if (name === 'menuselection' || name === 'guilabel') return text.replaceAll('&', '').replaceAll('-->', '→');
	return codeRoles.has(name) ? codeSpan(text) : text;
}

function renderLink(content: string, references: References): string {
	const explicit = /^([^]*?)\s*<([^<>]+)>$/.exec(content);
	const text = unescape(explicit?.[1] || explicit?.[2] || content).replace(/\s+/g, ' ');
	const target = explicit
		? (explicit[2] ?? '').replace(/\s+/g, '')
		: references.links.get(text.toLowerCase());
	const url = target?.endsWith('_') ? references.links.get(target.slice(0, -1).toLowerCase()) : target;
	return url ? link(text, url) : text;
}

function link(text: string, url: string): string {
	if (!/^https?:/.test(url)) return text;
	return text === url ? url : `[${text}](${url})`;
}

function codeSpan(code: string): string {
	const text = code.replace(/\s*\n\s*/g, ' ').trim();
	if (!text) return '';
	return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}

function unescape(text: string): string {
	return text.replace(/\\\s/g, '').replace(/\\([^])/g, '$1');
}
