import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Chunk } from '#lib/contract/chunk.ts';
import type { RankedPassage } from '#lib/server/rag/rerank.ts';
import { selectSources, type Selection, type SourceBudget } from '#lib/server/rag/select.ts';
import { numberSources, sourceRuns } from '#lib/server/rag/sources.ts';
import { typicalTokens } from '#lib/server/rag/token-estimate.ts';
import type { PlacedChunk } from '#lib/server/search/passage-index.ts';
import { ranked } from '../../fixtures/passages.ts';
import { PlainIndex } from '../../fixtures/plain-index.ts';
import { isSaidBy, tokensOf } from '../../fixtures/recompute-ledger.ts';

/** Words that no other name has, from one to another; four bytes each. */
const words = (name: string, from: number, to: number) =>
	Array.from({ length: to - from }, (_, at) => name + (from + at).toString(36).padStart(2, '0')).join(' ');

/** A passage of a page at a place from 0, named after both; 100 tokens unless a text is given. */
function at(document: string, position: number, text?: string, given: Partial<Chunk> = {}): RankedPassage {
	const chunk_id = `${document}${position}`;
	const own = text ?? words(document, position * 94, position * 94 + 94);
	return ranked({ chunk_id, document, title: 'Page', text: own, ...given }, { position });
}

/** What is chosen of passages, best first, and whatever else the index holds. */
function select(
	passages: readonly RankedPassage[],
	budget: Partial<SourceBudget> = {},
	unranked: readonly RankedPassage[] = []
): Promise<Selection> {
	const index = new PlainIndex(null, [...passages, ...unranked]);
	return selectSources(passages, index, { tokens: 3000, limit: 50, ...budget });
}
const idsOf = (runs: readonly PlacedChunk[][]) => runs.map((run) => run.map(({ chunk }) => chunk.chunk_id));
const chosen = async (...given: Parameters<typeof select>) => idsOf((await select(...given)).runs);
const droppedAs = async (reason: string, ...given: Parameters<typeof select>) =>
	(await select(...given)).dropped.find((each) => each.reason === reason)?.chunkIds;

describe('the budget', () => {
	const pages = ['a', 'b', 'c', 'd'].map((document) => at(document, 0));

	it('is filled with the best passages, and not exceeded; what has no room is dropped for it', async () => {
		expect(await chosen(pages, { tokens: 400 })).toEqual([['a0'], ['b0'], ['c0'], ['d0']]);
		expect(await chosen(pages, { tokens: 399 })).toEqual([['a0'], ['b0'], ['c0']]);
		expect(await droppedAs('budget', pages, { tokens: 399 })).toEqual(['d0']);
		expect((await select(pages, { tokens: 399 })).tokens).toBe(300);
	});

	it('lets a smaller passage into the room that a better one is too large for', async () => {
		const passages = [at('a', 0), at('b', 0, words('b', 0, 300)), at('c', 0)];
		expect(await chosen(passages, { tokens: 250 })).toEqual([['a0'], ['c0']]);
		expect(await droppedAs('budget', passages, { tokens: 250 })).toEqual(['b0']);
	});

	it('is exceeded by a first passage that is too large, which then is the only one', async () => {
		const passages = [at('a', 0, `${words('a', 0, 300)}:`), at('a', 1), at('b', 0)];
		expect(await chosen(passages.slice(0, 1), { tokens: 100 })).toEqual([['a0']]);
		expect(await chosen(passages.slice(0, 1), { tokens: 100 }, passages.slice(1))).toEqual([['a0']]);
	});

	it('of nothing is nothing', async () => {
		expect(await select([])).toMatchObject({ runs: [], tokens: 0 });
	});
});

describe('what says the same', () => {
	const first = at('a', 0, words('w', 0, 100));
	const same = at('b', 0, words('w', 0, 100).toUpperCase().replaceAll(' ', '\n  '));
	const nearly = at('c', 0, words('w', 10, 105));
	const part = at('d', 0, words('w', 20, 80));
	const half = at('e', 0, words('w', 50, 150));

	it('as a better passage is left out as redundant, whatever its spacing and case', async () => {
		const passages = [first, same, nearly, half];
		expect(await chosen(passages)).toEqual([['a0'], ['e0']]);
		expect(await droppedAs('redundant', passages)).toEqual(['b0', 'c0']);
	});

	it('as a part of a better passage is redundant; a whole of which the better one is a part is not', async () => {
		expect(await droppedAs('redundant', [first, part])).toEqual(['d0']);
		expect(await chosen([part, first])).toEqual([['d0'], ['a0']]);
	});

	it('takes no room from the next one', async () => {
		expect(await chosen([first, same, at('f', 0)], { tokens: 210 })).toEqual([['a0'], ['f0']]);
		expect(await chosen([first, same, at('f', 0)], { limit: 2 })).toEqual([['a0'], ['f0']]);
	});
});

describe('the limit of the request', () => {
	it('is the most sources that are given', async () => {
		const passages = [at('a', 0), at('b', 0), at('c', 0)];
		expect(await chosen(passages, { limit: 2 })).toEqual([['a0'], ['b0']]);
		expect(await droppedAs('limit', passages, { limit: 2 })).toEqual(['c0']);
	});

	it('does not keep out a passage that joins a source', async () => {
		const passages = [at('a', 1), at('b', 0), at('c', 0), at('a', 0), at('b', 1)];
		expect(await chosen(passages, { limit: 2 })).toEqual([
			['a0', 'a1'],
			['b0', 'b1']
		]);
	});

	it('does not keep out what has a place once others have been joined', async () => {
		const gap = [at('a', 0), at('a', 2), at('b', 0), at('a', 1)];
		expect(await chosen(gap, { limit: 2 })).toEqual([['a0', 'a1', 'a2'], ['b0']]);
		expect(await chosen([at('a', 0), at('a', 2), at('a', 1)], { limit: 1 })).toEqual([['a0', 'a1', 'a2']]);
	});
});

