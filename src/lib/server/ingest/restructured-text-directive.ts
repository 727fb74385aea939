import { sphinxObjectId } from './anchor.ts';
import { inlineToText } from './restructured-text-inline.ts';
import { dedentLines, endOfIndented, fenced, indentOf } from './restructured-text-lines.ts';
import { objectType, parseSignature } from './restructured-text-signature.ts';
import { parseCsvTable, parseListTable, pipeTable } from './restructured-text-table.ts';
import type { RestructuredTextParser, Target } from './parse-restructured-text.ts';

/** `.. name:: argument` with its options and its content, dedented. */
export interface Directive {
	name: string;
	argument: string;
	/** Lines right below the argument, before a blank line or an option: more signatures, or the start of a text. */
	adjoined: string[];
	options: ReadonlyMap<string, string>;
	/** Lines after all that. */
	content: string[];
}

const option = /^:([\w-]+):(?:\s+(.*))?$/;

/** Reads an explicit markup block as a directive; null when it is a comment or a substitution. */
export function parseDirective(line: string, below: readonly string[]): Directive | null {
	const match = /^\.\.\s+([A-Za-z0-9][\w:.+-]*?)\s?::(?:\s+(.*))?$/.exec(line);
	if (!match) return null;
	const lines = dedentLines(below);
	const options = new Map<string, string>();
	const adjoined: string[] = [];
	let start = 0;
	if (below[0]?.trim()) {
		while (lines[start]?.trim() && !option.test(lines[start] ?? '')) adjoined.push(lines[start++] ?? '');
		for (; lines[start]?.trim(); start++) {
			const [, key, value = ''] = option.exec(lines[start] ?? '') ?? [];
			if (key) options.set(key, value);
		}
	}
	return {
		name: (match[1] ?? '').toLowerCase(),
		argument: (match[2] ?? '').trim(),
		adjoined,
		options,
		content: lines.slice(start)
	};
}

const dropped = new Set(
	(
		'toctree index include contents sectionauthor moduleauthor codeauthor tabularcolumns testsetup testcleanup raw meta ' +
		'default-role role literalinclude audit-event-table limited-api-list miscnews todo todolist centered sectnum ' +
		'default-domain highlightlang automodule autosummary plot ifconfig image unicode replace'
	).split(' ')
);
const codeDirectives = new Set(
	'code-block code sourcecode doctest testcode testoutput parsed-literal productionlist prompt ipython math grammar-snippet'.split(
		' '
	)
);
const versionLabels: Readonly<Record<string, string>> = {
	versionadded: 'Added in version',
	versionchanged: 'Changed in version',
	deprecated: 'Deprecated since version',
	versionremoved: 'Removed in version',
	'soft-deprecated': 'Soft deprecated since version'
};
const admonitionLabels: Readonly<Record<string, string>> = {
	note: 'Note',
	warning: 'Warning',
	tip: 'Tip',
	hint: 'Hint',
	important: 'Important',
	caution: 'Caution',
	danger: 'Danger',
	attention: 'Attention',
	error: 'Error',
	seealso: 'See also',
	'impl-detail': 'CPython implementation detail'
};

/** Renders a directive into its target: as Markdown, as headings, or as nothing. Of an unknown one the content is kept. */
export function renderDirective(directive: Directive, parser: RestructuredTextParser, target: Target): void {
	const { name, argument, adjoined, options, content } = directive;
	const object = objectType(name);
	if (object) return renderObject(object, directive, parser, target);
	if (dropped.has(name) || setState(name, argument, parser)) return;
	if (codeDirectives.has(name)) return target.add(renderCode(directive, parser));
	const text = [...adjoined, ...content];
	const version = versionLabels[name];
	if (version) {
		const [number = '', ...words] = argument.split(/\s+/);
		return target.add(labelled(`${version} ${number}`, words.join(' '), text, parser));
	}
	const admonition = admonitionLabels[name];
	if (admonition) return renderAdmonition(admonition, [argument, ...text], parser, target);
	switch (name) {
		case 'only':
			return /\bhtml\b/.test(argument) ? parser.parseInto(text, target) : undefined;
		case 'glossary':
			return renderGlossary(text, parser, target);
		case 'rubric':
			return target.add(`**${inlineToText(argument, parser.references)}**`);
		case 'availability':
			return target.add(labelled('Availability', argument, text, parser));
		case 'audit-event':
			return target.add(auditEvent(argument, parser));
		case 'deprecated-removed': {
			const [since = '', removed = '', ...words] = argument.split(/\s+/);
			const label = `Deprecated since version ${since}, removed in version ${removed}`;
			return target.add(labelled(label, words.join(' '), text, parser));
		}
		case 'list-table': {
			const table = parseListTable(text, Number(options.get('header-rows') ?? 0));
			return addTable(
				argument,
				pipeTable(table, (cell) => parser.inline(cell)),
				parser,
				target
			);
		}
		case 'csv-table': {
			const table = parseCsvTable(text, options.get('header'));
			return addTable(
				argument,
				pipeTable(table, (cell) => parser.inline(cell)),
				parser,
				target
			);
		}
		case 'table':
			return addTable(argument, parser.markdownOf(text), parser, target);
		case 'figure':
			return target.add(parser.markdownOf(content));
		case 'admonition':
		case 'topic':
		case 'sidebar':
			return renderAdmonition(inlineToText(argument, parser.references), text, parser, target);
	}
	parser.parseInto([argument, '', ...text], target);
}

