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
const WORTHWHILE = 0.4;
/** Prose quoted from one source, in characters. */
const PROSE_CHARACTERS = 450;
/** Blocks between a sentence and the code that belongs to it. */
const CODE_DISTANCE = 2;

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
		// One passage alone is rarely enough: the second is quoted even when it is much weaker.
		if (quotes.length >= 2 && reading.score < WORTHWHILE * top) break;
		if (quotes.length >= 1 && reading.score === 0 && top > 0) break;
		const blocks = cutOut(reading, ASKS_FOR_CODE.test(question));
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

/** The blocks around the best unit that make sense alone. */
function cutOut({ blocks, units, best }: Reading, asksForCode: boolean): Block[] {
	const unit = best && best.score > 0 ? best : units[0]!;
	const at = unit.block;
	const block = blocks[at]!;
	const chosen = new Map<number, Block>();
	if (block.kind === 'paragraph') chosen.set(at, shorten(block, unit, units));
	else chosen.set(at, block);

	const before = blocks[at - 1];
	const leads = before?.kind === 'paragraph' && (block.kind !== 'paragraph' || /:$/.test(before.text));
	if (leads) chosen.set(at - 1, lastSentences(before));
	if (block.kind === 'item') {
		for (const sibling of units) {
			const isNear = Math.abs(sibling.block - at) <= 3 && blocks[sibling.block]!.kind === 'item';
			if (isNear && sibling.score > 0) chosen.set(sibling.block, blocks[sibling.block]!);
		}
	}
	if (block.kind !== 'code') addCode(chosen, blocks, units, unit, asksForCode);
	if (/:$/.test(block.text) && blocks[at + 1]?.kind === 'item') {
		for (let next = at + 1; blocks[next]?.kind === 'item' && next <= at + 6; next++) {
			chosen.set(next, blocks[next]!);
		}
	}
	return [...chosen].sort(([a], [b]) => a - b).map(([, each]) => each);
}

/** Takes in the code that follows closely, with what stands between, when it is likely to be what was asked for. */
function addCode(
	chosen: Map<number, Block>,
	blocks: readonly Block[],
	units: readonly Unit[],
	best: Unit,
	asksForCode: boolean
): void {
	for (let at = best.block + 1; at <= best.block + CODE_DISTANCE; at++) {
		if (blocks[at]?.kind !== 'code') continue;
		const score = units.find((unit) => unit.block === at)?.score ?? 0;
		const announced = /:$/.test(blocks[at - 1]!.text);
		if (!asksForCode && !announced && score < best.score / 3) return;
		for (let between = best.block + 1; between < at; between++) {
			chosen.set(between, lastSentences(blocks[between]!));
		}
		chosen.set(at, blocks[at]!);
		return;
	}
}

/** A long paragraph as the best sentence with what follows it, and what comes before when it refers back. */
function shorten(block: Block, best: Unit, units: readonly Unit[]): Block {
	if (block.text.length <= PROSE_CHARACTERS) return block;
	const sentences = units.filter((unit) => unit.block === best.block);
	let from = sentences.indexOf(best);
	if (from > 0 && /^(?:this|that|these|those|it|they|then|so|but|and|here|however)\b/i.test(best.text))
		from -= 1;
	const kept: string[] = [];
	let length = 0;
	for (const { text } of sentences.slice(from)) {
		if (kept.length > 0 && length + text.length > PROSE_CHARACTERS) break;
		kept.push(text);
		length += text.length;
	}
	return { kind: 'paragraph', text: kept.join(' ') };
}

/** The end of a paragraph, which leads to what comes after it. */
function lastSentences(block: Block): Block {
	if (block.kind !== 'paragraph' || block.text.length <= PROSE_CHARACTERS / 2) return block;
	return { kind: 'paragraph', text: splitSentences(block.text).at(-1) ?? block.text };
}
