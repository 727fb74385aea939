import type { Source } from '#lib/contract/chunk.ts';
import type { Breather } from '#lib/server/breather.ts';
import { splitBlocks, type Block, type Passage } from './quote-block.ts';
import { chooseBlocks, writeExcerpt } from './quote-excerpt.ts';
import { QuestionTerms, shinglesOf } from './quote-terms.ts';

/** What is quoted of a source, as Markdown. */
export interface Quote {
	source: Source;
	text: string;
}

/** A source taken apart. */
interface Reading {
	source: Source;
	passage: Passage;
	/** Of each block: the terms of the question in it, and how many words it has. */
	blocks: { terms: readonly string[]; words: number }[];
	heading: readonly string[];
	scores: number[];
	/** How much of the question it has. */
	overlap: number;
	/** The same, weighed by its place among the sources. */
	score: number;
}

const MOST_QUOTES = 3;
/** A source whose overlap with the question is below this share of the largest one is not quoted. */
const WORTHWHILE = 0.4;
/** What counts in the source at place p, from 0, is divided by 1 + LATER · p: retrieval has judged with more evidence than there is here. */
const LATER = 0.5;
/** Characters of the best section and of each other one: up to `whole` it is quoted as it stands, a longer one is shortened to `cut`, or to `whole` with code. */
const ROOM = { best: { whole: 2500, cut: 2000 }, other: { whole: 1500, cut: 1200 } };
/** What another section of a page that is quoted already counts. */
const SAME_PAGE = 0.75;
/** Share of the words in a row of a section that were quoted already, from which on it says nothing new. */
const NEAR_DUPLICATE = 0.7;

/** Quotes when no source shares a word with the question. */
const UNRELATED = 2;

/**
 * The sections that answer best, best first. A section counts by the terms of the question in it, in its best block and its headings above
 * all (a term weighs more the fewer blocks of these sources have it: inverse frequency), and by its place among the sources. A section of a
 * page that is quoted already counts a little less, and one that only repeats is left out. Where no term is shared, the first sources are
 * quoted.
 * @throws AppError `cancelled` when the signal of the breather has fired.
 */
export async function chooseQuotes(
	question: string,
	sources: readonly Source[],
	breather: Breather
): Promise<Quote[]> {
	const wanted = new QuestionTerms(question);
	const readings: Reading[] = [];
	for (const source of sources) {
		readings.push(read(source, wanted));
		await breather.breathe();
	}
	const weights = weigh(wanted.all, readings);
	readings.forEach((reading, position) => rate(reading, weights, position));

	const top = Math.max(0, ...readings.map(({ overlap }) => overlap));
	const most = top === 0 ? UNRELATED : MOST_QUOTES;
	const left = new Set(readings);
	const pages = new Set<string>();
	const said = new Set<string>();
	const quotes: Quote[] = [];
	while (quotes.length < most && left.size > 0) {
		const worth = ({ source, score }: Reading) => score * (pages.has(pageOf(source)) ? SAME_PAGE : 1);
		const best = [...left].reduce((a, b) => (worth(b) > worth(a) ? b : a));
		left.delete(best);
		if (quotes.length > 0 && best.overlap < WORTHWHILE * top) continue;
		const text = excerptOf(best, quotes.length === 0 ? ROOM.best : ROOM.other);
		await breather.breathe();
		const shingles = shinglesOf(text);
		const repeated = [...shingles].filter((shingle) => said.has(shingle)).length;
		if (shingles.size === 0 || repeated >= NEAR_DUPLICATE * shingles.size) continue;
		for (const shingle of shingles) said.add(shingle);
		pages.add(pageOf(best.source));
		quotes.push({ source: best.source, text });
	}
	return quotes;
}

const pageOf = ({ library, document }: Source) => `${library}\n${document}`;

function read(source: Source, wanted: QuestionTerms): Reading {
	const passage = splitBlocks(source.text);
	const blocks = passage.blocks.map(({ text }) => wanted.sharedBy(text));
	const heading = wanted.sharedBy([source.title, ...source.heading_path].join('\n')).terms;
	return { source, passage, blocks, heading, scores: [], overlap: 0, score: 0 };
}

/** Weight of each term of the question: rare among the blocks is telling, and an identifier more so. */
function weigh(wanted: readonly string[], readings: readonly Reading[]): Map<string, number> {
	const blocks = readings.flatMap((reading) => reading.blocks);
	const frequencies = new Map(wanted.map((term) => [term, 0]));
	for (const { terms } of blocks) for (const term of terms) frequencies.set(term, frequencies.get(term)! + 1);
	for (const [term, frequency] of frequencies) {
		const identifier = /[_.]/.test(term) ? 1.5 : 1;
		frequencies.set(term, identifier * Math.log(1 + blocks.length / (1 + frequency)));
	}
	return frequencies;
}

function rate(reading: Reading, weights: ReadonlyMap<string, number>, position: number): void {
	const sum = (terms: Iterable<string>) => {
		let total = 0;
		for (const term of terms) total += weights.get(term)!;
		return total;
	};
	const raw = reading.blocks.map(
		(block, at) => sum(block.terms) * quality(block.words, reading.passage.blocks[at]!)
	);
	// What stands beside a telling block often is the answer to it.
	reading.scores = raw.map((own, at) =>
		own === 0 ? 0 : own + 0.2 * ((raw[at - 1] ?? 0) + (raw[at + 1] ?? 0))
	);
	const best = Math.max(0, ...reading.scores);
	const covered = sum(new Set([...reading.heading, ...reading.blocks.flatMap(({ terms }) => terms)]));
	reading.overlap = saysMoreThanItsHeading(reading.source)
		? best + 0.5 * sum(reading.heading) + 0.5 * covered
		: 0;
	reading.score = reading.overlap / (1 + LATER * position);
}

/** A heading with nothing below it is a passage of its own. */
function saysMoreThanItsHeading({ title, heading_path, text }: Source): boolean {
	return text.trim() !== (heading_path.at(-1) ?? title);
}

/** How much a block says for its words: fragments and questions say little, long ones hold any word by chance. */
function quality(words: number, { kind, text }: Block): number {
	if (kind === 'code') return 0.8;
	if (words < 4) return 0.5;
	const asksItself = /[?？]\s*$/.test(text) ? 0.6 : 1;
	return asksItself / (1 + Math.max(0, words - 30) / 60);
}

function excerptOf({ passage, scores, source }: Reading, room: { whole: number; cut: number }): string {
	const { blocks } = passage;
	if (source.text.length <= room.whole) return writeExcerpt(passage, blocks.keys());
	return writeExcerpt(passage, chooseBlocks(blocks, scores, room));
}
