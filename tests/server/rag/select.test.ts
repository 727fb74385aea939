import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RankedPassage } from '#lib/server/rag/rerank.ts';
import { choosePassages, numberSources } from '#lib/server/rag/select.ts';
import { passage } from '../../fixtures/passages.ts';

/** A passage of a page at a place from 0. */
function at(document: string, place: number, text = `${document} part ${place}`): RankedPassage {
	const chunk = passage({ chunk_id: `${document}:${place}`, document, text });
	return { chunk_id: chunk.chunk_id, score: 0, chunk, evidence: { position: 1 / (1 + place) } };
}
const ids = (passages: RankedPassage[], limit = 10) =>
	numberSources(choosePassages(passages, limit)).map((source) => source.chunk_id);
const words = (from: number, to: number) =>
	Array.from({ length: to - from }, (_, index) => `word${from + index}`).join(' ');

it('numbers the best ones from 1, up to the limit', () => {
	const sources = numberSources(choosePassages([at('a', 0), at('b', 0), at('c', 0)], 2));
	expect(sources.map(({ n, chunk_id }) => [n, chunk_id])).toEqual([
		[1, 'a:0'],
		[2, 'b:0']
	]);
});

it('passes over what a better passage says already, whatever its spacing and case', () => {
	const first = at('a', 0, words(0, 100));
	const same = at('b', 0, words(0, 100).toUpperCase().replaceAll(' ', '\n  '));
	const nearly = at('c', 0, words(10, 105));
	const part = at('d', 0, words(20, 40));
	const half = at('e', 0, words(50, 150));
	expect(ids([first, same, nearly, part, half])).toEqual(['a:0', 'e:0']);
});

it('keeps a longer passage of which the better one is only a part', () => {
	expect(ids([at('a', 0, words(0, 20)), at('b', 0, words(0, 100))])).toEqual(['a:0', 'b:0']);
});

it('fills the place of a duplicate with the next one', () => {
	expect(ids([at('a', 0, 'same words'), at('b', 0, 'same words'), at('c', 0)], 2)).toEqual(['a:0', 'c:0']);
});

it('puts passages that follow one another together, the best first, then in the order of the page', () => {
	expect(ids([at('a', 4), at('b', 0), at('a', 3), at('a', 9)])).toEqual(['a:4', 'a:3', 'b:0', 'a:9']);
	expect(ids([at('a', 1), at('b', 0), at('a', 3), at('a', 2)])).toEqual(['a:1', 'a:2', 'a:3', 'b:0']);
	expect(ids([at('a', 1), at('b', 0), at('a', 2), at('a', 0)])).toEqual(['a:1', 'a:0', 'a:2', 'b:0']);
});

it('does not take places on other pages, or unknown ones, for neighbours', () => {
	const unknown = (passage: RankedPassage) => ({ ...passage, evidence: {} });
	expect(ids([at('a', 1), at('b', 1), at('c', 0)])).toEqual(['a:1', 'b:1', 'c:0']);
	expect(ids([unknown(at('a', 1)), at('b', 1), unknown(at('a', 0))])).toEqual(['a:1', 'b:1', 'a:0']);
});

it('gives the first so many that are no duplicates, each once, for any order', () => {
	const place = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 6 }));
	fc.assert(
		fc.property(
			fc.uniqueArray(place, { selector: ([document, index]) => `${document}${index}` }),
			fc.integer({ min: 1, max: 8 }),
			(places, limit) => {
				const passages = places.map(([document, index]) => at(document, index));
				const best = passages.slice(0, limit).map((passage) => passage.chunk_id);
				expect(ids(passages, limit).toSorted()).toEqual(best.toSorted());
			}
		)
	);
});
