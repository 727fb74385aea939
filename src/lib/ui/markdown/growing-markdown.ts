import type { RootContent } from 'mdast';
import { headOf, pieceLength, placeToCut, withoutDeepMarks } from './pieces.ts';
import { markdownParser } from './plain-markdown.ts';
import { renderMarkdown, type RenderContext } from './render.ts';
import type { TextMark } from './text-marks.ts';

/** A top-level piece of the text: a paragraph, a list, a block of code. */
export interface Block {
	/** Stays the same while the block grows. */
	key: number;
	html: string;
	/** Whether it goes on with the block before, which was too long for one. */
	continued: boolean;
}

/** A block that is not made again, unless there are more colours for its code. */
interface Finished extends Block {
	source: string;
	place: Place;
}

/** Where a part begins in the text, and the marks within it by its own offsets. */
interface Place {
	offset: number;
	marks: readonly TextMark[];
}

/**
 * Renders a text that only grows, such as a streamed answer: finished blocks are rendered once and kept, and each update
 * renders only the last. A block is finished when a later one has begun, because Markdown never goes back to a closed
 * block. What one block defines (the address of `[name]`) does not reach the others. Whatever the text, no more than
 * `LONGEST_PIECE` characters (`LONGEST_CODE` of code) are parsed at one go: a longer block is cut.
 */
