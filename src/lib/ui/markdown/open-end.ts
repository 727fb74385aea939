import type { Paragraph, Parents, PhrasingContent, Root } from 'mdast';
import { toString } from 'mdast-util-to-string';
import type { VFile } from 'vfile';

/** A mark that opens something: bold, code, the text of a link. Not one between the letters of a word, nor `[1`. */
const OPENING = /(?<![\w*_`~])(\*\*|__|~~|`)(?=[^\s*_`~])|\[(?=[^\s\]\d])/;
/** An opening mark that nothing follows yet. */
const LONE_MARK = /(?<![^\s([{"'])(?:\*{1,3}|_{1,2}|~{1,2}|`{1,2}|!?\[)$/;
/** A link whose address is being written; a parsed address may follow. */
const HALF_LINK = /!?\[([^[\]]*)\]\((?:[^\s()]*)$/;

/**
 * While a text grows, shows the marks of its end as what they will become (bold as bold, the text of a link without
 * its brackets), so that no reader sees them flash by. Only the last line of prose can have an open end.
 */
export function remarkOpenEnd() {
	return (tree: Root, file: VFile): void => {
		if (!file.data.growing) return;
		const holder = lastProse(tree);
		if (!holder) return;
		const source = String(file.value).slice(holder.position?.start.offset, holder.position?.end.offset);
		// With escapes, a mark in the text may be meant as a character.
		if (!source.includes('\\')) close(holder.children);
	};
}

/** The paragraph or heading that the text ends in, if it does not end in code or a table. */
function lastProse(tree: Root): Pick<Paragraph, 'children' | 'position'> | null {
	let place: Parents = tree;
	for (;;) {
		const last: Parents['children'][number] | undefined = place.children.at(-1);
		if (!last || !('children' in last)) return null;
		if (last.type === 'paragraph' || last.type === 'heading') return last;
		place = last;
	}
}

function close(children: PhrasingContent[]): void {
	const last = children.at(-1);
	if (last?.type === 'text') last.value = last.value.replace(LONE_MARK, '');
	closeLink(children);
	for (const [index, node] of children.entries()) {
		const match = node.type === 'text' ? OPENING.exec(node.value) : null;
		if (node.type !== 'text' || !match) continue;
		const rest = children.splice(index + 1);
		const after = node.value.slice(match.index + match[0].length);
		if (after) rest.unshift({ type: 'text', value: after });
		node.value = node.value.slice(0, match.index);
		if (match[1] === '`') {
			children.push({ type: 'inlineCode', value: toString(rest) });
			return;
		}
		close(rest);
		if (match[1] === undefined) children.push(...rest);
		else children.push({ type: match[1] === '~~' ? 'delete' : 'strong', children: rest });
		return;
	}
}

function closeLink(children: PhrasingContent[]): void {
	const last = children.at(-1);
	const at = last?.type === 'link' ? children.length - 2 : children.length - 1;
	const node = children[at];
	if (node?.type !== 'text' || !HALF_LINK.test(node.value)) return;
	node.value = node.value.replace(HALF_LINK, '$1');
	children.length = at + 1;
}