/** Directives that change how what follows is read; true when this is one. */
function setState(name: string, argument: string, parser: RestructuredTextParser): boolean {
	switch (name.replace(/^py:/, '')) {
		case 'module':
		case 'currentmodule':
			parser.scope = { ...parser.scope, module: argument === 'None' ? '' : argument, className: '' };
			return true;
		case 'program':
			parser.scope = { ...parser.scope, program: argument };
			return true;
		case 'highlight':
			parser.language = languageName(argument);
			return true;
	}
	return false;
}

/** A described object: a heading for its name, its signature as code, its content below. */
function renderObject(
	object: { domain: string; type: string },
	{ argument, adjoined, options, content }: Directive,
	parser: RestructuredTextParser,
	target: Target
): void {
	const outer = parser.scope;
	const scope = { ...outer, module: options.get('module') ?? outer.module };
	const lines = [argument, ...adjoined]
		.join('\n')
		.replace(/\\\n\s*/g, ' ')
		.split('\n');
	const signatures = lines
		.filter((line) => line.trim())
		.map((line) => parseSignature(object.domain, object.type, line, scope));
	const first = signatures[0];
	if (!first) return;
	const code = signatures.map((signature) => `\`${signature.text.replaceAll('`', "'")}\``).join('\n');
	if (!target.holdsHeadings) {
		target.add(code);
		return parser.parseInto(content, target);
	}
	const names = [...new Set(signatures.map((signature) => signature.name))];
	parser.under({ text: names.slice(0, 4).join(', '), anchor: first.anchor }, () => {
		target.add(code);
		if (first.className) parser.scope = { ...scope, className: first.className };
		parser.parseInto(content, target);
		parser.scope = outer;
	});
}

/** Every term is a heading, so that it can be found and linked. */
function renderGlossary(lines: readonly string[], parser: RestructuredTextParser, target: Target): void {
	let index = 0;
	while (index < lines.length) {
		const terms: string[] = [];
		while (lines[index]?.trim() && indentOf(lines[index] ?? '') === 0) {
			terms.push(inlineToText((lines[index++] ?? '').replace(/\s:\s.*$/, ''), parser.references));
		}
		const end = endOfIndented(lines, index, 1);
		const body = dedentLines(lines.slice(index, end));
		const first = terms.find((term) => !term.startsWith('.. ')) ?? '';
		if (first && target.holdsHeadings) {
			const heading = {
				text: terms.join(', '),
				anchor: `term-${sphinxObjectId(`x${first}`).slice(1).replace(/^-/, '')}`
			};
			parser.under(heading, () => target.add(parser.markdownOf(body)));
		} else if (first) {
			target.add(`**${terms.join(', ')}**: ${parser.markdownOf(body)}`);
		}
		index = Math.max(end, index + (first || end > index ? 0 : 1));
	}
}

/** A label and a short text on one line; longer content below it. */
function labelled(
	label: string,
	words: string,
	text: readonly string[],
	parser: RestructuredTextParser
): string {
	const body = parser.markdownOf([words, ...text]);
	return body ? `${label}:${/^(?:```|[-|] )/.test(body) ? '\n\n' : ' '}${body}` : `${label}.`;
}

/** A bold label in front of the content. */
function renderAdmonition(
	label: string,
	lines: readonly string[],
	parser: RestructuredTextParser,
	target: Target
): void {
	const bold = label ? `**${label.replace(/:$/, '')}:**` : '';
	const body = parser.markdownOf(lines);
	if (body) target.add(/^(?:```|[-|] |\d+\. )/.test(body) ? `${bold}\n\n${body}` : `${bold} ${body}`.trim());
}

/** The sentence that Python's documentation makes of it. */
function auditEvent(argument: string, parser: RestructuredTextParser): string {
	// Name, arguments separated by commas, and where they are described.
	const [, event = '', list = ''] = /^(\S+)\s*("[^"]*"|\S*)/.exec(argument) ?? [];
	const names = list
		.replaceAll('"', '')
		.split(',')
		.map((name) => name.trim())
		.filter(Boolean)
		.map((name) => `\`${name}\``);
	const suffix =
		names.length > 0 ? ` with ${names.length > 1 ? 'arguments' : 'argument'} ${names.join(', ')}` : '';
	return parser.inline(`Raises an auditing event \`\`${event}\`\``) + `${suffix}.`;
}

function renderCode(
	{ name, argument, adjoined, content }: Directive,
	parser: RestructuredTextParser
): string {
	const takesLanguage = /^(?:code|code-block|sourcecode)$/.test(name);
	// Elsewhere the argument is the name of a group, or the first line of a grammar or a formula.
	const startsHere = name === 'math' || (name === 'productionlist' && argument.includes(':'));
	const lines = [...(startsHere ? [argument] : []), ...adjoined, ...content];
	if (takesLanguage) return fenced(lines, argument ? languageName(argument) : parser.language);
	if (/^(?:doctest|testcode|ipython)$/.test(name)) return fenced(lines, 'python');
	return fenced(name === 'productionlist' ? lines.map((line) => line.replaceAll('`', '')) : lines, '');
}

function addTable(caption: string, table: string, parser: RestructuredTextParser, target: Target): void {
	if (caption) target.add(`**${inlineToText(caption, parser.references)}**`);
	target.add(table);
}

function languageName(name: string): string {
	const known: Record<string, string> = { python3: 'python', pycon: 'python', 'shell-session': 'console' };
	return /^(?:none|text|default)$/.test(name) ? '' : (known[name] ?? name).replace(/[^\w+#.-]/g, '');
}
