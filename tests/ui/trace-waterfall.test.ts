import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DroppedAt, Step, StepName } from '#lib/contract/trace.ts';
import { phaseDurations, unionLength } from '#lib/server/trace/interval.ts';
import { latencyParts } from '#lib/ui/chat/latency.ts';
import { niceTicks } from '#lib/ui/trace/axis.ts';
import { detailRows } from '#lib/ui/trace/details.ts';
import {
	detailLabel,
	headingLabel,
	isNeighbour,
	outcomeLabel,
	placeLabel,
	sourceNumbers
} from '#lib/ui/trace/labels.ts';
import { PHASE_COLORS, uncovered } from '#lib/ui/trace/phase.ts';
import { place, waterfallEnd, waterfallRows } from '#lib/ui/trace/waterfall.ts';
import { randomNumbers, sampleTrace } from './sample-traces.ts';

const intervals = fc.array(
	fc.record({
		start_ms: fc.integer({ min: 0, max: 1000 }),
		duration_ms: fc.integer({ min: 0, max: 300 })
	}),
	{ maxLength: 12 }
);

describe('the waterfall', () => {
	it('leaves as unaccounted exactly the time that no step covers', () => {
		fc.assert(
			fc.property(intervals, fc.integer({ min: 0, max: 200 }), (steps, rest) => {
				const total = Math.max(0, ...steps.map((step) => step.start_ms + step.duration_ms)) + rest;
				const gaps = uncovered(steps, total);
				const length = gaps.reduce((sum, gap) => sum + gap.duration_ms, 0);
				expect(length).toBeCloseTo(total - unionLength(steps), 6);
				for (const gap of gaps) {
					expect(unionLength([...steps, gap])).toBeCloseTo(unionLength(steps) + gap.duration_ms, 6);
				}
			})
		);
	});

	it('lists the steps as they began and ends with the unaccounted time that the trace tells', () => {
		const trace = sampleTrace(randomNumbers(1), { status: 'success' });
		const rows = waterfallRows(trace);
		const starts = rows.flatMap(({ step }) => (step ? [step.start_ms] : []));
		expect(starts).toEqual(starts.toSorted((a, b) => a - b));
		expect(rows.at(-1)).toMatchObject({
			label: 'Unaccounted',
			step: null,
			duration_ms: trace.unaccounted_ms
		});
		expect(waterfallEnd(trace)).toBe(trace.total_duration_ms);
	});

	it('has the rewriting of a follow-up in a colour of its own, and the choice of sources in that of retrieval', () => {
		const trace = sampleTrace(randomNumbers(4), { status: 'success', followUp: true });
		const row = (name: StepName) => waterfallRows(trace).find(({ step }) => step?.name === name);
		expect(row('query_rewriting')).toMatchObject({ color: PHASE_COLORS.rewriting });
		expect(row('source_selection')).toMatchObject({
			label: 'Source selection',
			color: PHASE_COLORS.retrieval
		});
		expect(new Set(Object.values(PHASE_COLORS)).size).toBe(4);
		expect(latencyParts(trace)[0]).toEqual({
			label: 'rewriting',
			duration_ms: row('query_rewriting')!.duration_ms
		});
	});

	it('is told below an answer by the same phases as on the dashboard', () => {
		fc.assert(
			fc.property(fc.integer(), fc.boolean(), (seed, followUp) => {
				const { steps } = sampleTrace(randomNumbers(seed), { status: 'success', followUp });
				const { rewriting_ms, retrieval_ms, generation_ms } = phaseDurations(steps);
				const parts = Object.fromEntries(
					latencyParts({ steps }).map((part) => [part.label, part.duration_ms])
				);
				expect(parts.retrieval).toBeCloseTo(retrieval_ms!, 2);
				expect(parts.generation).toBeCloseTo(generation_ms!, 2);
				if (rewriting_ms === null) expect(parts).not.toHaveProperty('rewriting');
				else expect(parts.rewriting).toBeCloseTo(rewriting_ms, 2);
			})
		);
	});

	it('begins with the waiting for a turn, which is no part of retrieval', () => {
		const step = (name: StepName, start_ms: number, duration_ms: number): Step => ({
			name,
			start_ms,
			duration_ms,
			status: 'success',
			details: {}
		});
		const steps = [step('queue', 0, 900), step('retrieval_bm25', 900, 20), step('llm_generation', 920, 80)];
		const rows = waterfallRows({ steps, total_duration_ms: 1000, unaccounted_ms: 0 });
		expect(rows[0]).toMatchObject({ label: 'Waiting for a turn', color: PHASE_COLORS.other });
		expect(latencyParts({ steps })).toEqual([
			{ label: 'waiting', duration_ms: 900 },
			{ label: 'retrieval', duration_ms: 20 },
			{ label: 'generation', duration_ms: 80 }
		]);
	});

	it('claims no unaccounted time for a run that is not over', () => {
		const trace = { ...sampleTrace(randomNumbers(2)), total_duration_ms: null, unaccounted_ms: null };
		expect(waterfallRows(trace).map(({ step }) => step)).not.toContain(null);
		expect(waterfallEnd(trace)).toBeGreaterThan(0);
	});

	it('draws every stretch inside the axis, and none that begins after it', () => {
		fc.assert(
			fc.property(intervals, fc.integer({ min: 1, max: 1500 }), (steps, end) => {
				for (const step of steps) {
					const box = place(step, end);
					if (step.start_ms > end) expect(box).toBeNull();
					else expect(box!.left + box!.width).toBeLessThanOrEqual(100 + 1e-9);
				}
			})
		);
		expect(place({ start_ms: 0, duration_ms: 5 }, 0)).toBeNull();
	});

	it('has a few round ticks from 0, none beyond the end', () => {
		expect(niceTicks(854, 5)).toEqual([0, 250, 500, 750]);
		expect(niceTicks(0, 5)).toEqual([0]);
		fc.assert(
			fc.property(fc.double({ min: 1e-3, max: 1e7, noNaN: true }), (end) => {
				const ticks = niceTicks(end, 5);
				expect(ticks.length).toBeGreaterThanOrEqual(2);
				expect(ticks.length).toBeLessThanOrEqual(5);
				expect(ticks.at(-1)!).toBeLessThanOrEqual(end * (1 + 1e-9));
			})
		);
	});
});

