import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compare, type ComparedReport, type ComparedResult } from '#lib/server/evaluation/comparison.ts';
import type { Scope } from '#lib/server/evaluation/evaluate.ts';
import { labelOf, parseCompared } from '../../../src/cli/eval/compared.ts';

function result(question: string, gain: number, changes: Partial<ComparedResult> = {}): ComparedResult {
	return {
		id: null,
		question,
		library: 'house',
		scope: 'all',
		first_relevant_rank: gain > 0 ? 1 : null,
		refused: false,
		essential: null,
		all_essential: null,
		page_hit: Number(gain > 0),
		recall_at_5: gain,
		recall_at_20: gain,
		mrr_at_10: gain,
		ndcg_at_10: gain,
		...changes
	};
}
const reported = (label: string, results: ComparedResult[]): ComparedReport => ({
	label,
	results,
	times: {}
});
const questions = (gains: readonly number[]) => gains.map((gain, at) => result(`question ${at}`, gain));

describe('a comparison', () => {
	it('is of each question with itself, whatever the order', () => {
		const gains = fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 })), {
			minLength: 1,
			maxLength: 12
		});
		fc.assert(
			fc.property(gains, (pairs) => {
				const older = questions(pairs.map(([old]) => old / 4));
				const newer = questions(pairs.map(([, now]) => now / 4));
				const comparison = compare(reported('a', older.toReversed()), reported('b', newer));
				const { overall, changed } = comparison.over_all_libraries!;
				const { better, worse, same, difference, interval } = overall.ndcg_at_10;
				expect(better).toBe(pairs.filter(([old, now]) => now > old).length);
				expect(worse).toBe(pairs.filter(([old, now]) => now < old).length);
				expect(better + worse + same).toBe(pairs.length);
				expect(difference).toBeCloseTo(overall.ndcg_at_10.new - overall.ndcg_at_10.old, 12);
				expect(interval === null).toBe(pairs.length === 1);
				expect(changed).toHaveLength(better + worse);
				const sizes = changed.map((each) => Math.abs(each.new.ndcg_at_10 - each.old.ndcg_at_10));
				expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
			}),
			{ numRuns: 30 }
		);
	});

	it('speaks of a difference only when its interval does not hold 0', () => {
		const verdict = (older: number[], newer: number[]) =>
			compare(reported('a', questions(older)), reported('b', questions(newer))).over_all_libraries!.overall
				.ndcg_at_10.verdict;
		const half = Array.from({ length: 40 }, (_, at) => (at % 2) / 2);
		expect(verdict(half, half)).toBe('same');
		expect(
			verdict(
				half,
				half.map((gain) => gain + 0.2)
			)
		).toBe('better');
		expect(
			verdict(
				half.map((gain) => gain + 0.2),
				half
			)
		).toBe('worse');
		const mixed = half.map((gain, at) => gain + (at % 4 < 2 ? 0.2 : -0.2));
		expect(verdict(half, mixed)).toBe('noise');
		expect(verdict([0], [1])).toBe('noise');
	});

	it('keeps scopes and libraries apart and leaves out what only one side was asked', () => {
		const side = (gain: number, scope: Scope, library: string) => result('q', gain, { scope, library });
		const comparison = compare(
			reported('a', [side(0, 'library', 'x'), side(0, 'all', 'x'), side(0.5, 'all', 'y'), result('old', 1)]),
			reported('b', [side(1, 'library', 'x'), side(0, 'all', 'x'), side(0.75, 'all', 'y')])
		);
		expect(comparison.unpaired).toEqual({ old: 1, new: 0 });
		expect(comparison.within_library!.overall.ndcg_at_10.difference).toBe(1);
		expect(comparison.over_all_libraries!.libraries.x!.ndcg_at_10.difference).toBe(0);
		expect(comparison.over_all_libraries!.libraries.y!.ndcg_at_10.difference).toBe(0.25);
	});

	it('is of essential facts over the questions that have them on both sides, and lists the most changed first', () => {
		const sides = (question: string, essential: number | null, gain: number) =>
			result(question, gain, { essential, all_essential: essential && Math.floor(essential) });
		const comparison = compare(
			reported('a', [sides('p', 0.5, 1), sides('q', 1, 0), sides('r', null, 0)]),
			reported('b', [sides('p', 1, 1), sides('q', 1, 1), sides('r', 1, 0)])
		);
		const { overall, changed } = comparison.over_all_libraries!;
		expect(overall.essential).toMatchObject({
			old: 0.75,
			new: 1,
			difference: 0.25,
			better: 1,
			worse: 0,
			same: 1
		});
		expect(overall.all_essential).toMatchObject({ old: 0.5, new: 1, better: 1, same: 1 });
		expect(changed.map(({ question }) => question)).toEqual(['p', 'q']);
		expect(changed[0]).toMatchObject({ old: { essential: 0.5 }, new: { essential: 1 } });
		const unmarked = compare(reported('a', [result('q', 0)]), reported('b', [result('q', 1)]));
		expect(unmarked.over_all_libraries!.overall).not.toHaveProperty('essential');
	});

	it('counts refusals, and shows a question that is refused now', () => {
		const comparison = compare(
			reported('a', [result('q', 1), result('r', 1)]),
			reported('b', [result('q', 1, { refused: true }), result('r', 1)])
		);
		expect(comparison.over_all_libraries!.refused_wrongly).toEqual({ old: 0, new: 1 });
		expect(comparison.over_all_libraries!.changed).toMatchObject([
			{ question: 'q', old: { refused: false }, new: { refused: true } }
		]);
	});
});

describe('what to compare with', () => {
	it('is a report or settings, several by commas or repetition', () => {
		expect(parseCompared(['before.json'])).toEqual({ report: 'before.json' });
		expect(parseCompared(['RERANK_URL=http://a/b?c=1,2,RERANK_MODEL=m', 'EMBEDDING_MODEL='])).toEqual({
			settings: { RERANK_URL: 'http://a/b?c=1,2', RERANK_MODEL: 'm', EMBEDDING_MODEL: '' }
		});
		expect(() => parseCompared(['NO_SUCH=1'])).toThrow('there is no setting NO_SUCH');
		expect(() => parseCompared(['before.json', 'RERANK_MODEL=m'])).toThrow('not both');
	});

	it('is named without its secrets', () => {
		const label = labelOf({
			OPENAI_API_KEY: 'sk-1',
			RERANK_URL: 'https://me:word@host/rerank',
			RERANK_MODEL: ''
		});
		expect(label).toBe('OPENAI_API_KEY=…, RERANK_URL=https://…@host/rerank, RERANK_MODEL=(unset)');
	});
});
