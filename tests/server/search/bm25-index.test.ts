import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OramaIndex } from '#lib/server/search/orama.ts';
import type { Hit, Passage } from '#lib/server/search/passage-index.ts';
import { PlainIndex } from '../../fixtures/plain-index.ts';

const words = [
	'cat',
	'dogs',
	'running',
	'response_model',
	'HTTPException',
	'os.path',
	'--flag',
	'the',
	'café',
	'42',
	'Häuser',
	'Haus',
	'die',
	"l'eau",
	'журналы',
	'журнал',
	'异步任务',
	'키를'
];
const text = (maxLength: number) =>
	fc.array(fc.constantFrom(...words), { maxLength }).map((picked) => picked.join(' '));
const vector = fc
	.array(fc.integer({ min: -3, max: 3 }), { minLength: 3, maxLength: 3 })
	.map((values) => Float32Array.from(values));
const passages = fc.record({
	id: fc.integer({ min: 0, max: 12 }),
	library: fc.constantFrom('a', 'b'),
	title: text(2),
	heading: text(3),
	body: text(12),
	code: text(4),
	language: fc.constantFrom('english' as const, 'german' as const, 'french' as const, undefined),
	vector: fc.option(vector, { nil: undefined })
});
const change = fc.oneof(
	{ weight: 4, arbitrary: fc.record({ add: fc.array(passages, { minLength: 1, maxLength: 4 }) }) },
	{ weight: 1, arbitrary: fc.record({ remove: fc.integer({ min: 0, max: 12 }) }) }
);
const question = fc.record({
	text: text(5),
	library: fc.constantFrom(null, 'a', 'b', 'none'),
	limit: fc.integer({ min: 1, max: 6 }),
	/** By library; null for none. */
	vectors: fc.record({ a: fc.option(vector), b: fc.option(vector) })
});

function toPassage(given: typeof passages extends fc.Arbitrary<infer T> ? T : never): Passage {
	const { id, library, title, heading, body, code, language, vector } = given;
	return {
		position: id,
		...(language && { language }),
		chunk: {
			chunk_id: `p${id}`,
			library,
			document: `page${id % 3}.md`,
			title,
			heading_path: [heading],
			url: null,
			anchor: null,
			text: `${body}\n\`\`\`\n${code}\n\`\`\`\n`
		},
		...(vector && { vector })
	};
}

/** Same passages in the same order with the same scores; passages may change places where rounding alone tells them apart. */
function expectSame(found: readonly Hit[], expected: readonly Hit[]): void {
	expect(found.length).toBe(expected.length);
	found.forEach((hit, at) => expect(hit.score).toBeCloseTo(expected[at]!.score, 6));
	const groups = (hits: readonly Hit[]) => {
		const last = hits.at(-1)?.score ?? 0;
		return hits
			.filter((hit) => hit.score > last + 1e-6)
			.map((hit) => `${hit.score.toFixed(6)} ${hit.chunk_id}`)
			.toSorted();
	};
	expect(groups(found)).toEqual(groups(expected));
}

describe('the typed-array index', () => {
	it('finds the same as the plain reference, through any adding, replacing and removing', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.array(change, { maxLength: 14 }),
				fc.array(question, { minLength: 1, maxLength: 3 }),
				async (changes, questions) => {
					const fast = OramaIndex.create({ model: 'm', dimensions: 3 });
					const plain = new PlainIndex('m');
					for (const step of changes) {
						for (const index of [fast, plain]) {
							if ('add' in step) await index.add(step.add.map(toPassage));
							else await index.remove([`p${step.remove}`]);
						}
						for (const { text, library, limit, vectors } of questions) {
							const options = { library, limit };
							expectSame(await fast.searchText(text, options), await plain.searchText(text, options));
							const asked = { dimensions: 3, of: (name: string) => vectors[name as 'a' | 'b'] };
							expectSame(await fast.searchVector(asked, options), await plain.searchVector(asked, options));
						}
					}
					expect(fast.size).toBe(plain.size);
					expect(fast.libraries()).toEqual(plain.libraries());
				}
			),
			{ numRuns: 150 }
		);
	});
});
