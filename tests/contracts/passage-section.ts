import { describe, expect, it } from 'vitest';
import type { Chunk } from '#lib/contract/chunk.ts';
import { SECTION_REACH, type Passage, type PassageIndex } from '#lib/server/search/passage-index.ts';
import { passage as chunk } from '../fixtures/passages.ts';
import type { IndexKind } from './passage-index.ts';

/** What every passage index gives as the section of a passage. */
export function describeSections(name: string, kind: IndexKind): void {
	describe(`a section of ${name}`, () => {
		async function indexOf(passages: readonly Passage[]): Promise<PassageIndex> {
			const index = kind.create(null);
			await index.add(passages);
			return index;
		}
		const under = (position: number, heading_path: string[], given: Partial<Chunk> = {}): Passage => ({
			chunk: chunk({
				chunk_id: `${given.document ?? 'page'}:${position}`,
				document: 'page',
				heading_path,
				...given
			}),
			position
		});
		const page = [
			under(0, []),
			under(1, ['A']),
			under(2, ['A']),
			under(3, ['A', 'B']),
			under(4, ['A']),
			under(5, ['A']),
			under(6, ['A'])
		];
		const section = async (index: PassageIndex, id: string) =>
			(await index.section(id)).map(({ chunk, position }) => {
				expect(chunk.chunk_id).toMatch(new RegExp(`:${position}$`));
				return position;
			});

		it('is what follows one another under the heading of a passage, in reading order', async () => {
			const index = await indexOf(page.toReversed());
			for (const [position, expected] of [
				[0],
				[1, 2],
				[1, 2],
				[3],
				[4, 5, 6],
				[4, 5, 6],
				[4, 5, 6]
			].entries()) {
				expect(await section(index, `page:${position}`)).toEqual(expected);
			}
			expect(await index.section('page:3')).toEqual([{ chunk: page[3]!.chunk, position: 3 }]);
			expect(await index.section('unicorn')).toEqual([]);
		});

		it('has nothing of another page or library', async () => {
			const index = await indexOf([
				under(0, ['A'], { document: 'one' }),
				under(1, ['A'], { document: 'two' }),
				under(1, ['A'], { document: 'one', library: 'water', chunk_id: 'water:1' })
			]);
			expect(await section(index, 'one:0')).toEqual([0]);
			expect(await section(index, 'water:1')).toEqual([1]);
		});

		it('ends at a passage that was removed, and is whole again with it', async () => {
			const index = await indexOf(page);
			await index.remove(['page:5']);
			expect(await section(index, 'page:4')).toEqual([4]);
			expect(await section(index, 'page:6')).toEqual([6]);
			await index.add([page[5]!]);
			expect(await section(index, 'page:4')).toEqual([4, 5, 6]);
			await index.add([under(5, ['C'])]);
			expect(await section(index, 'page:4')).toEqual([4]);
		});

		it('is read so far and no further', async () => {
			const long = Array.from({ length: 3 * SECTION_REACH }, (_, at) => under(at, ['Long']));
			const index = await indexOf(long);
			const middle = SECTION_REACH + 5;
			const positions = await section(index, `page:${middle}`);
			expect(positions).toEqual(long.map((_, at) => at).slice(5, middle + SECTION_REACH + 1));
		});
	});
}
