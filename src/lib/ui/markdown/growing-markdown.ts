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
 * renders only what is still open. A block is finished when a later one has begun on a whole line, because Markdown
 * never goes back to a closed block.
 */
export class GrowingMarkdown {
	readonly #titles: readonly string[];
	#finished: Block[] = [];
	/** What the finished blocks were made from. */
	#settled = '';
	/** Number of line ends that were looked at: without a new one no block can have been finished. */
	#lines = 0;

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
			this.#lines = 0;
		}
		this.#settle(text);
		const open = text.slice(this.#settled.length);
		const shown = growing ? open.replace(OPEN_CITATION, '') : open;
		const html = renderMarkdown(shown, { titles: this.#titles, caret: growing });
		return html === '' ? [...this.#finished] : [...this.#finished, { key: this.#finished.length, html }];
	}

	#settle(text: string): void {
		const open = text.slice(this.#settled.length);
		const whole = open.slice(0, open.lastIndexOf('\n') + 1);
		const lines = whole.split('\n').length;
		if (lines === this.#lines) return;
		this.#lines = lines;
		const starts = markdownParser
			.parse(whole)
			.children.slice(1)
			// From the start of the line: the indentation belongs to the block.
			.map((node) => whole.lastIndexOf('\n', (node.position?.start.offset ?? 0) - 1) + 1);
		let from = 0;
		for (const start of starts) {
			const html = renderMarkdown(whole.slice(from, start), { titles: this.#titles });
			this.#finished.push({ key: this.#finished.length, html });
			from = start;
		}
		this.#settled += whole.slice(0, from);
		this.#lines = whole.slice(from).split('\n').length;
	}
}

/** The beginning of a citation, which would be seen as text for a moment. */
const OPEN_CITATION = / ?\[(?:\d[\d, ]*)?$/;
