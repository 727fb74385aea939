import type { Block, Passage } from './quote-block.ts';
import { tidyMarkup } from './quote-markup.ts';
import { shinglesOf } from './quote-terms.ts';

/** Stands where blocks were left out. */
const OMISSION = '…';
/** Less than this is not left out, in characters. */
const LEAST_OMISSION = 160;
/** Share of the best block's score from which on a block is quoted although nothing beside it is. */
const NEARLY_AS_GOOD = 0.6;
/** What standing right after or before a chosen block counts, as a share of what that one counted. */
const BESIDE = { after: 0.35, before: 0.25 };
/** Share of a text's words in a row that were chosen already, from which on it is the same text about another variant. */
const REPEATED = 0.7;
/** A text with fewer different runs of words is too short to tell. */
const LEAST_SHINGLES = 12;

/** What is left of a block that held nothing but images. */
const EMPTY = /^[\s>]*(?:(?:[-*+]|\d+[.)])\s*)?$/;
/** Ends with a colon, or is nothing but a label in bold type. */
const ANNOUNCES = /[:：]\s*$|^[\s>]*(?:\*\*|__)[^*_\n]+(?:\*\*|__)\s*$/;

/**
 * Which blocks to quote of a passage that is too long: those around the best one, and around others that are nearly as good, until the room
 * is used up. A block brings along what it needs: the item or table that it is in, what it announces, and what announces it. A text that
 * nearly repeats a chosen one (the same step in another language) leaves its room to others.
 * @param scores of the blocks, in their order
 * @param room in characters; the best block is taken however long it is. `whole` is for code, which may need more than `cut` to come
 * along with its text.
 * @returns indices, ascending
 */
export function chooseBlocks(
	blocks: readonly Block[],
	scores: readonly number[],
	room: { cut: number; whole: number }
): number[] {
	const announcements = announcementsOf(blocks);
	const top = Math.max(...scores);
	const isChosen = blocks.map(() => false);
	/** What each block counts; 0 for one that is chosen, does not fit or stands by itself without being as good. */
	const worths = scores.map((score) => (score >= NEARLY_AS_GOOD * top ? score : 0));
	const rejected = new Set<number>();
	const said = new Set<string>();
	let length = 0;

	const needs = (index: number) => neededWith(blocks, announcements, index).filter((each) => !isChosen[each]);
	const take = (indices: readonly number[], worth: number) => {
		for (const index of indices) {
			isChosen[index] = true;
			if (isText(blocks[index]!)) for (const shingle of shinglesOf(blocks[index]!.text)) said.add(shingle);
		}
		length += lengthOf(blocks, indices);
		for (const index of indices) {
			worths[index] = 0;
			invite(index + 1, BESIDE.after * worth);
			invite(index - 1, BESIDE.before * worth);
		}
	};
	const invite = (index: number, worth: number) => {
		if (scores[index] === undefined || isChosen[index] || rejected.has(index)) return;
		worths[index] = Math.max(worths[index]!, scores[index] + worth);
	};

	take(needs(scores.indexOf(top)), top || 1);
	for (;;) {
		const most = Math.max(...worths);
		if (most <= 0) break;
		const next = worths.indexOf(most);
		const added = needs(next);
		const fits = length + lengthOf(blocks, added) <= (blocks[next]!.kind === 'code' ? room.whole : room.cut);
		if (fits && !repeats(blocks[next]!, said)) take(added, most);
		else {
			rejected.add(next);
			worths[next] = 0;
		}
	}
	return withoutSmallGaps(blocks, isChosen);
}

function isText({ kind }: Block): boolean {
	return kind === 'paragraph' || kind === 'item';
}

function repeats(block: Block, said: ReadonlySet<string>): boolean {
	if (!isText(block)) return false;
	const shingles = [...shinglesOf(block.text)];
	const repeated = shingles.filter((shingle) => said.has(shingle)).length;
	return shingles.length >= LEAST_SHINGLES && repeated >= REPEATED * shingles.length;
}

/** A block and all that it makes no sense without. */
function neededWith(
	blocks: readonly Block[],
	announcements: readonly (number | null)[],
	index: number
): number[] {
	const needed = new Set<number>();
	const pending = [index];
	for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
		const block = blocks[at];
		if (!block || needed.has(at)) continue;
		needed.add(at);
		const announcement = announcements[at]!;
		if (announcement !== null) pending.push(announcement);
		if (block.parent !== null) pending.push(block.parent);
		if (announcesNext(block)) pending.push(at + 1);
	}
	return [...needed];
}

