import type { RootContent } from 'mdast';
import { markdownParser } from './plain-markdown.ts';
import { renderMarkdown } from './render.ts';

/** A top-level piece of the text: a paragraph, a list, a block of code. */
export interface Block {
	/** Stays the same while the block grows. */
	key: number;
	html: string;
}

/**
 * Renders a text that only grows, such as a streamed answer: finished blocks are rendered once and kept, and each update
 * renders only the last. A block is finished when a later one has begun, because Markdown never goes back to a closed
 * block. What one block defines (the address of `[name]`) does not reach the others.
 */
export class GrowingMarkdown {
	readonly #titles: readonly string[];
	#finished: Block[] = [];
	/** What the finished blocks were made from. */
	#settled = '';
	/** Line beginnings of the open part that were looked at: without a new one no block can have been finished. */
	#begun = 0;
	/** Whether the open part ends in code, where nothing is a mark. */
	#inCode = false;
	#last: { source: string; growing: boolean; block: Block | null } = {
		source: '',
		growing: false,
		block: null
	};

	constructor(titles: readonly string[] = []) {
		this.#titles = titles;
	}

	/**
	 * @param text the whole text so far; if it does not continue the last one, everything is rendered anew.
	 * @param growing whether more is to come.
	 */
	render(text: string, growing: boolean): Block[] {
		if (!text.startsWith(this.#settled)) {
			this.#finished = [];
			this.#settled = '';
			this.#begun = 0;
			this.#inCode = false;
		}
		this.#settle(text, growing);
		const open = text.slice(this.#settled.length);
		const source = growing && !this.#inCode ? open.replace(HALF_WRITTEN, '') : open;
		const last = this.#renderLast(source, growing);
		return last ? [...this.#finished, last] : [...this.#finished];
	}

	#renderLast(source: string, growing: boolean): Block | null {
		const key = this.#finished.length;
		const { block } = this.#last;
		if (this.#last.source !== source || this.#last.growing !== growing || block?.key !== key) {
			const html = renderMarkdown(source, { titles: this.#titles, growing });
			this.#last = { source, growing, block: html === '' ? null : { key, html } };
		}
		return this.#last.block;
	}

	#settle(text: string, growing: boolean): void {
		const open = text.slice(this.#settled.length);
		const lines = open.split('\n');
		const isWhole = !growing || BEGUN.test(lines.at(-1)!);
		const begun = lines.length - (isWhole ? 0 : 1);
		if (begun === this.#begun && growing) return;
		const whole = isWhole ? open : lines.slice(0, -1).join('\n') + '\n';
		const children = topLevel(whole);
		const starts = children.slice(1).map(({ position }) => lineStart(whole, position!.start.offset!));
		let from = 0;
		for (const start of starts) {
			const html = renderMarkdown(whole.slice(from, start), { titles: this.#titles });
			this.#finished.push({ key: this.#finished.length, html });
			from = start;
		}
		this.#settled += whole.slice(0, from);
		this.#begun = whole.slice(from).split('\n').length - (isWhole ? 0 : 1);
		this.#inCode = endsInCode(children.at(-1));
	}
}

function topLevel(text: string): RootContent[] {
	try {
		return markdownParser.parse(text).children;
	} catch (error) {
		// Nested deeper than the stack holds: one block, which is shown as it stands.
		if (error instanceof RangeError) return [];
		throw error;
	}
}

/** From the start of the line: its indentation belongs to the block. */
function lineStart(text: string, offset: number): number {
	while (offset > 0 && (text[offset - 1] === ' ' || text[offset - 1] === '\t')) offset--;
	return offset;
}

function endsInCode(node: RootContent | undefined): boolean {
	if (!node || !('children' in node)) return node?.type === 'code';
	return endsInCode(node.children.at(-1));
}

/** A line that is not whole yet, but of which is certain what it begins: words, perhaps behind a mark. */
const BEGUN = /^[ \t]*(?:(?:[-+*]|#{1,6}|\d{1,9}[.)])[ \t]+|>[ \t]?)?(?:\*\*|[*_`])?\p{L}/u;

/**
 * At the end, the beginning of a citation, or of a line that is nothing but a mark so far: `-` below a paragraph would
 * make it a heading for a moment.
 */
const HALF_WRITTEN =
	/(?: ?\[(?:\d[\d, ]*)?|(?:^|\n)[ \t]*(?:-+|=+|[*+]{1,2}|#{1,6}|\d{1,9}[.)]?|`{1,2}|>)[ \t]*)$/;
