import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stepNameSchema } from '#lib/contract/trace.ts';
import { phaseDurations, unionLength } from '#lib/server/trace/interval.ts';
import { covered } from '../../fixtures/naive-stats.ts';
import { step } from '../../fixtures/traces.ts';

const arbitrarySteps = fc.array(
	fc
		.tuple(fc.constantFrom(...stepNameSchema.options), fc.nat(300_000), fc.nat(200_000))
		.map(([name, start, length]) => step(name, start / 1000, length / 1000)),
	{ maxLength: 10 }
);

describe('the union of intervals', () => {
	it.each([
		['nothing', [], 0],
		[
			'a gap',
			[
				[0, 5],
				[10, 5]
			],
			10
		],
		[
			'a touch',
			[
				[0, 5],
				[5, 5]
			],
			10
		],
		[
			'an overlap',
			[
				[0, 6],
				[4, 6]
			],
			10
		],
		[
			'one inside another',
			[
				[0, 10],
				[2, 3]
			],
			10
		],
		[
			'two alike',
			[
				[1, 4],
				[1, 4]
			],
			4
		],
		['no length', [[3, 0]], 0]
	])('with %s', (_what, pairs, expected) => {
		const intervals = pairs.map(([start_ms = 0, duration_ms = 0]) => ({ start_ms, duration_ms }));
		expect(unionLength(intervals)).toBe(expected);
		expect(unionLength(intervals.reverse())).toBe(expected);
	});

	it('is what a look at every piece between two ends adds up to', () => {
		fc.assert(
			fc.property(arbitrarySteps, (steps) => {
				expect(unionLength(steps)).toBeCloseTo(covered(steps) ?? 0, 6);
			})
		);
	});
});

describe('the phases of a run', () => {
	const none = { rewriting_ms: null, retrieval_ms: null, generation_ms: null };

	it('are null when they did not take place', () => {
		expect(phaseDurations([])).toEqual(none);
		expect(phaseDurations([step('query_rewriting', 0, 2)])).toEqual({ ...none, rewriting_ms: 2 });
		expect(phaseDurations([step('fusion_rrf', 0, 2)])).toEqual({ ...none, retrieval_ms: 2 });
		expect(phaseDurations([step('llm_generation', 0, 2)])).toEqual({ ...none, generation_ms: 2 });
	});

	it('do not count a step that begins after generation as retrieval, and cut one that reaches into it', () => {
		const steps = [step('retrieval_bm25', 0, 15), step('llm_generation', 10, 20), step('reranking', 40, 5)];
		expect(phaseDurations(steps)).toEqual({ ...none, retrieval_ms: 10, generation_ms: 20 });
	});

	it('do not count waiting for a turn', () => {
		const steps = [step('queue', 0, 50), step('retrieval_bm25', 50, 15), step('llm_generation', 70, 20)];
		expect(phaseDurations(steps)).toEqual({ ...none, retrieval_ms: 15, generation_ms: 20 });
		expect(phaseDurations([step('queue', 0, 50)])).toEqual(none);
	});

	it('do not count rewriting as retrieval', () => {
		const steps = [
			step('query_rewriting', 0, 700),
			step('retrieval_bm25', 700, 15),
			step('source_selection', 720, 5),
			step('llm_generation', 730, 20)
		];
		expect(phaseDurations(steps)).toEqual({ rewriting_ms: 700, retrieval_ms: 20, generation_ms: 20 });
	});

	it('count as retrieval what is searched while a question is being rewritten', () => {
		const steps = [
			step('query_rewriting', 0, 700),
			step('retrieval_bm25', 0, 15),
			step('reranking', 695, 10),
			step('llm_generation', 730, 20)
		];
		expect(phaseDurations(steps)).toEqual({ rewriting_ms: 680, retrieval_ms: 25, generation_ms: 20 });
	});

	it('never take more together than all steps do', () => {
		fc.assert(
			fc.property(arbitrarySteps, (steps) => {
				const { rewriting_ms, retrieval_ms, generation_ms } = phaseDurations(steps);
				const together = (rewriting_ms ?? 0) + (retrieval_ms ?? 0) + (generation_ms ?? 0);
				expect(together).toBeLessThanOrEqual(unionLength(steps) + 0.001);
				expect(Math.min(rewriting_ms ?? 0, retrieval_ms ?? 0, generation_ms ?? 0)).toBeGreaterThanOrEqual(0);
			})
		);
	});
});
