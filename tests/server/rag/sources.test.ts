import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Chunk } from '#lib/contract/chunk.ts';
import { numberSources, sourceRuns } from '#lib/server/rag/sources.ts';
import type { PlacedChunk } from '#lib/server/search/passage-index.ts';
import { passage } from '../../fixtures/passages.ts';

/** A passage of a page at a place from 0, named after both. */
function at(document: string, position: number, given: Partial<Chunk> = {}): PlacedChunk {
	const chunk_id = `${document}${position}`;
	return { chunk: passage({ chunk_id, document, text: `Text of ${chunk_id}.`, ...given }), position };
}
const idsOf = (runs: readonly PlacedChunk[][]) => runs.map((run) => run.map(({ chunk }) => chunk.chunk_id));
const runIds = (...passages: PlacedChunk[]) => idsOf(sourceRuns(passages));

describe('passages as sources', () => {
	it('are one where they follow one another, in reading order, at the place of the first one', () => {
		expect(runIds(at('a', 4), at('b', 0), at('a', 3), at('a', 9))).toEqual([['a3', 'a4'], ['b0'], ['a9']]);
		expect(runIds(at('b', 0), at('a', 1), at('a', 2), at('a', 0))).toEqual([['b0'], ['a0', 'a1', 'a2']]);
	});

	it('become one when a passage closes the gap between two', () => {
		expect(runIds(at('a', 1), at('b', 0), at('a', 3), at('a', 2))).toEqual([['a1', 'a2', 'a3'], ['b0']]);
	});

	it.each<[string, Partial<Chunk>]>([
		['of another page', { document: 'b' }],
		['of a page of that name in another library', { library: 'other' }],
		['under the next heading', { heading_path: ['Next'] }],
		['under a heading of the heading', { heading_path: ['Section', 'Part'] }],
		['before the first heading', { heading_path: [] }]
	])('are apart when the next one is %s', (_, given) => {
		expect(runIds(at('a', 0), at('a', 1, given))).toEqual([['a0'], ['a1']]);
	});

	it('are numbered from 1; several give their texts in one, and the first one the rest', () => {
		const first = at('a', 3, { anchor: 'first' });
		const [one, two] = numberSources([[first, at('a', 4, { anchor: 'second' })], [at('b', 0)]]);
		expect(one).toEqual({
			...first.chunk,
			n: 1,
			chunk_ids: ['a3', 'a4'],
			text: 'Text of a3.\n\nText of a4.'
		});
		expect(two).toMatchObject({ n: 2, chunk_id: 'b0', chunk_ids: ['b0'], text: 'Text of b0.' });
	});

	it('hold every passage once, never two that could be one, for any passages in any order', () => {
		const place = fc.record({
			document: fc.constantFrom('a', 'b'),
			position: fc.integer({ min: 0, max: 9 }),
			heading: fc.constantFrom('One', 'Two')
		});
		const places = fc.uniqueArray(place, { selector: ({ document, position }) => document + position });
		fc.assert(
			fc.property(places, (places) => {
				const passages = places.map(({ document, position, heading }) =>
					at(document, position, { heading_path: [heading] })
				);
				const runs = sourceRuns(passages);
				expect(runs.flat().toSorted(byId)).toEqual(passages.toSorted(byId));
				const key = ({ chunk }: PlacedChunk) => `${chunk.document} ${chunk.heading_path.join()}`;
				for (const run of runs) {
					run.forEach(({ position }, place) => expect(position).toBe(run[0]!.position + place));
					expect(new Set(run.map(key)).size).toBe(1);
					const after = runs.filter(
						([first]) => key(first!) === key(run[0]!) && first!.position === run.at(-1)!.position + 1
					);
					expect(after).toEqual([]);
				}
				const order = runs.map((run) => Math.min(...run.map((each) => passages.indexOf(each))));
				expect(order).toEqual(order.toSorted((a, b) => a - b));
			})
		);
	});
});

function byId(one: PlacedChunk, other: PlacedChunk): number {
	return one.chunk.chunk_id < other.chunk.chunk_id ? -1 : 1;
}
