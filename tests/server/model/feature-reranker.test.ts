import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FeatureReranker } from '#lib/server/model/feature-reranker.ts';
import { featureWeights } from '#lib/server/model/feature-weights.ts';
import type { Reranked } from '#lib/server/model/reranker.ts';
import { passage } from '../../fixtures/passages.ts';

const signal = new AbortController().signal;
const candidate = (chunk_id: string, features: Record<string, number>) => ({
	chunk: passage({ chunk_id }),
	features
});
const told = (reranked: Reranked[]) => reranked.map((entry) => ({ ...entry, features: entry.features?.() }));
const order = async (reranker: FeatureReranker, candidates: ReturnType<typeof candidate>[]) =>
	(await reranker.rerank('?', candidates, signal)).map(({ chunk_id }) => chunk_id);

it('orders by the weighted sum of what stands out', async () => {
	const reranker = new FeatureReranker({ title: 1, body: 3 });
	const candidates = [
		candidate('neither', { title: 0, body: 0 }),
		candidate('title', { title: 1, body: 0 }),
		candidate('body', { title: 0, body: 0.001 })
	];
	expect(await order(reranker, candidates)).toEqual(['body', 'title', 'neither']);
});

it('computes scores that can be recomputed from features and weights', async () => {
	const reranked = await new FeatureReranker({ x: 2 }).rerank(
		'?',
		[candidate('a', { x: 1 }), candidate('b', { x: 3 })],
		signal
	);
	expect(told(reranked)).toEqual([
		{ chunk_id: 'b', score: 2, features: { x: 3 } },
		{ chunk_id: 'a', score: -2, features: { x: 1 } }
	]);
});

it('sees evidence to four decimals, as the trace keeps it', async () => {
	const reranked = await new FeatureReranker({ x: 1 }).rerank(
		'?',
		[candidate('b', { x: 0.50004 }), candidate('a', { x: 0.49996 }), candidate('c', { x: 0.123456 })],
		signal
	);
	expect(told(reranked).map(({ chunk_id, features }) => [chunk_id, features])).toEqual([
		['a', { x: 0.5 }],
		['b', { x: 0.5 }],
		['c', { x: 0.1235 }]
	]);
});

it('leaves out the features that are 0', async () => {
	const reranked = await new FeatureReranker({ x: 1, y: 1 }).rerank(
		'?',
		[candidate('a', { x: 1, y: 0 }), candidate('b', { x: 0 })],
		signal
	);
	expect(told(reranked).map(({ features }) => features)).toEqual([{ x: 1 }, {}]);
});

it('keeps every candidate, and does not depend on the order they come in', async () => {
	const feature = fc.double({ min: 0, max: 1, noNaN: true });
	const some = fc.uniqueArray(fc.record({ id: fc.string({ minLength: 1 }), x: feature, bm25: feature }), {
		selector: ({ id }) => id,
		maxLength: 12
	});
	await fc.assert(
		fc.asyncProperty(some, async (given) => {
			const candidates = given.map(({ id, x, bm25 }) => candidate(id, { x, bm25 }));
			const reranker = new FeatureReranker({ x: 1 });
			const ids = await order(reranker, candidates);
			expect(ids.toSorted()).toEqual(given.map(({ id }) => id).toSorted());
			const scores = (await reranker.rerank('?', candidates.toReversed(), signal)).map(({ score }) => score);
			expect(scores).toEqual(scores.toSorted((a, b) => b - a));
			for (const score of scores) expect(score).toSatisfy(Number.isFinite);
		})
	);
});

it('puts equal ones in the order of their ids', async () => {
	const candidates = ['c', 'a', 'b'].map((id) => candidate(id, { bm25: 0.5 }));
	expect(await order(new FeatureReranker(), candidates)).toEqual(['a', 'b', 'c']);
});

it('takes nothing, and stops when told', async () => {
	expect(await order(new FeatureReranker(), [])).toEqual([]);
	await expect(new FeatureReranker().rerank('?', [], AbortSignal.abort())).rejects.toMatchObject({
		code: 'cancelled'
	});
});

it('counts nothing against a passage but the length of its page and that it lists changes', () => {
	const against = Object.entries(featureWeights).filter(([, weight]) => weight <= 0);
	expect(against.map(([name]) => name).toSorted()).toEqual(['changelog', 'page_size']);
});