export class GrowingMarkdown {
	readonly #context: RenderContext;
	readonly #make: typeof renderMarkdown;
	#finished: Finished[] = [];
	/** What the finished blocks were made from. */
	#settled = '';
	/** What the open part begins with again, because its block was cut. */
	#head = '';
	#continued = false;
	/** Line beginnings of the open part that were looked at: without a new one no block can have been finished. */
	#begun = 0;
	/** Whether the open part ends in code, where nothing is a mark. */
	#inCode = false;
	#behind = false;
	#marks: readonly TextMark[] = [];
	#last: { source: string; growing: boolean; block: Block | null } = {
		source: '',
		growing: false,
		block: null
	};

	/** @param make what a block is made into. */
	constructor(context: RenderContext = {}, make: typeof renderMarkdown = renderMarkdown) {
		this.#context = context;
		this.#make = make;
	}

	/** Whether the last rendering left something for the next, with the same text or a longer one. */
	get behind(): boolean {
		return this.#behind;
	}

	/**
	 * @param markdown the whole text so far; if it does not continue the last one, everything is rendered anew.
	 * @param growing whether more is to come.
	 * @param enough asked after each long piece: whether to leave the rest for another time, so that a text which comes all
	 * at once does not hold up the page. Everything is rendered by default.
	 */
	render(markdown: string, growing: boolean, enough: () => boolean = () => false): Block[] {
		const text = withoutDeepMarks(markdown);
		// Offsets of a text that was changed are not known.
		this.#marks = text === markdown && !growing ? (this.#context.marks ?? []) : [];
		if (!text.startsWith(this.#settled)) {
			this.#finished = [];
			this.#settled = '';
			this.#head = '';
			this.#continued = false;
			this.#begun = 0;
			this.#inCode = false;
		}
		this.#behind = !this.#cut(text, enough);
		if (this.#behind) return [...this.#finished];
		this.#settle(text, growing);
		const open = this.#openPart(text);
		const source = growing && !this.#inCode ? open.replace(HALF_WRITTEN, '') : open;
		const last = this.#renderLast(source, growing);
		return last ? [...this.#finished, last] : [...this.#finished];
	}

	/** The place of the part that comes next. */
	#placeOf(part: string): Place {
		const offset = this.#settled.length - this.#head.length;
		const marks = this.#marks
			.filter(({ start, end }) => end > offset && start < offset + part.length)
			.map((mark) => ({ ...mark, start: mark.start - offset, end: mark.end - offset }));
		return { offset, marks };
	}

	#openPart(text: string): string {
		return this.#head + text.slice(this.#settled.length);
	}

	#renderLast(source: string, growing: boolean): Block | null {
		const key = this.#finished.length;
		const { block } = this.#last;
		if (this.#last.source !== source || this.#last.growing !== growing || block?.key !== key) {
			const options = { ...this.#context, ...this.#placeOf(source), growing };
			const html = source === this.#head ? '' : this.#make(source, options);
			const fresh = html === '' ? null : { key, html, continued: this.#continued };
			this.#last = { source, growing, block: fresh };
		}
		return this.#last.block;
	}

	/** Makes the blocks with code of a language again: its colours have been loaded. */
	recolour(language: string): void {
		const mark = `<code class="language-${language}">`;
		this.#finished = this.#finished.map((block) =>
			block.html.includes(mark)
				? { ...block, html: this.#make(block.source, { ...this.#context, ...block.place }) }
				: block
		);
		this.#last.block = null;
	}

	/** Finishes blocks until what is left can be read at one go; tells whether it came that far. */
	#cut(text: string, enough: () => boolean): boolean {
		for (;;) {
			const open = this.#openPart(text);
			const longest = pieceLength(open);
			if (open.length <= longest) return true;
			const piece = open.slice(0, placeToCut(open, longest));
			const children = topLevel(piece);
			const starts = laterStarts(piece, children);
			// Whether the last block is whole can be told only with what comes after it.
			if (starts.length > 0) this.#finish(piece, starts);
			else this.#finishPart(piece, headOfRest(piece, children[0]));
			this.#begun = 0;
			if (enough()) return false;
		}
	}

	#settle(text: string, growing: boolean): void {
		const open = this.#openPart(text);
		const lines = open.split('\n');
		const isWhole = !growing || BEGUN.test(lines.at(-1)!);
		const begun = lines.length - (isWhole ? 0 : 1);
		if (begun === this.#begun && growing) return;
		let whole = isWhole ? open : lines.slice(0, -1).join('\n') + '\n';
		let children = topLevel(whole);
		for (let starts; (starts = laterStarts(whole, children)).length > 0; children = topLevel(whole)) {
			whole = this.#finish(whole, starts);
		}
		this.#begun = whole.split('\n').length - (isWhole ? 0 : 1);
		this.#inCode = endsInCode(children.at(-1));
	}

	/** Finishes all blocks of a text but the last, which it gives back. */
	#finish(text: string, starts: readonly number[]): string {
		let from = 0;
		for (const start of starts) {
			this.#finishWhole(text.slice(from, start));
			from = start;
		}
		return text.slice(from);
	}

	/**
	 * Finishes a block, which by itself may be several: the parser takes `* 1.` and a line of words after it for one list behind a
	 * paragraph, and for a list and a paragraph elsewhere. In which steps a text has grown must not show.
	 */
	#finishWhole(text: string): void {
		let last = text;
		for (let starts; (starts = laterStarts(last, topLevel(last))).length > 0;)
			last = this.#finish(last, starts);
		this.#finishPart(last, null);
	}

	/** @param head what the rest of the block begins with again; null when the block is whole. */
	#finishPart(part: string, head: string | null): void {
		const place = this.#placeOf(part);
		const html = part === this.#head ? '' : this.#make(part, { ...this.#context, ...place });
		if (html !== '') {
			const key = this.#finished.length;
			this.#finished.push({ key, html, continued: this.#continued, source: part, place });
		}
		this.#settled += part.slice(this.#head.length);
		this.#head = head ?? '';
		this.#continued = head !== null;
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

/** Where the blocks after the first begin. A heading that the parser lets begin with the definitions before it is one block with them. */
function laterStarts(text: string, children: readonly RootContent[]): number[] {
	const starts: number[] = [];
	for (const { position } of children.slice(1)) {
		const start = lineStart(text, position!.start.offset!);
		if (start > (starts.at(-1) ?? 0)) starts.push(start);
	}
	return starts;
}

function headOfRest(piece: string, block: RootContent | undefined): string | null {
	if (!block) return '';
	return headOf(piece.slice(lineStart(piece, block.position!.start.offset!)), block.type);
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
	/(?: ?[[［【](?:\^|[Ss]ources? ?)?(?:[\d０-９][\d０-９,;、 –-]*)?(?:†[^】\n]*)?|(?:^|\n)[ \t]*(?:-+|=+|[*+]{1,2}|#{1,6}|\d{1,9}[.)]?|`{1,2}|>)[ \t]*)$/;
