import { describe, expect, it } from 'vitest';
import type { Chunk } from '#lib/contract/chunk.ts';
import { OramaIndex } from '#lib/server/search/orama.ts';
import { passage } from '../../fixtures/passages.ts';

/** Evidence about passages of one page each, or as given, by id. */
async function evidence(question: string, given: Record<string, Partial<Chunk> & { position?: number }>) {
	const index = OramaIndex.create(null);
	await index.add(
		Object.entries(given).map(([chunk_id, { position = 0, ...chunk }]) => ({
			position,
			chunk: passage({
				chunk_id,
				document: `${chunk_id}/page`,
				title: 'Untitled',
				heading_path: [],
				...chunk
			})
		}))
	);
	const features = await index.features({ question }, Object.keys(given));
	return (id: string) => features.get(id)!;
}

describe('evidence about a passage', () => {
	it('says how much of the question it holds, rare words counting more', async () => {
		const of = await evidence('middleware response', {
			both: { text: 'The middleware changes the response.' },
			rare: { text: 'About middleware.' },
			common: { text: 'A response.' },
			more: { text: 'Another response.' },
			none: { text: 'Nothing.' }
		});
		expect(of('both').coverage).toBeCloseTo(1, 12);
		expect(of('none').coverage).toBe(0);
		expect(of('rare').coverage).toBeGreaterThan(of('common').coverage!);
	});

	it('tells apart where the words stand', async () => {
		const of = await evidence('walrus', {
			title: { text: 'x', title: 'Walrus' },
			heading: { text: 'x', heading_path: ['Walrus'] },
			body: { text: 'walrus' },
			code: { text: '```\nwalrus\n```' }
		});
		for (const place of ['title', 'heading', 'body', 'code']) {
			for (const field of ['title', 'heading', 'body', 'code']) {
				const value = of(place)[`${field}_bm25`];
				if (field === place) expect(value).toBeGreaterThan(0);
				else expect(value).toBe(0);
			}
		}
	});

	it('says how much of title and headings was asked for', async () => {
		const of = await evidence('cors headers', {
			exact: { text: 'x', document: 'x', heading_path: ['CORS headers'] },
			partly: { text: 'x', document: 'x', heading_path: ['CORS headers, cookies and proxies'] }
		});
		expect(of('exact').heading_match).toBeCloseTo(1, 12);
		expect(of('partly').heading_match).toBeGreaterThan(0);
		expect(of('partly').heading_match).toBeLessThan(1);
	});

	it('sees words of the question side by side, and close by', async () => {
		const of = await evidence('event loop', {
			phrase: { text: 'Run the event loop.' },
			reversed: { text: 'A loop event.' },
			near: { text: 'The event enters another loop.' },
			far: { text: `event ${'filler '.repeat(50)} loop` }
		});
		expect(of('phrase').phrase).toBeGreaterThan(0);
		expect(of('reversed').phrase).toBe(0);
		expect(of('near').phrase).toBe(0);
		const proximities = ['phrase', 'near', 'far'].map((id) => of(id).proximity);
		expect(proximities).toEqual(proximities.toSorted((a, b) => b! - a!));
		expect(of('phrase').proximity).toBeGreaterThan(of('far').proximity!);
	});

	it('sees names that are there whole', async () => {
		const of = await evidence('What does asyncio.gather return?', {
			whole: { text: 'Use asyncio.gather here.' },
			parts: { text: 'Use asyncio to gather them.' }
		});
		expect(of('whole').identifier).toBe(1);
		expect(of('parts').identifier).toBe(0);
	});

	it('counts the whole page and the passages around', async () => {
		const page = { document: 'guide.md' };
		const of = await evidence('walrus', {
			before: { ...page, position: 0, text: 'The walrus.' },
			middle: { ...page, position: 1, text: 'Something else.' },
			after: { ...page, position: 2, text: 'Walrus again.' },
			lonely: { text: 'Something else.' }
		});
		expect(of('middle').bm25).toBe(0);
		expect(of('middle').document_bm25).toBe(of('before').document_bm25);
		expect(of('middle').document_bm25).toBeGreaterThan(0);
		expect(of('middle').neighbours).toBeGreaterThan(of('before').neighbours!);
		expect(of('lonely')).toMatchObject({ document_bm25: 0, neighbours: 0, document_best_passage: 0 });
		expect([of('before').position, of('middle').position]).toEqual([1, 1 / 2]);
	});

	it('sees which page more than one passage speaks for', async () => {
		const of = await evidence('walrus', {
			twice: { document: 'much.md', position: 0, text: 'The walrus.' },
			again: { document: 'much.md', position: 1, text: 'The walrus.' },
			once: { document: 'little.md', position: 0, text: 'The walrus.' },
			other: { document: 'little.md', position: 1, text: 'The otter.' }
		});
		expect(of('twice').document_second_passage).toBe(of('twice').document_best_passage);
		expect(of('once').document_second_passage).toBe(0);
	});

	it('looks at what the question opens with by itself', async () => {
		const given = {
			subject: { text: 'Walrus migration.', title: 'Walrus' },
			aside: { text: 'An otter swims by the harbor at night, every night.', title: 'Otter' }
		};
		const opening = ['opening_document_bm25', 'opening_best_passage', 'opening_heading_coverage'];
		const of = await evidence('Hello! Walrus migration?\nAt night an otter swims by the harbor.', given);
		for (const name of opening) {
			expect(of('subject')[name]).toBeGreaterThan(0);
			expect(of('aside')[name]).toBe(0);
		}
		expect(of('aside').document_bm25).toBeGreaterThan(of('subject').document_bm25!);
		const whole = (await evidence('Walrus migration?', given))('subject');
		expect(whole.opening_document_bm25).toBe(whole.document_bm25);
		expect(whole.opening_best_passage).toBe(whole.document_best_passage);
		expect(whole.opening_heading_coverage).toBe(whole.document_heading_coverage);
	});

	it('does not depend on the order in which the passages of a page came', async () => {
		const given = {
			p0: { document: 'guide.md', position: 0, text: 'walrus one' },
			p1: { document: 'guide.md', position: 1, text: 'seal two walrus' },
			p2: { document: 'guide.md', position: 2, text: 'otter three' }
		};
		const forward = await evidence('walrus otter', given);
		const backward = await evidence('walrus otter', Object.fromEntries(Object.entries(given).toReversed()));
		for (const id of Object.keys(given)) expect(backward(id)).toEqual(forward(id));
	});

	it('is the same after changes as in an index that was made at once', async () => {
		const page = (id: string, text: string, position: number) => ({
			position,
			chunk: passage({ chunk_id: id, document: `${id[0]}.md`, title: 'Guide', heading_path: [], text })
		});
		const before = [page('a0', 'walrus', 0), page('a1', 'old seal', 1), page('b0', 'seal otter', 0)];
		const after = [page('a1', 'new seal walrus', 1), page('a2', 'otter walrus', 2), page('b1', 'walrus', 1)];
		const grown = OramaIndex.create(null);
		await grown.add(before);
		await grown.features({ question: 'seal' }, ['a0']);
		await grown.add(after);
		await grown.remove(['b0']);
		const atOnce = OramaIndex.create(null);
		await atOnce.add([before[0]!, ...after]);
		const ids = ['a0', 'a1', 'a2', 'b1'];
		expect(await grown.features({ question: 'walrus seal' }, ids)).toEqual(
			await atOnce.features({ question: 'walrus seal' }, ids)
		);
	});

	it('counts words that stand for those of the question, for less', async () => {
		const of = await evidence('delete a directory', {
			asked: { text: 'Here directories are deleted.' },
			related: { text: 'Here folders are removed.' },
			none: { text: 'Nothing of that.' }
		});
		expect(of('asked').coverage).toBeCloseTo(1, 12);
		expect(of('related').coverage).toBeGreaterThan(0);
		expect(of('related').coverage).toBeLessThan(of('asked').coverage! / 2);
		expect(of('related').document_bm25).toBeGreaterThan(0);
		expect(of('related').document_bm25).toBeLessThan(of('asked').document_bm25!);
		expect(of('related').bm25).toBe(0);
		expect(of('none').coverage).toBe(0);
		expect(of('none').question_known).toBe(1);
	});

	it('knows when the question names a library', async () => {
		const of = await evidence('middleware in fastapi', {
			named: { library: 'fastapi', text: 'middleware' },
			other: { library: 'django', text: 'middleware' }
		});
		expect(of('named').library_named).toBe(1);
		expect(of('other').library_named).toBe(0);
		expect(of('named').library_share! + of('other').library_share!).toBeCloseTo(1, 12);
	});

	it('says how much of the question the documentation knows at all', async () => {
		const given = { a: { text: 'walrus' }, b: { text: 'seal' } };
		expect((await evidence('walrus seal', given))('a').question_known).toBe(1);
		expect((await evidence('xylophone', given))('a').question_known).toBe(0);
		const half = (await evidence('walrus xylophone', given))('b').question_known;
		expect(half).toBeGreaterThan(0);
		expect(half).toBeLessThan(1);
	});

	it('gives the same numbers again, for one passage or for many', async () => {
		const given = { a: { text: 'walrus and seal' }, b: { text: 'seal' } };
		const index = OramaIndex.create(null);
		await index.add(
			Object.entries(given).map(([chunk_id, chunk]) => ({
				position: 0,
				chunk: passage({ chunk_id, ...chunk })
			}))
		);
		const many = await index.features({ question: 'walrus seal' }, ['a', 'b']);
		expect((await index.features({ question: 'walrus seal' }, ['b'])).get('b')).toEqual(many.get('b'));
	});
});
