import { describe, expect, it } from 'vitest';
import { statsInputSchema } from '#lib/contract/stats.ts';
import type { Trace } from '#lib/contract/trace.ts';
import { MemoryTraceStore } from '#lib/server/store/memory.ts';
import { describeBottleneck } from '#lib/ui/dashboard/bottleneck.ts';
import { sampleTraces } from './sample-traces.ts';

const plain = (text: string | undefined) => text?.replaceAll('\u00a0', ' ');
const now = new Date('2026-02-05T18:00:00.000Z');

async function statsOf(traces: readonly Trace[]) {
	const store = new MemoryTraceStore();
	for (const trace of traces) store.create(trace);
	return store.stats(statsInputSchema.parse({}), now);
}

const figures = {
	avg_latency_ms: 2500,
	avg_rewriting_ms: null,
	avg_retrieval_ms: 150,
	avg_generation_ms: 2300,
	bottleneck: 'generation' as const,
	statuses: { success: 10 },
	steps: {
		retrieval_bm25: { count: 10, avg_ms: 20, p50_ms: 20, p95_ms: 20, p99_ms: 20 },
		llm_generation: { count: 10, avg_ms: 2300, p50_ms: 2300, p95_ms: 2300, p99_ms: 2300 }
	}
};

describe('the bottleneck', () => {
	it('is said in one sentence with its share and both figures', () => {
		expect(plain(describeBottleneck(figures)?.sentence)).toBe(
			'Generation takes 92 % of an average answer: 2.3 s of 2.5 s.'
		);
		const slowSearch = {
			...figures,
			avg_retrieval_ms: 2000,
			avg_generation_ms: 400,
			bottleneck: 'retrieval' as const
		};
		expect(plain(describeBottleneck(slowSearch)?.sentence)).toBe(
			'Retrieval takes 80 % of an average answer: 2 s of 2.5 s.'
		);
		const elsewhere = {
			...figures,
			avg_retrieval_ms: 100,
			avg_generation_ms: 400,
			bottleneck: 'other' as const
		};
		expect(plain(describeBottleneck(elsewhere)?.sentence)).toBe(
			'Time outside rewriting, retrieval and generation makes up 80 % of an average answer: 2 s of 2.5 s.'
		);
	});

	it('can be the rewriting of follow-ups, which has a part only where there were some', () => {
		expect(describeBottleneck(figures)?.shares.map(({ phase }) => phase)).toEqual([
			'retrieval',
			'generation',
			'other'
		]);
		const rewritten = {
			...figures,
			avg_rewriting_ms: 4000,
			avg_generation_ms: 400,
			bottleneck: 'rewriting' as const,
			steps: {
				...figures.steps,
				query_rewriting: { count: 5, avg_ms: 4000, p50_ms: 4000, p95_ms: 4000, p99_ms: 4000 }
			}
		};
		const bottleneck = describeBottleneck(rewritten)!;
		expect(plain(bottleneck.sentence)).toBe('Rewriting takes 80 % of an average answer: 2 s of 2.5 s.');
		expect(bottleneck.shares.map(({ phase, average_ms }) => [phase, average_ms])).toEqual([
			['rewriting', 2000],
			['retrieval', 150],
			['generation', 400],
			['other', 0]
		]);
	});

	it('is unknown as long as nothing has been answered', async () => {
		expect(describeBottleneck({ ...figures, avg_latency_ms: null, bottleneck: null })).toBeNull();
		expect(describeBottleneck(await statsOf([]))).toBeNull();
	});

	it('gives each phase the part that it has of all answers, refused ones among them', async () => {
		const traces = sampleTraces(200, 5, now, 3_600_000);
		const finished = traces.filter(({ status }) => status === 'success' || status === 'refused');
		expect(finished.some(({ status }) => status === 'refused')).toBe(true);
		const bottleneck = describeBottleneck(await statsOf(traces))!;

		const generation = finished
			.flatMap(({ steps }) => steps)
			.filter(({ name }) => name === 'llm_generation')
			.reduce((sum, step) => sum + step.duration_ms, 0);
		const total = finished.reduce((sum, trace) => sum + trace.total_duration_ms!, 0);
		const share = bottleneck.shares.find(({ phase }) => phase === 'generation')!;
		expect(share.average_ms).toBeCloseTo(generation / finished.length, 1);
		expect(share.share).toBeCloseTo(generation / total, 3);

		expect(bottleneck.shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
		expect(bottleneck.shares.reduce((sum, part) => sum + part.average_ms, 0)).toBeCloseTo(
			bottleneck.average_ms,
			1
		);
	});
});
