import type { Source } from '#lib/contract/chunk.ts';
import { splitBlocks, splitSentences, type Block } from './quote-block.ts';
import { termsOf } from './quote-terms.ts';

/** What is quoted from one source: blocks in their order, prose shortened to what answers. */
export interface Quote {
	source: Source;
	blocks: Block[];
}

/** A sentence, list item, code block or table, weighed by itself. */
interface Unit {
	block: number;
	text: string;
	terms: Set<string>;
	score: number;
}

/** A source taken apart. */
interface Reading {
	source: Source;
	blocks: Block[];
	units: Unit[];
	best: Unit | null;
	score: number;
}

const MOST_QUOTES = 4;
/** A source whose score is below this share of the best one's is not quoted. */
const WORTHWHILE = 0.5;
/** Prose quoted from the best source and from each other one, in characters. */
const PROSE_CHARACTERS = { best: 650, other: 350 };
/** Code blocks quoted from one source. */
const MOST_CODE = 2;

/** Quotes when no source shares a word with the question. */
const UNRELATED = 2;

const ASKS_FOR_CODE = /\bhow\b|\bexamples?\b|\bcode\b|\bsnippets?\b|\bsyntax\b|\bcommands?\b/i;

/**
 * The passages that answer best, best first: the sentences that share most of the question's words, rare ones weighing
 * more (inverse frequency among all units of these sources), with the code that goes with them. The order of the
 * sources, which retrieval has judged with more evidence, counts too. Without any shared word the first sources are quoted
 * from their beginning.
 */
export function chooseQuotes(question: string, sources: readonly Source[]): Quote[] {
	const wanted = termsOf(question);
	const readings = sources.map(read);
	const weights = weigh(wanted, readings);
	readings.forEach((reading, position) => rate(reading, weights, position));
	const ranked = readings.filter((reading) => reading.units.length > 0).sort((a, b) => b.score - a.score);
	const top = ranked[0]?.score ?? 0;
	const seen = new Set<string>();
	const quotes: Quote[] = [];
	for (const reading of ranked) {
		if (quotes.length === MOST_QUOTES) break;
		if (quotes.length >= 1 && reading.score < WORTHWHILE * top) break;
		if (top === 0 && quotes.length === UNRELATED) break;
		const room = quotes.length === 0 ? PROSE_CHARACTERS.best : PROSE_CHARACTERS.other;
		const blocks = cutOut(reading, room, ASKS_FOR_CODE.test(question));
		const key = blocks.map((block) => block.text.replace(/\W+/g, ' ')).join(' ');
		if (seen.has(key)) continue;
		seen.add(key);
		quotes.push({ source: reading.source, blocks });
	}
	return quotes;
}

function read(source: Source): Reading {
	const blocks = splitBlocks(source.text);
	const units = blocks.flatMap((block, index) => {
		const texts = block.kind === 'paragraph' ? splitSentences(block.text) : [block.text];
		return texts.map((text): Unit => ({ block: index, text, terms: termsOf(text), score: 0 }));
	});
	return { source, blocks, units, best: null, score: 0 };
}

/** Weight of each word of the question: rare among the units is telling, and an identifier more so. */
function weigh(wanted: ReadonlySet<string>, readings: readonly Reading[]): Map<string, number> {
	const units = readings.flatMap((reading) => reading.units);
	const weights = new Map<string, number>();
	for (const term of wanted) {
		const frequency = units.filter((unit) => unit.terms.has(term)).length;
		const identifier = /[_.]/.test(term) ? 1.5 : 1;
		weights.set(term, identifier * Math.log(1 + units.length / (1 + frequency)));
	}
	return weights;
}

function rate(reading: Reading, weights: ReadonlyMap<string, number>, position: number): void {
	const overlap = (terms: ReadonlySet<string>) => {
		let sum = 0;
		for (const [term, weight] of weights) if (terms.has(term)) sum += weight;
		return sum;
	};
	const raw = reading.units.map((unit) => overlap(unit.terms) * quality(unit, reading.blocks[unit.block]!));
	reading.units.forEach((unit, at) => {
		// What stands beside a telling sentence often is the answer to it.
		const neighbours = (raw[at - 1] ?? 0) + (raw[at + 1] ?? 0);
		unit.score = raw[at]! === 0 ? 0 : raw[at]! + 0.2 * neighbours;
		if (!reading.best || unit.score > reading.best.score) reading.best = unit;
	});
	const heading = overlap(termsOf([reading.source.title, ...reading.source.heading_path].join(' ')));
	const base = (reading.best?.score ?? 0) + 0.5 * heading;
	reading.score = base / (1 + 0.15 * position);
}

/** How much a unit says for its words: fragments and questions say little, long ones hold any word by chance. */
function quality({ text }: Unit, { kind }: Block): number {
	const words = text.split(/\s+/).length;
	if (kind === 'code') return 0.8;
	if (words < 4) return 0.5;
	const asksItself = text.endsWith('?') ? 0.6 : 1;
	return asksItself / (1 + Math.max(0, words - 30) / 60);
}

/** Refers to what was said before. */
const REFERS_BACK =
	/^(?:this|that|these|those|it|they|then|so|but|and|here|however|otherwise|in (?:this|that) case)\b/i;

/**
 * A run of units around the best one that makes sense alone. It grows by the neighbour that says more, until the room for
 * prose is used up; what ends with a colon brings what it announces, what refers back brings what it refers to.
 */
function cutOut({ blocks, units, best }: Reading, room: number, asksForCode: boolean): Block[] {
	const core = best && best.score > 0 ? best : units[0]!;
	const kindOf = (unit: Unit) => blocks[unit.block]!.kind;
	let from = units.indexOf(core);
	let to = from;
	let prose = kindOf(core) === 'code' ? 0 : core.text.length;
	let code = kindOf(core) === 'code' ? 1 : 0;

	/** What a neighbour is worth; below 0 it stays out. */
	const worth = (unit: Unit | undefined, needed: boolean, direction: number): number => {
		if (!unit) return -1;
		if (kindOf(unit) === 'code') {
			if (code === MOST_CODE) return -1;
			const wanted = needed || asksForCode || unit.score >= core.score / 3;
			return wanted ? direction * Math.max(unit.score, core.score / 2) : -1;
		}
		if (needed) return Infinity;
		if (prose + unit.text.length > room) return -1;
		if (unit.score === 0 && prose >= room / 2) return -1;
		return direction * unit.score;
	};
	for (;;) {
		const [first, last] = [units[from]!, units[to]!];
		const leadIn = /:$/.test(units[from - 1]?.text ?? '') || kindOf(first) === 'code';
		const before = worth(units[from - 1], leadIn || REFERS_BACK.test(first.text), 0.7);
		const after = worth(units[to + 1], /:$/.test(last.text), 1);
		if (before < 0 && after < 0) break;
		const taken = after >= before ? units[(to += 1)]! : units[(from -= 1)]!;
		if (kindOf(taken) === 'code') code += 1;
		else prose += taken.text.length;
	}
	// An announcement of what was left out of the passage says nothing.
	if (/:$/.test(units[to]!.text) && units[to] !== core) to -= 1;
	return joinUnits(units.slice(from, to + 1), blocks);
}

/** Units as blocks again: sentences of one paragraph together, everything else as it was. */
function joinUnits(units: readonly Unit[], blocks: readonly Block[]): Block[] {
	const texts = new Map<number, string[]>();
	for (const { block, text } of units) texts.set(block, [...(texts.get(block) ?? []), text]);
	return [...texts].map(([block, parts]) => ({ ...blocks[block]!, text: parts.join(' ') }));
}
