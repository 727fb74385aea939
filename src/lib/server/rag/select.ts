import type { Chunk } from '#lib/contract/chunk.ts';
import type { DroppedAt } from '#lib/contract/trace.ts';
import type { PlacedChunk, SearchIndex } from '#lib/server/search/passage-index.ts';
import type { TraceRecorder } from '#lib/server/trace/recorder.ts';
import type { Knowledge } from './engine.ts';
import type { RankedPassage } from './rerank.ts';
import { isMostlyIn, shinglesOf } from './shingles.ts';
import { sourceRuns } from './sources.ts';
import { typicalTokens } from './token-estimate.ts';

/** How much may be given to a model. */
export interface SourceBudget {
	/** Tokens of all sources together. */
	tokens: number;
	/** Number of sources. */
	limit: number;
}

/** What was chosen, and why the rest was not. */
export interface Selection {
	/** The passages of each source in reading order; the best source first. */
	runs: PlacedChunk[][];
	/** Estimated tokens of the sources together. */
	tokens: number;
	dropped: { reason: DroppedAt; chunkIds: string[] }[];
}

/** Ranked passages that are looked at: what ranks lower does not come into 10,000 tokens. */
const CONSIDERED = 150;
/**
 * Worth of a passage: −RANK · ln(rank + 1) − PAGE · ln(1 + chosen of its page) − SIZE · ln(tokens). Ranks, because scores of different
 * rerankers do not compare. A page that is chosen from already adds less, and a short passage leaves room for others.
 */
const RANK = 1.5;
const PAGE = 0.6;
const SIZE = 0.6;
/** Tokens below which a budget counts as used up. */
const LEFT_OVER = 50;

/**
 * Chooses what the model is given: greedily the passage that adds most to what is chosen already, until the budget is used up. A chosen
 * passage that announces what follows, or begins with the code of what precedes it, brings that neighbour with it.
 * @param passages best first.
 */
export async function selectSources(
	passages: readonly RankedPassage[],
	index: Pick<SearchIndex, 'section'>,
	budget: SourceBudget
): Promise<Selection> {
	const waiting = passages.slice(0, CONSIDERED).map((passage, at) => new Considered(passage, at + 1));
	const chosen = new Chosen(budget);
	const redundant: string[] = [];
	const beyondLimit: Considered[] = [];
	while (waiting.length > 0 && chosen.left >= LEFT_OVER) {
		const best = takeBest(waiting, chosen);
		const { chunk_id } = best.chunk;
		if (chosen.has(chunk_id)) continue;
		if (chosen.says(best)) redundant.push(chunk_id);
		else if (!chosen.hasPlaceFor(best)) beyondLimit.push(best);
		else if (chosen.take(best)) {
			for (const needed of await completing(best, index)) {
				const neighbour = new Considered(needed, best.rank);
				if (!chosen.has(needed.chunk.chunk_id) && !chosen.says(neighbour)) chosen.take(neighbour);
			}
			// What was taken can have a neighbour here, or have made one source of two.
			for (const passage of beyondLimit.splice(0)) {
				(chosen.hasPlaceFor(passage) ? waiting : beyondLimit).push(passage);
			}
		}
	}
	const limited = beyondLimit.map(({ chunk }) => chunk.chunk_id);
	const decided = new Set([...redundant, ...limited]);
	const isOut = (id: string) => !chosen.has(id);
	return {
		runs: chosen.runs(),
		tokens: budget.tokens - chosen.left,
		dropped: [
			{ reason: 'redundant', chunkIds: redundant.filter(isOut) },
			{ reason: 'limit', chunkIds: limited.filter(isOut) },
			{
				reason: 'budget',
				chunkIds: passages.map(({ chunk_id }) => chunk_id).filter((id) => isOut(id) && !decided.has(id))
			}
		]
	};
}

/**
 * The choice as a step of a run: what was chosen and why the rest was not goes into its ledger.
 * @param passages best first.
 */
export function chooseSources(
	passages: readonly RankedPassage[],
	{ index }: Knowledge,
	trace: TraceRecorder,
	budget: SourceBudget
): Promise<Selection> {
	return trace.step('source_selection', async ({ details }) => {
		const selection = await selectSources(passages, index, budget);
		// Neighbours that no search found are in no other place of the ledger.
		trace.ledger.describe(selection.runs.flat().map(({ chunk }) => chunk));
		for (const { reason, chunkIds } of selection.dropped) {
			trace.ledger.dropAt(reason, chunkIds);
			details[`n_${reason}`] = chunkIds.length;
		}
		Object.assign(details, {
			n_sources: selection.runs.length,
			source_tokens: selection.tokens,
			room_tokens: budget.tokens
		});
		return selection;
	});
}

