import type { Element, ElementContent, Root, Text } from 'hast';
import { SKIP, visit } from 'unist-util-visit';
import type { VFile } from 'vfile';
import { citationMarks } from '#lib/contract/citation.ts';
import { showHidden } from './visible-text.ts';

/**
 * Turns the citations of sources that exist into buttons with `data-citation`; other numbers stay text. Runs after the
 * sanitiser, so that no text can make such a button itself. The titles of the sources come with the file.
 */
export function rehypeCitations() {
	return (tree: Root, file: VFile): void => {
		const titles = file.data.titles ?? [];
		if (titles.length === 0) return;
		visit(tree, (node, index, parent) => {
			// No other span is there yet: it is a link that leads nowhere, whose text cites as little as that of any link.
			if (node.type === 'element' && ['code', 'pre', 'a', 'span'].includes(node.tagName)) return SKIP;
			if (node.type !== 'text' || !parent || index === undefined) return undefined;
			const { start, end } = node.position ?? {};
			const written = String(file.value).slice(start?.offset, end?.offset);
			const parts = [
				...split(node.value, (file.data.offset ?? 0) + (start?.offset ?? 0), withoutEscaped(titles, written))
			];
			if (parts.length === 1 && parts[0]?.type === 'text') return undefined;
			parent.children.splice(index, 1, ...parts);
			return [SKIP, index + parts.length];
		});
	};
}

/** A number as it is written in a passage that is quoted. */
const ESCAPED = /(?:\\\[\^?|&#(?:12304|65339);)\s*(\d{1,3})/g;

/** The titles but for the numbers that were written as `\[1\]`: those belong to a passage that is quoted. */
function withoutEscaped(titles: readonly string[], written: string): readonly (string | undefined)[] {
	const escaped = new Set([...written.matchAll(ESCAPED)].map(([, digits]) => Number(digits)));
	return escaped.size === 0 ? titles : titles.map((title, at) => (escaped.has(at + 1) ? undefined : title));
}

/** The last word before a mark, and what closes the sentence behind it. */
const WORD_BEFORE = /\S{1,30}$/;
const CLOSING = /^[.,;:!?)\]”’»]+/;

function* split(
	value: string,
	offset: number,
	titles: readonly (string | undefined)[]
): Generator<ElementContent> {
	let from = 0;
	for (const { start, end, numbers } of citationMarks(value)) {
		if (!numbers.some((n) => titles[n - 1] !== undefined)) continue;
		const between = value.slice(from, start);
		const before = between.replace(/ $/, '');
		const word = WORD_BEFORE.exec(before)?.[0] ?? '';
		const closing = CLOSING.exec(value.slice(end))?.[0] ?? '';
		const marks = numbers.map((n) => {
			const title = titles[n - 1];
			return title === undefined ? text(`[${n}]`) : mark(n, title, offset + start);
		});
		if (before.length > word.length) yield text(before.slice(0, before.length - word.length));
		// A thin space that does not break, where there was a space.
		const space = between.endsWith(' ') ? '\u202f' : '';
		yield* unbroken([
			...(word + space ? [text(word + space)] : []),
			...marks,
			...(closing ? [text(closing)] : [])
		]);
		from = end + closing.length;
	}
	if (from < value.length) yield text(value.slice(from));
}

/** More parts than these may be wider than a phone. */
const MOST_UNBROKEN = 6;

/** Word, marks and closing characters on one line: browsers break on either side of a button. */
function unbroken(parts: ElementContent[]): ElementContent[] {
	if (parts.length === 1) return parts;
	if (parts.length > MOST_UNBROKEN) {
		return [...unbroken(parts.slice(0, 2)), ...parts.slice(2, -2), ...unbroken(parts.slice(-2))];
	}
	return [{ type: 'element', tagName: 'span', properties: { className: ['cited-words'] }, children: parts }];
}

const text = (value: string): Text => ({ type: 'text', value });

const mark = (n: number, title: string, offset: number): Element => ({
	type: 'element',
	tagName: 'button',
	properties: {
		type: 'button',
		className: ['citation'],
		dataCitation: String(n),
		dataAt: String(offset),
		ariaLabel: `Source ${n}: ${showHidden(title)}`,
		ariaHasPopup: 'dialog'
	},
	children: [text(String(n))]
});