function announcesNext({ kind, text }: Block): boolean {
	return kind === 'heading' || (kind !== 'code' && ANNOUNCES.test(text));
}

/** For each block the text that announces it, or the list that it is an item of; for code, whatever text stands before it. */
function announcementsOf(blocks: readonly Block[]): (number | null)[] {
	const announcements: (number | null)[] = [];
	blocks.forEach(({ kind, parent }, index) => {
		let before: number | null = index - 1;
		if (kind === 'item') {
			while (before !== null && blocks[before] && blocks[before]!.parent !== parent)
				before = blocks[before]!.parent;
			if (before !== null && blocks[before]?.kind === 'item') {
				announcements.push(announcements[before]!);
				return;
			}
			before = index - 1;
		}
		const block = blocks[before];
		const isText = block && block.kind !== 'code' && block.kind !== 'row';
		announcements.push(isText && (kind === 'code' || announcesNext(block)) ? before : null);
	});
	return announcements;
}

function lengthOf(blocks: readonly Block[], indices: readonly number[]): number {
	return indices.reduce((sum, index) => sum + blocks[index]!.text.length + 2, 0);
}

function withoutSmallGaps(blocks: readonly Block[], isChosen: readonly boolean[]): number[] {
	const kept: number[] = [];
	let gap: number[] = [];
	const closeGap = () => {
		if (lengthOf(blocks, gap) <= LEAST_OMISSION) kept.push(...gap);
		gap = [];
	};
	isChosen.forEach((chosen, index) => {
		if (!chosen) gap.push(index);
		else {
			closeGap();
			kept.push(index);
		}
	});
	closeGap();
	return kept;
}

/**
 * The chosen blocks as Markdown: as they stand, with `…` where others were left out and behind a last one that announces what the passage
 * does not hold; empty when they hold nothing but images.
 */
export function writeExcerpt({ blocks, lines, definitions }: Passage, chosen: Iterable<number>): string {
	const wanted = new Set(chosen);
	const parents = new Set([...wanted].map((index) => blocks[index]!.parent));
	let excerpt = '';
	let previous: Block | null = null;
	let leftOut: Block[] = [];
	let hasVanished = false;
	blocks.forEach((block, index) => {
		const text = block.kind === 'code' ? block.text : tidyMarkup(block.text, definitions);
		if (EMPTY.test(text) && !parents.has(index)) hasVanished = true;
		else if (!wanted.has(index)) leftOut.push(block);
		else {
			if (leftOut.length > 0) excerpt += omission(previous, leftOut, block);
			else if (hasVanished) excerpt += previous ? '\n\n' : '';
			else if (previous) excerpt += gapOf(lines.slice(previous.to, block.from));
			excerpt += text;
			previous = block;
			leftOut = [];
			hasVanished = false;
		}
	});
	if (!previous) return excerpt;
	if (leftOut.length > 0) return excerpt + omission(previous, leftOut, null);
	return announcesNext(previous) ? `${excerpt}\n\n${OMISSION}` : excerpt;
}

/** What stands between two blocks, with at most one blank line in a row. */
function gapOf(lines: readonly string[]): string {
	const kept = lines.filter((line, at) => line !== '' || lines[at - 1] !== '');
	return ['', ...kept, ''].join('\n');
}

/** The mark of blocks that were left out, where both neighbours stay what they are. */
function omission(previous: Block | null, leftOut: readonly Block[], next: Block | null): string {
	let mark = '';
	let others = leftOut;
	if (previous && leftOut[0]!.kind === 'row') {
		mark = `\n${marginOf(leftOut[0]!)}| ${OMISSION} |`;
		const end = leftOut.findIndex(({ kind }) => kind !== 'row');
		others = end === -1 ? [] : leftOut.slice(end);
		if (next?.kind === 'row' && others.length === 0) return `${mark}\n`;
	}
	const margin = next ? marginOf(next) : '';
	// A mark inside a quote belongs to the quote; one that opens a quote stands before it.
	const isInside = previous !== null && marginOf(previous).includes('>');
	const inset = (isInside ? margin : margin.replace(/>.*/, '')).slice(
		0,
		next && isIndented(next) ? -4 : undefined
	);
	const blank = `\n${inset.trimEnd()}\n`;
	if (others.length > 0) mark += `${previous ? blank : ''}${inset}${OMISSION}`;
	return next ? mark + blank : mark;
}

/** Indentation and marks of quotes before a block. */
function marginOf({ text }: Block): string {
	return /^[ \t>]*/.exec(text)![0];
}

function isIndented({ kind, text }: Block): boolean {
	return kind === 'code' && !/^[ \t>]*(?:`{3}|~{3})/.test(text);
}
