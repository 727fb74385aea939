import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Chunk } from '#lib/contract/chunk.ts';
import { sharedVector, type QuestionVectors } from '#lib/server/model/question-vectors.ts';
import type { Passage, PassageIndex } from '#lib/server/search/passage-index.ts';
import { passage as chunk } from '../fixtures/passages.ts';

/** How to make an index of one kind, empty or from a folder it was saved in. */
export interface IndexKind {
	/** @param dimensions length of the vectors; null for an index without vectors. */
	create(dimensions: number | null): PassageIndex;
	load(folder: string): Promise<PassageIndex>;
}

/** A passage of one page each, or as given. */
function passage(chunk_id: string, text: string, given: Partial<Chunk> = {}, vector?: number[]): Passage {
	return {
		chunk: chunk({
			chunk_id,
			text,
			title: 'Untitled',
			heading_path: [],
			document: `${chunk_id}.md`,
			...given
		}),
		position: 0,
		...(vector && { vector: unit(vector) })
	};
}

function unit(values: number[]): Float32Array {
	const length = Math.hypot(...values);
	return Float32Array.from(values, (value) => value / length);
}

/** A question with the same vector for all libraries. */
const asked = (...values: number[]) => sharedVector(unit(values));

const ids = (hits: readonly { chunk_id: string }[]) => hits.map((hit) => hit.chunk_id);

