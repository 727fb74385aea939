import { describe, expect, it } from 'vitest';
import type { QuestionResult, Scope } from '#lib/server/evaluation/evaluate.ts';
import { bySize } from '#lib/server/evaluation/given.ts';
import type { GivenMeasures } from '#lib/server/evaluation/metrics.ts';
import { checkMinimums, parseMinimum, requireMeasurable } from '#lib/server/evaluation/minimums.ts';
import { evalQuestionSchema } from '#lib/server/evaluation/question.ts';
import { reportOn } from '#lib/server/evaluation/report.ts';

const models = { embedder: null, reranker: 'test' };
const limits = { sourceTokens: 3000, contextTokens: 16_384 };

/** A question whose measures are these at default settings; every other size and method gives nothing. */
function result(library: string, scope: Scope, measures: GivenMeasures): QuestionResult {
	const order = { recall_at_5: 1, recall_at_20: 1, mrr_at_10: 0.5, ndcg_at_10: 0.25 };
	const nothing = { essential: null, all_essential: null, page_hit: 0, tokens: 0 };
	const given = bySize((size, method) => (size === 'default' && method === 'citelight' ? measures : nothing));
	const found = { first_relevant_rank: 2, refused: false, thin: false, missed: [], sources: [] };
	return { id: null, question: 'q', library, scope, ...order, ...found, ...measures, given };
}
const report = (results: QuestionResult[]) =>
	reportOn({ results, off_topic: [], times: {}, skipped: {} }, { models, limits });

const half: GivenMeasures = { essential: 0.5, all_essential: 0, page_hit: 1, tokens: 100 };
const whole: GivenMeasures = { essential: 1, all_essential: 1, page_hit: 1, tokens: 200 };
const unmarked: GivenMeasures = { essential: null, all_essential: null, page_hit: 0, tokens: 300 };

describe('the report', () => {
	const { given } = report([
		result('house', 'library', half),
		result('house', 'library', whole),
		result('garden', 'library', unmarked),
		result('garden', 'library', { ...half, page_hit: 0 })
	]).within_library!;

	it('has means over the questions that have the measure, overall and by library', () => {
		expect(given.overall.default.citelight).toMatchObject({
			questions: 4,
			questions_with_facts: 3,
			essential: 2 / 3,
			all_essential: 1 / 3,
			page_hit: 0.5,
			tokens: 175
		});
		expect(given.libraries.house!.default.citelight).toMatchObject({ questions: 2, essential: 0.75 });
		expect(given.libraries.garden!.default.citelight).toMatchObject({
			questions_with_facts: 1,
			essential: 0.5,
			intervals: { essential: null, page_hit: { low: 0, high: 0 }, tokens: { low: 100, high: 300 } }
		});
	});

	it('has no mean where nothing was measured', () => {
		expect(given.overall['800'].bm25).toEqual({
			questions: 4,
			questions_with_facts: 0,
			essential: null,
			all_essential: null,
			page_hit: 0,
			tokens: 0,
			intervals: {
				essential: null,
				all_essential: null,
				page_hit: { low: 0, high: 0 },
				tokens: { low: 0, high: 0 }
			}
		});
	});
});

describe('minimums', () => {
	it('are read, or refused with what they may be', () => {
		expect(parseMinimum('essential=0.8')).toEqual({ measure: 'essential', minimum: 0.8 });
		expect(parseMinimum('ndcg_at_10=1')).toEqual({ measure: 'ndcg_at_10', minimum: 1 });
		for (const text of ['essential', 'tokens=1', 'Essential=0.5', 'toString=0']) {
			expect(() => parseMinimum(text)).toThrow(
				/the names are essential, all_essential, page_hit, recall_at_5/
			);
		}
		for (const text of ['essential=80', 'essential=-0.1', 'essential=much', 'essential=80%']) {
			expect(() => parseMinimum(text)).toThrow('--min: essential must be a figure from 0 to 1.');
		}
	});

	it('are set against the figures within the library when there are any, else over all', () => {
		const overAll = result('house', 'all', half);
		const minimums = [parseMinimum('essential=0.75'), parseMinimum('ndcg_at_10=0.25')];
		expect(checkMinimums(report([result('house', 'library', whole), overAll]), minimums)).toEqual([
			{ measure: 'essential', minimum: 0.75, value: 1, passed: true },
			{ measure: 'ndcg_at_10', minimum: 0.25, value: 0.25, passed: true }
		]);
		expect(checkMinimums(report([overAll]), minimums)[0]).toMatchObject({ value: 0.5, passed: false });
	});

	it('of facts need facts in the questions that count', () => {
		const facts = [{ fact: 'fact', essential: true, snippets: [{ document: 'a.md', text: 'a' }] }];
		const marked = evalQuestionSchema.parse({ question: 'q', relevant: ['a.md'], facts });
		const inLibrary = evalQuestionSchema.parse({ question: 'q', relevant: ['a.md'], library: 'house' });
		const minimums = [parseMinimum('page_hit=0.1'), parseMinimum('all_essential=0.1')];
		requireMeasurable(minimums, [marked]);
		requireMeasurable(minimums, [{ ...marked, library: 'house' }, inLibrary]);
		requireMeasurable(minimums.slice(0, 1), [inLibrary]);
		// The second is asked within its library, so the figures within the library count.
		expect(() => requireMeasurable(minimums, [marked, inLibrary])).toThrow(
			'--min all_essential: no question has essential facts.'
		);
	});
});