/** About as many tokens as a passage, or a source, takes in a prompt: its text, and the headings above it. */
export function passageTokens({
	library,
	title,
	heading_path,
	text
}: Pick<Chunk, 'library' | 'title' | 'heading_path' | 'text'>): number {
	return typicalTokens([library, title, ...heading_path].join(' > ')) + typicalTokens(text);
}

/** A passage that may be chosen. */
class Considered implements PlacedChunk {
	readonly chunk: Chunk;
	readonly position: number;
	readonly rank: number;
	/** Estimated, with its headings. */
	readonly tokens: number;
	readonly page: string;
	/** Worth as far as it does not depend on what is chosen. */
	readonly ownWorth: number;
	#shingles: Uint32Array | undefined;

	constructor({ chunk, position }: PlacedChunk, rank: number) {
		this.chunk = chunk;
		this.position = position;
		this.rank = rank;
		this.page = `${chunk.library}\0${chunk.document}`;
		this.tokens = passageTokens(chunk);
		this.ownWorth = -RANK * Math.log(rank + 1) - SIZE * Math.log(this.tokens);
	}

	/** Read on demand: most passages are never compared. */
	get shingles(): Uint32Array {
		return (this.#shingles ??= shinglesOf(this.chunk.text));
	}
}

/** What has been chosen so far. */
class Chosen {
	left: number;
	readonly #limit: number;
	readonly #passages: Considered[] = [];
	readonly #ids = new Set<string>();
	readonly #ofPage = new Map<string, number>();

	constructor({ tokens, limit }: SourceBudget) {
		this.left = tokens;
		this.#limit = limit;
	}

	has(chunkId: string): boolean {
		return this.#ids.has(chunkId);
	}

	/** How many passages of a page are chosen. */
	ofPage(page: string): number {
		return this.#ofPage.get(page) ?? 0;
	}

	/** Whether one of the chosen says nearly the same. */
	says({ shingles }: Considered): boolean {
		return this.#passages.some((other) => isMostlyIn(shingles, other.shingles));
	}

	/** Whether the number of sources stays within the limit. */
	hasPlaceFor(passage: Considered): boolean {
		return (
			this.#passages.length < this.#limit || sourceRuns([...this.#passages, passage]).length <= this.#limit
		);
	}

	/** Takes a passage if there is room for it; the first always, because an answer needs something. */
	take(passage: Considered): boolean {
		const { chunk, page, tokens } = passage;
		if (tokens > this.left && this.#passages.length > 0) return false;
		if (!this.hasPlaceFor(passage)) return false;
		this.left -= tokens;
		this.#ids.add(chunk.chunk_id);
		this.#passages.push(passage);
		this.#ofPage.set(page, this.ofPage(page) + 1);
		return true;
	}

	runs(): PlacedChunk[][] {
		const byRank = this.#passages.toSorted((a, b) => a.rank - b.rank);
		return sourceRuns(byRank.map(({ chunk, position }) => ({ chunk, position })));
	}
}

/** Removes and returns the passage that is worth most. */
function takeBest(waiting: Considered[], chosen: Chosen): Considered {
	let best = 0;
	let most = -Infinity;
	waiting.forEach(({ page, ownWorth }, at) => {
		if (ownWorth <= most) return;
		const worth = ownWorth - PAGE * Math.log1p(chosen.ofPage(page));
		if (worth > most) [best, most] = [at, worth];
	});
	return waiting.splice(best, 1)[0]!;
}

/** The neighbours that a passage is not complete without. */
async function completing(
	{ chunk, position }: Considered,
	index: Pick<SearchIndex, 'section'>
): Promise<PlacedChunk[]> {
	const needed = [
		...(/:\s*$/.test(chunk.text) ? [position + 1] : []),
		...(/^\s*(?:`{3,}|~{3,})/.test(chunk.text) ? [position - 1] : [])
	];
	if (needed.length === 0) return [];
	const section = await index.section(chunk.chunk_id);
	return section.filter((each) => needed.includes(each.position));
}
