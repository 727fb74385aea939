import { docutilsId, sphinxObjectId } from './anchor.ts';

/** A described object of a Sphinx domain. */
export interface Signature {
	/** What it is called in the heading path, with its module and class. */
	name: string;
	/** Fragment that Sphinx gives it; null where it gives none. */
	anchor: string | null;
	/** The line that a reader sees. */
	text: string;
	/** Module-less name when it may hold members; null otherwise. */
	className: string | null;
}

/** Where a signature stands. */
export interface SignatureScope {
	module: string;
	className: string;
	program: string;
}

const pythonLabels: Readonly<Record<string, string>> = {
	class: 'class ',
	exception: 'exception ',
	decorator: '@',
	decoratormethod: '@',
	classmethod: 'classmethod ',
	staticmethod: 'static method ',
	abstractmethod: 'abstract method ',
	coroutinefunction: 'async ',
	coroutinemethod: 'async ',
	awaitablefunction: 'awaitable ',
	awaitablemethod: 'awaitable ',
	function: '',
	method: '',
	data: '',
	attribute: '',
	property: 'property ',
	type: 'type '
};
const cTypes = new Set(
	'function member data type macro var struct enum enumerator union class alias expr'.split(' ')
);
const optionTypes = new Set(['cmdoption', 'option']);
const genericTypes = new Set([
	'envvar',
	'opcode',
	'pdbcommand',
	'describe',
	'object',
	'confval',
	'setting',
	'2to3fixer'
]);

/** Splits `py:function` into domain and type; null when it describes no object. */
export function objectType(directive: string): { domain: string; type: string } | null {
	const [first = '', second] = directive.split(':', 2);
	if (second === undefined) {
		if (first in pythonLabels && first !== 'type') return { domain: 'py', type: first };
		if (/^auto(?:function|class|method|attribute|exception|data)$/.test(first))
			return { domain: 'py', type: first.slice(4) };
		return optionTypes.has(first) || genericTypes.has(first) ? { domain: 'std', type: first } : null;
	}
	if (first === 'py' && second in pythonLabels) return { domain: 'py', type: second };
	if ((first === 'c' || first === 'cpp') && cTypes.has(second)) return { domain: first, type: second };
	if (first === 'js' || first === 'rst') return { domain: first, type: second };
	return null;
}

/** Reads one signature line as Sphinx would: https://www.sphinx-doc.org/en/master/usage/domains/ */
export function parseSignature(domain: string, type: string, line: string, scope: SignatureScope): Signature {
	const source = line.replace(/\\(.)/g, '$1').trim();
	if (domain === 'py') return pythonSignature(type, source, scope);
	if (domain === 'c' || domain === 'cpp') return cSignature(domain, type, source);
	if (optionTypes.has(type)) {
		const option = /^[^\s,=[<]+/.exec(source)?.[0] ?? source;
		const anchor = [
			'cmdoption',
			scope.program.replace(/\s+/g, '-'),
			sphinxObjectId(`x${option}`).replace(/^x-*/, '')
		];
		return { name: source, anchor: anchor.filter(Boolean).join('-'), text: source, className: null };
	}
	const name = /^[^\s(]+/.exec(source)?.[0] ?? source;
	const hasAnchor = type !== 'describe' && type !== 'object';
	const anchor = hasAnchor ? sphinxObjectId(`${type}-${name}`) || docutilsId(name) : null;
	return {
		name: type === 'describe' || type === 'object' ? source : name,
		anchor,
		text: source,
		className: null
	};
}

function pythonSignature(type: string, source: string, scope: SignatureScope): Signature {
	const match = /^((?:\w+\.)*)(\w+)\s*(.*)$/s.exec(source);
	if (!match) return { name: source, anchor: null, text: source, className: null };
	const [, prefix = '', base = '', rest = ''] = match;
	const isMember = /method|attribute|property/.test(type);
	// A prefix that repeats the module is the module, except before members, where it is a class of the same name.
	const local =
		!isMember && scope.module && prefix.startsWith(`${scope.module}.`)
			? prefix.slice(scope.module.length + 1)
			: prefix;
	const owner = scope.className;
	const withClass =
		owner && local !== `${owner}.` && !local.startsWith(`${owner}.`) ? `${owner}.${local}` : local;
	const inModule = withClass + base;
	const name = scope.module ? `${scope.module}.${inModule}` : inModule;
	return {
		name,
		anchor: name,
		text: `${pythonLabels[type] ?? ''}${name}${rest.replace(/\s+/g, ' ')}`,
		className: type === 'class' || type === 'exception' ? inModule : null
	};
}

function cSignature(domain: string, type: string, source: string): Signature {
	const pointer = /\(\s*\*\s*([\w.]+)\s*\)/.exec(source)?.[1];
	const called = /([\w.:]+)\s*\(/.exec(source)?.[1];
	const last = /([\w.:]+)\s*(?:\[[^\]]*\]\s*)*(?::\s*\d+\s*)?$/.exec(source)?.[1];
	const name = pointer ?? called ?? last ?? source;
	const label =
		['struct', 'enum', 'union', 'type'].includes(type) && !source.startsWith(type) ? `${type} ` : '';
	return { name, anchor: `${domain}.${name}`, text: label + source, className: null };
}