describe('details of a step', () => {
	it('are shown with words, units and the unknown as unknown', () => {
		const rows = detailRows({
			n_results: 50,
			time_to_first_token_ms: 310.4,
			prompt_tokens: null,
			answerable: false,
			best_score: 0.8123,
			model: 'moonshot-v1-8k',
			cost_usd: null,
			weights: [1, 2],
			parts: [
				{ kind: 'error', text: 'ValueError: no', n_results: 12 },
				{ kind: 'identifiers', n_results: 1 }
			]
		}).map(({ label, text }) => [label, text.replaceAll('\u00a0', ' ')]);
		expect(rows).toEqual([
			['Results', '50'],
			['Time to first token', '310 ms'],
			['Prompt tokens', 'unknown'],
			['Answerable', 'no'],
			['Best score', '0.812'],
			['Model', 'moonshot-v1-8k'],
			['Cost', 'unknown'],
			['Weights', '[1,2]'],
			['Parts', 'kind error, text ValueError: no, results 12 · kind identifiers, results 1']
		]);
	});

	it('keeps a name that has nothing but its prefix', () => {
		expect(detailLabel('n_')).toBe('n_');
	});
});

describe('a candidate in words', () => {
	const candidate = {
		library: 'fastapi',
		document: 'tutorial/body.md',
		heading_path: ['Request Body', 'Recap'],
		in_context: false,
		cited: false,
		dropped_at: null
	};

	it('has its nearest heading first, and the way there after it', () => {
		expect(headingLabel(candidate)).toBe('Recap');
		expect(placeLabel(candidate)).toBe('fastapi / tutorial/body.md › Request Body');
		expect(headingLabel({ ...candidate, heading_path: [] })).toBe('tutorial/body.md');
		expect(placeLabel({ ...candidate, heading_path: [] })).toBe('fastapi / tutorial/body.md');
	});

	it('says what became of it', () => {
		const used = { ...candidate, in_context: true };
		expect(outcomeLabel({ ...used, cited: true }, 2)).toBe('In context [2], cited');
		expect(outcomeLabel(used, undefined)).toBe('In context');
		const dropped = (at: DroppedAt) => outcomeLabel({ ...candidate, dropped_at: at }, undefined);
		expect(dropped('evidence_gate')).toBe('Dropped at the evidence gate');
		expect(dropped('budget')).toBe('Dropped: no room in SOURCE_TOKENS');
		expect(dropped('redundant')).toBe('Dropped: a better source says the same');
		expect(dropped('limit')).toBe('Dropped: over the limit of the request');
		expect(dropped('prompt_building')).toBe('Dropped: no room in CONTEXT_TOKENS');
		expect(outcomeLabel(candidate, undefined)).toBe('Not used');
	});

	it('has the number of the source that it is a part of', () => {
		const numbers = sourceNumbers([
			{ n: 1, chunk_ids: ['a'] },
			{ n: 2, chunk_ids: ['b', 'c'] }
		]);
		expect(['a', 'b', 'c', 'd'].map((id) => numbers.get(id))).toEqual([1, 2, 2, undefined]);
	});

	it('is a neighbour when it was given though no stage had seen it', () => {
		const unseen = { ...candidate, semantic: null, bm25: null, fusion: null, rerank: null, in_context: true };
		expect(isNeighbour(unseen)).toBe(true);
		expect(isNeighbour({ ...unseen, bm25: { rank: 3, score: 1 } })).toBe(false);
		expect(isNeighbour({ ...unseen, in_context: false })).toBe(false);
	});
});
