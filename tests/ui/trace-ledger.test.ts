import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candidate } from '#lib/contract/trace.ts';
import { filterCounts, LEDGER_FILTERS, passes, sortByStage, STAGES, stagesOf } from '#lib/ui/trace/ledger.ts';
import { randomNumbers, sampleTrace } from './sample-traces.ts';

const ledgers = fc
	.record({ seed: fc.integer(), candidates: fc.integer({ min: 8, max: 120 }) })
	.map(
		({ seed, candidates }) => sampleTrace(randomNumbers(seed), { status: 'success', candidates }).candidates
	);
const ids = (candidates: readonly Candidate[]) => candidates.map(({ chunk_id }) => chunk_id);

describe('the ledger', () => {
	it('sorts by rank at a stage, with those it did not see last in both directions, and loses nobody', () => {
		fc.assert(
			fc.property(ledgers, fc.constantFrom(...STAGES), fc.boolean(), (candidates, stage, descending) => {
				const sorted = sortByStage(candidates, stage, descending);
				expect(ids(sorted).toSorted()).toEqual(ids(candidates).toSorted());
				const ranks = sorted.map((candidate) => candidate[stage]?.rank ?? null);
				const seen = ranks.filter((rank) => rank !== null);
				expect(ranks.slice(0, seen.length)).toEqual(seen);
				expect(seen).toEqual(seen.toSorted((a, b) => (descending ? b - a : a - b)));
			})
		);
	});

	it('has columns for the searches by parts and for pages where they found something', () => {
		const [first, ...rest] = sampleTrace(randomNumbers(5), { status: 'success' }).candidates;
		const ranked = { rank: 1, score: 0.5 };
		expect(stagesOf([])).toEqual(['semantic', 'bm25', 'fusion', 'rerank']);
		expect(stagesOf(rest)).toEqual(['semantic', 'bm25', 'fusion', 'rerank']);
		expect(stagesOf([{ ...first!, parts: null, pages: ranked }, ...rest])).toEqual([
			'semantic',
			'bm25',
			'pages',
			'fusion',
			'rerank'
		]);
		expect(stagesOf([{ ...first!, parts: ranked, pages: ranked }, ...rest])).toEqual(STAGES);
	});

	it('keeps the order of the trace without a stage', () => {
		fc.assert(
			fc.property(ledgers, (candidates) => {
				expect(ids(sortByStage(candidates, null))).toEqual(ids(candidates));
			})
		);
	});

	it('counts for each filter what the filter lets through; in context and dropped share nobody', () => {
		fc.assert(
			fc.property(ledgers, (candidates) => {
				const counts = filterCounts(candidates);
				for (const filter of LEDGER_FILTERS) {
					expect(counts[filter]).toBe(candidates.filter((candidate) => passes(candidate, filter)).length);
				}
				expect(counts.in_context + counts.dropped).toBe(counts.all);
				expect(counts.cited).toBeLessThanOrEqual(counts.in_context);
			})
		);
	});
});