describe('a neighbour', () => {
	const list = at('a', 1, `${words('a', 0, 60)} these are:`);
	const items = at('a', 2, words('i', 0, 60));
	const code = at('c', 1, `\`\`\`python\n${words('c', 0, 60)}\n\`\`\``);
	const lead = at('c', 0, words('l', 0, 60));

	it('that a passage announces is given with it, though no search found it', async () => {
		expect(await chosen([list], {}, [at('a', 0), items])).toEqual([['a1', 'a2']]);
	});

	it('that code belongs to is given with it', async () => {
		expect(await chosen([code], {}, [lead, at('c', 2)])).toEqual([['c0', 'c1']]);
	});

	it('is left out when there is no room for it', async () => {
		expect(await chosen([list], { tokens: 100 }, [items])).toEqual([['a1']]);
	});

	it('is left out when it stands under another heading', async () => {
		const next = at('a', 2, words('i', 0, 60), { heading_path: ['Next'] });
		expect(await chosen([list], {}, [next])).toEqual([['a1']]);
	});

	it('is left out when a better source says the same', async () => {
		const twin = at('b', 0, items.chunk.text);
		expect(await chosen([twin, list], {}, [items])).toEqual([['b0'], ['a1']]);
	});

	it('of a passage that is complete is no better than any other', async () => {
		expect(await chosen([at('a', 1)], {}, [at('a', 0), at('a', 2)])).toEqual([['a1']]);
	});
});

describe('several pages', () => {
	it('get their say: the best of another page comes before the fifth of the same one', async () => {
		const page = [0, 2, 4, 6, 8].map((position) => at('a', position));
		const sources = await chosen([...page, at('b', 0)], { tokens: 500 });
		expect(sources).toHaveLength(5);
		expect(sources).toContainEqual(['b0']);
		expect(await droppedAs('budget', [...page, at('b', 0)], { tokens: 500 })).toEqual(['a8']);
	});

	it('do not push out what ranks far better', async () => {
		const page = [0, 2, 4].map((position) => at('a', position));
		const others = ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'].map((document) => at(document, 0));
		const sources = await chosen([...page, ...others], { tokens: 300 });
		expect(sources.slice(0, 2)).toEqual([['a0'], ['a2']]);
	});
});

describe('for any passages and any budget', () => {
	const text = fc.oneof(
		fc
			.tuple(fc.constantFrom('x', 'y', 'z'), fc.nat(200), fc.integer({ min: 1, max: 150 }))
			.map(([name, from, length]) => words(name, from, from + length)),
		fc.constantFrom('As follows:', '```\ncode()\n```', '', '…', '文字 文字')
	);
	const page = fc.array(fc.record({ text, heading: fc.constantFrom('One', 'Two') }), { maxLength: 8 });
	const given = fc
		.array(page, { minLength: 1, maxLength: 5 })
		.map((pages) =>
			pages.flatMap((passages, page) =>
				passages.map(({ text, heading }, position) =>
					at('abcde'[page]!, position, text, { heading_path: [heading] })
				)
			)
		)
		.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all)));
	const budget = fc.record({
		tokens: fc.integer({ min: 100, max: 2000 }),
		limit: fc.integer({ min: 1, max: 50 })
	});

	it('every passage is in a source or out for a reason that is true, within budget and limit', async () => {
		await fc.assert(
			fc.asyncProperty(given, budget, async ([all, found], budget) => {
				const { runs, tokens, dropped } = await select(found, budget, all);
				const taken = runs.flat();
				const isTaken = (id: string) => taken.some(({ chunk }) => chunk.chunk_id === id);
				const byId = new Map(all.map((each) => [each.chunk_id, each]));

				expect(runs).toEqual(sourceRuns(taken));
				expect(runs.length).toBeLessThanOrEqual(budget.limit);
				expect(tokens).toBe(taken.reduce((sum, { chunk }) => sum + tokensOf(chunk), 0));
				if (taken.length > 1) expect(tokens).toBeLessThanOrEqual(budget.tokens);
				const shown = numberSources(runs).reduce((sum, source) => sum + typicalTokens(source.text), 0);
				expect(shown).toBeLessThanOrEqual(tokens);
				expect(taken.length > 0).toBe(found.length > 0);

				const out = dropped.flatMap(({ chunkIds }) => chunkIds);
				expect(out.toSorted()).toEqual(
					found
						.map(({ chunk_id }) => chunk_id)
						.filter((id) => !isTaken(id))
						.toSorted()
				);
				const left = budget.tokens - tokens;
				for (const { reason, chunkIds } of dropped) {
					for (const passage of chunkIds.map((id) => byId.get(id)!)) {
						const isTrue = {
							redundant: () => taken.some(({ chunk }) => isSaidBy(passage.chunk.text, chunk.text)),
							limit: () => sourceRuns([...taken, passage]).length > budget.limit,
							budget: () => left < 50 || tokensOf(passage.chunk) > left
						}[reason as 'redundant' | 'limit' | 'budget'];
						expect(isTrue(), `${passage.chunk_id} is out as ${reason}`).toBe(true);
					}
				}
			}),
			{ numRuns: 300 }
		);
	});
});
