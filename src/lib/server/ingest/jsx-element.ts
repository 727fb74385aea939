import { toString } from 'mdast-util-to-string';
import type { Nodes, TableRow } from 'mdast';
import type { MdxJsxFlowElement, MdxJsxTextElement } from 'mdast-util-mdx-jsx';

/** A component, or an HTML element in MDX. */
export type JsxElement = MdxJsxFlowElement | MdxJsxTextElement;

/** Value of a plain attribute; empty when it is missing or an expression. */
export function attribute(element: JsxElement, name: string): string {
	const found = element.attributes.find((item) => item.type === 'mdxJsxAttribute' && item.name === name);
	return typeof found?.value === 'string' ? found.value : '';
}

/** `{" "}` and `{'text'}` are their strings, comments are nothing, a name in braces is most likely a placeholder. */
export function expressionText(expression: string): Nodes[] {
	const literal = /^\s*(["'`])(.*)\1\s*$/s.exec(expression);
	if (literal) return [{ type: 'text', value: literal[2] ?? '' }];
	return /^\s*[\w.-]+\s*$/.test(expression) ? [{ type: 'text', value: `{${expression}}` }] : [];
}

/** A table written as elements; cells become their text. */
export function elementTable(element: JsxElement): Nodes[] {
	const rows: TableRow[] = [];
	const visit = (node: Nodes | JsxElement) => {
		if ('name' in node && node.name === 'tr') {
			const cells = node.children.flatMap(function cellsOf(child: Nodes): string[] {
				if ('name' in child && (child.name === 'td' || child.name === 'th')) return [toString(child).trim()];
				return 'children' in child ? child.children.flatMap(cellsOf) : [];
			});
			rows.push({
				type: 'tableRow',
				children: cells.map((value) => ({
					type: 'tableCell',
					children: [{ type: 'text', value: value.replace(/\s+/g, ' ') }]
				}))
			});
		} else if ('children' in node) {
			node.children.forEach(visit);
		}
	};
	visit(element);
	return rows.length > 0 ? [{ type: 'table', children: rows }] : [];
}
