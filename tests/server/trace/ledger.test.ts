import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { droppedAtSchema, type Candidate } from '#lib/contract/trace.ts';
import { Ledger, type RankingStage } from '#lib/server/trace/ledger.ts';
import { passage } from '../../fixtures/passages.ts';

const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const STAGES: RankingStage[] = ['semantic', 'bm25', 'fusion', 'rerank'];
const chunks = IDS.map((chunk_id) => passage({ chunk_id }));

function describedLedger(): Ledger {
	const ledger = new Ledger();
	ledger.describe(chunks);
	return ledger;
}

function rank(ledger: Ledger, stage: RankingStage, ids: string[]): void {
	ledger.rank(
		stage,
		ids.map((chunk_id, at) => ({ chunk_id, score: 1 - at / 10 }))
	);
}

const byId = (ledger: Ledger) => new Map(ledger.candidates().map((row) => [row.chunk_id, row]));

const someIds = fc.array(fc.constantFrom(...IDS), { maxLength: 12 });
const operation = fc.oneof(
	fc.record({ kind: fc.constant('rank' as const), stage: fc.constantFrom(...STAGES), ids: someIds }),
	fc.record({ kind: fc.constant('enter' as const), ids: someIds }),
	fc.record({ kind: fc.constant('cite' as const), ids: someIds }),
	fc.record({
		kind: fc.constant('drop' as const),
		stage: fc.constantFrom(...droppedAtSchema.options),
		ids: someIds
	})
);

describe('the ledger', () => {
	it('holds what it promises after any sequence of events', () => {
		fc.assert(
			fc.property(fc.array(operation, { maxLength: 20 }), (operations) => {
				const ledger = describedLedger();
				const entered = new Set<string>();
				const lastRanked = new Map<RankingStage, string[]>();
				for (const event of operations) {
					if (event.kind === 'rank') {
						rank(ledger, event.stage, event.ids);
						lastRanked.set(event.stage, [...new Set(event.ids)]);
					}
					if (event.kind === 'enter') {
						ledger.enterContext(event.ids);
						for (const id of event.ids) entered.add(id);
					}
					if (event.kind === 'cite') ledger.cite(event.ids);
					if (event.kind === 'drop') ledger.dropAt(event.stage, event.ids);
				}
				const rows = ledger.candidates();
				expect(
					rows
						.filter((row) => row.in_context)
						.map((row) => row.chunk_id)
						.sort()
				).toEqual([...entered].sort());
				expect(rows.filter((row) => row.in_context && row.dropped_at)).toEqual([]);
				expect(rows.filter((row) => row.cited && !row.in_context)).toEqual([]);
				for (const stage of STAGES) {
					const ranked = rows.filter((row) => row[stage]).sort((a, b) => rankAt(a, stage) - rankAt(b, stage));
					expect(ranked.map((row) => row.chunk_id)).toEqual(lastRanked.get(stage) ?? []);
					expect(ranked.map((row) => row[stage]?.rank)).toEqual(ranked.map((_, at) => at + 1));
				}
				ledger.settle('prompt_building');
				expect(ledger.candidates().filter((row) => row.in_context === (row.dropped_at !== null))).toEqual([]);
			}),
			{ numRuns: 300 }
		);
	});

	it('keeps a chunk that a stage names twice at its better place, without a hole in the ranks', () => {
		const ledger = describedLedger();
		rank(ledger, 'bm25', ['a', 'b', 'a', 'c']);
		expect([...byId(ledger).values()].map((row) => [row.chunk_id, row.bm25?.rank])).toEqual([
			['a', 1],
			['b', 2],
			['c', 3]
		]);
		expect(byId(ledger).get('a')?.bm25?.score).toBe(1);
	});

	it('replaces the ranks of a stage that is ranked again', () => {
		const ledger = describedLedger();
		rank(ledger, 'rerank', ['a', 'b']);
		rank(ledger, 'rerank', ['b']);
		expect(byId(ledger).get('a')?.rerank).toBeNull();
		expect(byId(ledger).get('b')?.rerank?.rank).toBe(1);
	});

	it('keeps the first stage that dropped a chunk', () => {
		const ledger = describedLedger();
		ledger.dropAt('fusion_rrf', ['a']);
		ledger.dropAt('reranking', ['a', 'b']);
		expect([byId(ledger).get('a')?.dropped_at, byId(ledger).get('b')?.dropped_at]).toEqual([
			'fusion_rrf',
			'reranking'
		]);
	});

	it('lists reranked chunks first, then fused ones, then the rest as they were seen', () => {
		const ledger = describedLedger();
		rank(ledger, 'bm25', ['h', 'g', 'c', 'a', 'b']);
		rank(ledger, 'fusion', ['c', 'b', 'a']);
		rank(ledger, 'rerank', ['a', 'b']);
		expect(ledger.candidates().map((row) => row.chunk_id)).toEqual(['a', 'b', 'c', 'h', 'g']);
	});

	it('takes down the parts of a score where a stage tells them', () => {
		const ledger = describedLedger();
		ledger.rank('rerank', [{ chunk_id: 'a', score: 0.9, features: () => ({ coverage: 0.5 }) }]);
		rank(ledger, 'bm25', ['b']);
		expect(byId(ledger).get('a')?.features).toEqual({ coverage: 0.5 });
		expect(byId(ledger).get('b')).not.toHaveProperty('features');
	});

	it('leaves out chunks that nobody described', () => {
		const ledger = new Ledger();
		rank(ledger, 'bm25', ['a', 'b']);
		ledger.describe(chunks.slice(0, 1));
		expect(ledger.candidates().map((row) => row.chunk_id)).toEqual(['a']);
		expect(ledger.ids()).toEqual(['a', 'b']);
	});
});

function rankAt(row: Candidate, stage: RankingStage): number {
	return row[stage]?.rank ?? NaN;
}
