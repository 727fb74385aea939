import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PassageTable } from '#lib/server/search/passage-table.ts';

const string = fc.string({ unit: fc.oneof(fc.constantFrom('\n', '"', '\\', 'é', '頁', '🚀'), fc.string()) });
const chunk = fc.record({
	chunk_id: string,
	library: fc.constantFrom('one', 'two'),
	document: fc.constantFrom('a.md', 'b.md'),
	title: string,
	heading_path: fc.array(string, { maxLength: 3 }),
	url: fc.option(string),
	anchor: fc.option(string),
	text: string
});

it('gives every passage back as it came, in a copy of some in another order too', () => {
	fc.assert(
		fc.property(fc.array(chunk, { maxLength: 12 }), (chunks) => {
			const table = new PassageTable();
			chunks.forEach((each, position) => {
				table.add(each, position);
				expect(table.chunk(position)).toEqual(each);
			});
			const reversed = Uint32Array.from(chunks, (_, at) => chunks.length - 1 - at);
			const copy = new PassageTable(table.select(reversed));
			reversed.forEach((number, at) => {
				expect(table.chunk(number)).toEqual(chunks[number]);
				expect(copy.chunk(at)).toEqual(chunks[number]);
				expect(copy.position(at)).toBe(number);
			});
		})
	);
});
