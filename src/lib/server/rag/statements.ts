import { citationMarks } from '#lib/contract/citation.ts';

/** A part of an answer that states something: a sentence, a row of a table, a block of code. */
export interface Statement {
	/** Offsets into the answer, in UTF-16 code units. */
	start: number;
	end: number;
	/** As it stands in the answer, but for what a line begins with and the citations. */
	text: string;
	isCode: boolean;
	/** Sources that it cites, or that its paragraph or list item does; empty when none is cited. */
	cited: number[];
}

/** Lines that belong together: a paragraph, a list item, a row, a block of code. */
interface Block {
	start: number;
	end: number;
	kind: 'prose' | 'row' | 'code';
}

const FENCE = /^\s*(`{3,}|~{3,})/;
const HEADING = /^\s{0,3}#{1,6}(?:\s|$)/;
const RULE = /^\s*(?:[-*_=]\s*){3,}$/;
const ITEM = /^[\s>]*(?:[-*+]|\d{1,9}[.)])\s+(?:\[[ xX]\]\s+)?/;
const ROW = /^\s*\|/;
const ROW_OF_RULES = /^[\s|:-]+$/;
/** The text of a footnote or the address of a reference: no statement. */
const DEFINITION = /^\s*\[\^?[^\]]+\]:\s/;
/** Where a sentence ends: its stop, what closes it, its citations, and then a blank or, in scripts without blanks, nothing. */
const STOP = /[.!?…]+["'”’)\]*_]*(?=\s|$|[[［【]\^?\d)|[。！？]+[”’」』）]*/gu;
/** A stop behind these ends no sentence. */
const ABBREVIATION =
	/(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|incl|resp|no|fig|sec|bzw|z\.B|d\.h|usw)|(?:^|[\s(])\p{L})\.$/iu;
/** What announces something else: it states nothing. */
const ANNOUNCES = /[:：]\s*$/u;

/** The statements of an answer, in order. */
export function statementsOf(answer: string): Statement[] {
	return blocksOf(answer).flatMap((block) => {
		const text = answer.slice(block.start, block.end);
		if (block.kind === 'code') return [{ ...block, text: codeOf(text), isCode: true, cited: [] as number[] }];
		const sentences = block.kind === 'row' ? [[0, text.length] as const] : sentencesOf(text);
		const citedByBlock = citedIn(text);
		let carried: number[] | null = null;
		const statements = sentences.map(([from, to]) => {
			const sentence = text.slice(from, to);
			const own = citedIn(sentence);
			return {
				start: block.start + from,
				end: block.start + to,
				text: withoutMarks(sentence),
				isCode: false,
				own
			};
		});
		// One without a citation draws on the next one that has some: models cite at the end of what they take from a source.
		for (const statement of statements.toReversed()) {
			if (statement.own.length > 0) carried = statement.own;
			else statement.own = carried ?? citedByBlock;
		}
		return statements
			.filter(({ text }) => !ANNOUNCES.test(text))
			.map(({ own, ...statement }): Statement => ({ ...statement, cited: own }));
	});
}

function citedIn(text: string): number[] {
	return [...new Set(citationMarks(withoutCode(text)).flatMap(({ numbers }) => numbers))];
}

/** With code spans blanked out, at the same length. */
function withoutCode(text: string): string {
	return text.replace(/(`+)(?!`)[^]*?[^`]\1(?!`)/g, (code) => ' '.repeat(code.length));
}

function withoutMarks(sentence: string): string {
	let plain = '';
	let from = 0;
	for (const { start, end } of citationMarks(withoutCode(sentence))) {
		plain += sentence.slice(from, start);
		from = end;
	}
	return (plain + sentence.slice(from)).replace(/\[([^\]]*)\]\(<?[^)\s]*>?(?:\s"[^"]*")?\)/g, '$1');
}

function codeOf(block: string): string {
	return block
		.split('\n')
		.filter((line) => !FENCE.test(line))
		.join('\n');
}

function blocksOf(answer: string): Block[] {
	const blocks: Block[] = [];
	let open: Block | null = null;
	let fence: string | null = null;
	const close = () => {
		if (open && open.end > open.start) blocks.push(open);
		open = null;
	};
	let at = 0;
	for (const line of answer.split('\n')) {
		const start = at;
		const end = at + line.length;
		at = end + 1;
		const mark = FENCE.exec(line)?.[1];
		if (fence !== null) {
			open!.end = end;
			if (mark?.startsWith(fence) && line.trim() === mark) {
				fence = null;
				close();
			}
			continue;
		}
		if (mark) {
			close();
			fence = mark;
			open = { start: start + line.indexOf(mark), end, kind: 'code' };
		} else if (line.trim() === '' || HEADING.test(line) || RULE.test(line) || DEFINITION.test(line)) {
			close();
		} else if (ROW.test(line)) {
			close();
			// The row above the rules names the columns.
			if (ROW_OF_RULES.test(line)) blocks.pop();
			else
				blocks.push({
					start: start + line.search(/\S/),
					end: end - (line.length - line.trimEnd().length),
					kind: 'row'
				});
		} else {
			const item = ITEM.exec(line)?.[0];
			if (item !== undefined || open === null) {
				close();
				const margin = item?.length ?? line.search(/[^\s>]/);
				open = { start: start + Math.max(0, margin), end, kind: 'prose' };
			} else open.end = end;
		}
	}
	close();
	return blocks;
}

/** The sentences of a paragraph as offsets, without the white space between; citations behind a stop belong to the sentence before. */
function sentencesOf(text: string): (readonly [number, number])[] {
	const masked = withoutCode(text);
	const marks = citationMarks(masked);
	const sentences: (readonly [number, number])[] = [];
	let from = 0;
	const add = (to: number) => {
		const sentence = text.slice(from, to);
		const start = from + (sentence.length - sentence.trimStart().length);
		const end = from + sentence.trimEnd().length;
		if (end > start && /[\p{L}\p{N}]/u.test(masked.slice(start, end) + text.slice(start, end)))
			sentences.push([start, end]);
		from = to;
	};
	for (const match of masked.matchAll(STOP)) {
		let end = match.index + match[0].length;
		if (end <= from || ABBREVIATION.test(masked.slice(Math.max(0, match.index - 12), match.index + 1)))
			continue;
		const behind = marks.find(
			({ start }) => start >= end && masked.slice(end, start).trim() === '' && start - end <= 2
		);
		if (behind) end = behind.end;
		add(end);
	}
	add(text.length);
	return sentences;
}
