import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candidate } from '#lib/contract/trace.ts';
import { FeatureReranker } from '#lib/server/model/feature-reranker.ts';
import { rerankWeights, scoreParts } from '#lib/ui/trace/score-parts.ts';
import { passage } from '../fixtures/passages.ts';

const WEIGHTS = { coverage: 0.5, proximity: 2 };

function row(chunk_id: string, features: Candidate['features']): Candidate {
	return {
		chunk_id,
		library: 'a',
		document: 'a.md',
		heading_path: [],
		semantic: null,
		bm25: null,
		fusion: null,
		rerank: null,
		...(features && { features }),
		in_context: false,
		cited: false,
		dropped_at: 'reranking'
	};
}

describe('the parts of a score', () => {
	it('add up to the score that the reranker gave', async () => {
		const value = fc.integer({ min: 0, max: 100 }).map((whole) => whole / 100);
		await fc.assert(
			fc.asyncProperty(
				fc.array(fc.record({ coverage: value, proximity: value }), { minLength: 1, maxLength: 12 }),
				async (all) => {
					const candidates = all.map((features, at) => ({
						chunk: passage({ chunk_id: String(at) }),
						features
					}));
					const { signal } = new AbortController();
					const reranked = await new FeatureReranker(WEIGHTS).rerank('?', candidates, signal);
					const parts = scoreParts(
						all.map((features, at) => row(String(at), features)),
						WEIGHTS
					);
					for (const { chunk_id, score } of reranked) {
						const own = parts.get(chunk_id)!;
						expect(own.reduce((sum, { part }) => sum + part!, 0)).toBeCloseTo(score, 9);
						const sizes = own.map(({ part }) => Math.abs(part!));
						expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
					}
				}
			)
		);
	});

	it('are values alone where the trace has no weights, and nothing for rows without features', () => {
		const parts = scoreParts([row('a', { coverage: 0.5 }), row('b', undefined)], null);
		expect([...parts]).toEqual([['a', [{ feature: 'coverage', value: 0.5, part: null }]]]);
	});

	it('take their weights from the reranking step', () => {
		const step = (details: Record<string, never> | object) => ({
			steps: [{ name: 'reranking', start_ms: 0, duration_ms: 1, status: 'success', details }] as never
		});
		expect(rerankWeights(step({ weights: WEIGHTS }))).toEqual(WEIGHTS);
		expect(rerankWeights(step({ model: 'endpoint' }))).toBeNull();
		expect(rerankWeights({ steps: [] })).toBeNull();
	});
});