/** What every passage index does. */
export function describePassageIndex(name: string, kind: IndexKind): void {
	async function indexOf(
		passages: readonly Passage[],
		dimensions: number | null = null
	): Promise<PassageIndex> {
		const index = kind.create(dimensions);
		await index.add(passages);
		return index;
	}

	const pets = [
		passage('cat', 'The cat purrs when it is stroked.'),
		passage('dog', 'The dog barks at the cat and at the postman.'),
		passage('fish', 'Fish are silent.', { library: 'water' })
	];

	describe(`${name} as a passage index`, () => {
		it('knows how many passages hold the words of a question', async () => {
			const index = await indexOf([...pets, passage('code', 'Call `read_silent()`.')]);
			expect(
				await index.questionWords('Do barking cats, read_silent or read_loud and unicorns, cats?', [
					'demo',
					'water'
				])
			).toEqual([
				{ word: 'barking', isIdentifier: false, isForeign: false, passages: 1, byLibrary: [1, 0] },
				{ word: 'cats', isIdentifier: false, isForeign: false, passages: 2, byLibrary: [2, 0] },
				{ word: 'read_silent', isIdentifier: true, isForeign: false, passages: 1, byLibrary: [1, 1] },
				{ word: 'read_loud', isIdentifier: true, isForeign: false, passages: 1, byLibrary: [1, 0] },
				{ word: 'unicorns', isIdentifier: false, isForeign: false, passages: 0, byLibrary: [0, 0] }
			]);
			expect(['demo', 'water', 'none'].map((name) => index.librarySize(name))).toEqual([3, 1, 0]);
			await index.remove(['dog']);
			expect(await index.questionWords('cats', ['demo', 'water'])).toEqual([
				{ word: 'cats', isIdentifier: false, isForeign: false, passages: 1, byLibrary: [1, 0] }
			]);
		});

		describe('text search', () => {
			it('finds passages that hold the words, the fitting one first, and no others', async () => {
				const index = await indexOf(pets);
				expect(ids(await index.searchText('purring cats', { limit: 10 }))).toEqual(['cat', 'dog']);
			});

			it('gives scores that fall and are above zero', async () => {
				const scores = (await (await indexOf(pets)).searchText('cat dog', { limit: 10 })).map(
					({ score }) => score
				);
				expect(scores).toEqual(scores.toSorted((a, b) => b - a));
				expect(Math.min(...scores)).toBeGreaterThan(0);
			});

			it('never matches by prefix', async () => {
				const index = await indexOf([passage('a', 'category catalogue concatenate')]);
				expect(await index.searchText('cat', { limit: 10 })).toEqual([]);
			});

			it('finds a name by itself and by its parts', async () => {
				const index = await indexOf([
					passage('a', 'Set `response_model` on the decorator.'),
					passage('b', 'Raise HTTPException to answer with an error.'),
					passage('c', 'Call asyncio.gather, or start with --reload.')
				]);
				expect(ids(await index.searchText('response_model', { limit: 1 }))).toEqual(['a']);
				expect(ids(await index.searchText('model of the response', { limit: 1 }))).toEqual(['a']);
				expect(ids(await index.searchText('http exceptions', { limit: 1 }))).toEqual(['b']);
				expect(ids(await index.searchText('gather', { limit: 1 }))).toEqual(['c']);
				expect(ids(await index.searchText('--reload', { limit: 1 }))).toEqual(['c']);
			});

			it('searches title, path, headings and code as well as prose', async () => {
				const index = await indexOf([
					passage('title', 'x', { title: 'Walrus' }),
					passage('path', 'x', { document: 'guides/penguin-care.md' }),
					passage('heading', 'x', { heading_path: ['Seal'] }),
					passage('code', 'x\n```python\nfeed(otter)\n```')
				]);
				for (const [word, id] of Object.entries({
					walrus: 'title',
					penguin: 'path',
					seals: 'heading',
					otter: 'code'
				})) {
					expect(ids(await index.searchText(word, { limit: 10 }))).toEqual([id]);
				}
			});

			it('returns no more than the limit, and the best of all', async () => {
				const index = await indexOf(pets);
				expect(ids(await index.searchText('purring cat', { limit: 1 }))).toEqual(['cat']);
				expect(await index.searchText('cat', { limit: 0 })).toEqual([]);
			});

			it('keeps to the library inside the search, before the limit', async () => {
				const index = await indexOf([...pets, passage('whale', 'A cat fish.', { library: 'water' })]);
				expect(ids(await index.searchText('cat', { library: 'water', limit: 1 }))).toEqual(['whale']);
				expect(await index.searchText('cat', { library: null, limit: 10 })).toHaveLength(3);
			});

			it('finds nothing in an unknown library, for unknown words, stop words or an empty question', async () => {
				const index = await indexOf(pets);
				expect(await index.searchText('cat', { library: 'moon', limit: 10 })).toEqual([]);
				for (const question of ['zebra', 'the of and', '', '   ', '?!', '```']) {
					expect(await index.searchText(question, { limit: 10 })).toEqual([]);
				}
			});

			it('puts equal scores in the order of their ids, whatever the order of arrival', async () => {
				const same = ['c', 'a', 'd', 'b'].map((id) =>
					passage(id, 'identical words', { document: 'page.md' })
				);
				const forward = await (await indexOf(same)).searchText('identical', { limit: 3 });
				const backward = await (await indexOf(same.toReversed())).searchText('identical', { limit: 3 });
				expect(ids(forward)).toEqual(['a', 'b', 'c']);
				expect(ids(backward)).toEqual(['a', 'b', 'c']);
			});

			it('answers a very long question by what stands out in it', async () => {
				const index = await indexOf([
					...pets,
					...Array.from({ length: 300 }, (_, at) => passage(`filler${at}`, `word${at} word${at + 1} cat`))
				]);
				const log = Array.from({ length: 250 }, (_, at) => `word${at}`).join(' ');
				const hits = await index.searchText(`${log} ${'purrs '.repeat(40)}`, { limit: 3 });
				expect(hits[0]!.chunk_id).toBe('cat');
			});

			it('finds words of other languages and scripts', async () => {
				const index = await indexOf([
					passage('fr', 'Le café est fermé.'),
					passage('zh', '如何创建一个异步任务'),
					passage('ru', 'Асинхронные задачи'),
					passage('emoji', 'launch 🚀 the rocket')
				]);
				expect(ids(await index.searchText('cafe', { limit: 1 }))).toEqual(['fr']);
				expect(ids(await index.searchText('异步', { limit: 1 }))).toEqual(['zh']);
				expect(ids(await index.searchText('ЗАДАЧИ', { limit: 1 }))).toEqual(['ru']);
				expect(ids(await index.searchText('🚀 rocket', { limit: 1 }))).toEqual(['emoji']);
			});

			it('asks in the languages of the library that is searched, and in no other', async () => {
				const german = {
					...passage('haus', 'Alle Häuser stehen leer.', { library: 'stadt' }),
					language: 'german' as const
				};
				const english = [passage('die', 'Seals die at the end.'), passage('steh', 'The steh command.')];
				const index = await indexOf([...english, german]);
				expect(ids(await index.searchText('Häuser die stehen', { limit: 10, library: 'demo' }))).toEqual([
					'die'
				]);
				expect(ids(await index.searchText('Haus', { limit: 10, library: 'stadt' }))).toEqual(['haus']);
				await index.remove(['haus']);
				expect(await index.questionWords('Haus')).toMatchObject([
					{ word: 'Haus', isIdentifier: false, isForeign: false, passages: 0 }
				]);
			});
		});

		describe('vector search', () => {
			const points = [
				passage('east', 'e', {}, [1, 0]),
				passage('north', 'n', {}, [0, 1]),
				passage('west', 'w', { library: 'far' }, [-1, 0]),
				passage('nowhere', 'no vector')
			];

			it('orders by cosine, without a cut-off, and leaves out what has no vector', async () => {
				const hits = await (await indexOf(points, 2)).searchVector(asked(3, 1), { limit: 10 });
				expect(ids(hits)).toEqual(['east', 'north', 'west']);
				expect(hits[0]!.score).toBeCloseTo(3 / Math.sqrt(10), 6);
				expect(hits[2]!.score).toBeCloseTo(-3 / Math.sqrt(10), 6);
			});

			it('keeps to limit and library', async () => {
				const index = await indexOf(points, 2);
				expect(ids(await index.searchVector(asked(1, 0), { library: 'far', limit: 1 }))).toEqual(['west']);
				expect(await index.searchVector(asked(1, 0), { library: 'moon', limit: 1 })).toEqual([]);
				expect(await index.searchVector(asked(1, 0), { limit: 0 })).toEqual([]);
			});

			it('compares each passage with the vector for its library, and finds none where there is no vector', async () => {
				const index = await indexOf([...points, passage('south', 's', { library: 'near' }, [0, -1])], 2);
				const vectors = new Map([
					['demo', unit([1, 3])],
					['far', unit([-1, 1])]
				]);
				const question: QuestionVectors = { dimensions: 2, of: (library) => vectors.get(library) ?? null };
				const hits = await index.searchVector(question, { limit: 10 });
				expect(ids(hits)).toEqual(['north', 'west', 'east']);
				expect(hits.map(({ score }) => score)).toEqual([
					expect.closeTo(3 / Math.sqrt(10), 6),
					expect.closeTo(Math.SQRT1_2, 6),
					expect.closeTo(1 / Math.sqrt(10), 6)
				]);
				expect(await index.searchVector(question, { library: 'near', limit: 10 })).toEqual([]);
				const evidence = await index.features({ question: 'e', vectors: question }, ['west', 'south']);
				expect(evidence.get('west')!.semantic).toBeCloseTo(Math.SQRT1_2, 6);
				expect(evidence.get('south')!.semantic).toBe(0);
			});

			it('gives the same answer twice', async () => {
				const index = await indexOf(points, 2);
				const first = await index.searchVector(asked(1, 2), { limit: 3 });
				expect(await index.searchVector(asked(1, 2), { limit: 3 })).toEqual(first);
			});

			it('finds nothing in an index without vectors', async () => {
				const index = await indexOf(pets);
				expect(index.embeddingModel).toBeNull();
				expect(await index.searchVector(asked(1, 0), { limit: 10 })).toEqual([]);
			});
		});

		describe('passages', () => {
			it('come back as they went in, in the order asked for, without the unknown', async () => {
				const index = await indexOf(pets);
				expect(await index.get(['fish', 'unicorn', 'cat'])).toEqual([
					{ chunk: pets[2]!.chunk, position: 0 },
					{ chunk: pets[0]!.chunk, position: 0 }
				]);
			});

			it('are counted, with their libraries', async () => {
				const index = await indexOf(pets);
				expect(index.size).toBe(3);
				expect(index.libraries()).toEqual(['demo', 'water']);
			});

			it('replace the ones they share an id with', async () => {
				const index = await indexOf(pets, 2);
				await index.add([passage('cat', 'A tiger roars.', { library: 'jungle' }, [1, 0])]);
				expect(index.size).toBe(3);
				expect(ids(await index.searchText('tiger', { limit: 10 }))).toEqual(['cat']);
				expect(ids(await index.searchText('purrs', { limit: 10 }))).toEqual([]);
				expect(ids(await index.searchText('stroked', { limit: 10 }))).toEqual([]);
				expect(index.libraries()).toEqual(['demo', 'jungle', 'water']);
				expect(ids(await index.searchVector(asked(1, 0), { limit: 10 }))).toEqual(['cat']);
			});

			it('of one id in one batch: the last one stays', async () => {
				const index = await indexOf([passage('a', 'first'), passage('a', 'second')]);
				expect(index.size).toBe(1);
				expect((await index.get(['a']))[0]!.chunk.text).toBe('second');
			});

			it('can be removed and added again; the unknown is ignored', async () => {
				const index = await indexOf(pets);
				await index.remove(['cat', 'unicorn', 'fish']);
				expect(index.size).toBe(1);
				expect(ids(await index.searchText('cat', { limit: 10 }))).toEqual(['dog']);
				expect(await index.get(['cat'])).toEqual([]);
				expect(index.libraries()).toEqual(['demo']);
				await index.remove(['cat']);
				await index.add([pets[0]!]);
				expect(ids(await index.searchText('purring cat', { limit: 10 }))).toEqual(['cat', 'dog']);
			});
		});

		describe('evidence', () => {
			it('is finite numbers for each known passage', async () => {
				const index = await indexOf(pets, 2);
				const evidence = await index.features({ question: 'Why do cats purr?', vectors: asked(1, 1) }, [
					'cat',
					'unicorn',
					'fish'
				]);
				expect([...evidence.keys()].toSorted()).toEqual(['cat', 'fish']);
				for (const features of evidence.values()) {
					for (const value of Object.values(features)) expect(value).toSatisfy(Number.isFinite);
				}
			});

			it('holds the cosine when both have a vector', async () => {
				const index = await indexOf([passage('a', 'a', {}, [1, 0]), passage('b', 'b')], 2);
				const evidence = await index.features({ question: 'a', vectors: asked(1, 1) }, ['a', 'b']);
				expect(evidence.get('a')!.semantic).toBeCloseTo(Math.SQRT1_2, 6);
				expect(evidence.get('b')!.semantic).toBe(0);
				expect((await index.features({ question: 'a' }, ['a'])).get('a')!.semantic).toBe(0);
			});
		});

		describe('an empty index', () => {
			it('finds nothing and has nothing', async () => {
				const index = kind.create(2);
				expect(await index.searchText('cat', { limit: 10 })).toEqual([]);
				expect(await index.searchVector(asked(1, 0), { limit: 10 })).toEqual([]);
				expect(await index.features({ question: 'cat' }, ['cat'])).toEqual(new Map());
				expect(index.libraries()).toEqual([]);
				expect(index.size).toBe(0);
			});
		});

		describe('saved and loaded', () => {
			async function reload(index: PassageIndex): Promise<PassageIndex> {
				const folder = mkdtempSync(join(tmpdir(), 'citelight-index-'));
				try {
					await index.save(join(folder, 'deep', 'down'));
					return await kind.load(join(folder, 'deep', 'down'));
				} finally {
					rmSync(folder, { recursive: true, force: true });
				}
			}

			it('answers as before, after removals and updates, and can be written on', async () => {
				const index = await indexOf(
					[...pets.map((pet, at) => ({ ...pet, vector: unit([at, 1]) })), passage('gone', 'cat')],
					2
				);
				await index.remove(['gone']);
				await index.add([passage('dog', 'The dog sleeps beside the cat.', {}, [5, 1])]);
				const loaded = await reload(index);
				const ask = async (one: PassageIndex) => [
					one.size,
					one.embeddingModel,
					one.libraries(),
					await one.searchText('cat dog', { limit: 10 }),
					await one.searchVector(asked(1, 2), { limit: 10 }),
					await one.features({ question: 'cat dog', vectors: asked(1, 2) }, ['cat', 'dog', 'fish', 'gone']),
					await one.get(['dog', 'gone', 'fish']),
					await one.section('dog')
				];
				expect(await ask(loaded)).toEqual(await ask(index));
				await loaded.add([passage('owl', 'The owl watches the cat.', {}, [1, 1])]);
				await loaded.remove(['cat']);
				expect(ids(await loaded.searchText('owl cat', { limit: 10 }))).toEqual(['owl', 'dog']);
			});

			it('empty stays empty', async () => {
				const loaded = await reload(kind.create(null));
				expect(loaded.size).toBe(0);
				expect(await loaded.searchText('cat', { limit: 10 })).toEqual([]);
				await loaded.add(pets);
				expect(ids(await loaded.searchText('fish', { limit: 10 }))).toEqual(['fish']);
			});
		});
	});
}
