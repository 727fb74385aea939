import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerTokens, fitPrompt } from '#lib/server/rag/context-window.ts';
import { estimatePromptTokens, estimateTextTokens } from '#lib/server/rag/token-estimate.ts';
import type { StepDetails } from '#lib/server/trace/recorder.ts';
import { source } from '../../fixtures/passages.ts';

/** Sources of one passage each. */
const sourcesOf = (...texts: string[]) =>
	texts.map((text, at) => source(at + 1, { chunk_id: `p${at + 1}`, text }));
const turn = (words: number) => ({ question: 'why '.repeat(words), answer: 'because '.repeat(words) });

describe('the estimate of tokens', () => {
	it('is a third of a letter, one for a mark, half of a byte beyond ASCII', () => {
		expect(estimateTextTokens('')).toBe(0);
		expect(estimateTextTokens('abc de')).toBe(2);
		expect(estimateTextTokens('a.b()')).toBe(4);
		expect(estimateTextTokens('é')).toBe(1);
		expect(estimateTextTokens('東京')).toBe(3);
		expect(estimateTextTokens('😀')).toBe(2);
	});

	it('never falls when a text grows', () => {
		fc.assert(
			fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (text, more) => {
				expect(estimateTextTokens(text + more)).toBeGreaterThanOrEqual(estimateTextTokens(text));
			})
		);
	});
});

describe('the context window', () => {
	it('takes everything where there is room', () => {
		const details: StepDetails = {};
		const fitted = fitPrompt('Why?', sourcesOf('one', 'two'), [turn(3)], {
			contextTokens: 16_384,
			doubt: 'none',
			details
		});
		expect(fitted.sources.map((source) => source.chunk_id)).toEqual(['p1', 'p2']);
		expect(fitted.messages).toHaveLength(4);
		expect(fitted.cut).toEqual([]);
		expect(details).toMatchObject({ n_sources: 2, n_turns: 1, n_turns_cut: 0, n_sources_cut: 0 });
	});

	it('leaves out the oldest turns first, then the worst sources with all their passages', () => {
		const long = 'word '.repeat(400);
		const [best, worst] = sourcesOf(`${long} a`, `${long} b`);
		const given = [best!, { ...worst!, chunk_ids: ['p2', 'p3'] }];
		const turns = [turn(150), turn(151), turn(152)];
		const full = estimatePromptTokens(
			fitPrompt('Why?', given, turns, { contextTokens: 100_000, doubt: 'none', details: {} }).messages
		);
		const windowFor = (room: number) => Math.floor((room * 4) / 3);
		const oneLess = fitPrompt('Why?', given, turns, {
			contextTokens: windowFor(full - 1),
			doubt: 'none',
			details: {}
		});
		expect(oneLess.messages.map(({ content }) => content).slice(1, -1)).toEqual(
			turns.slice(1).flatMap(({ question, answer }) => [question, answer.slice(0, 800)])
		);
		expect(oneLess.cut).toEqual([]);
		const none = estimatePromptTokens(
			fitPrompt('Why?', given, [], { contextTokens: 100_000, doubt: 'none', details: {} }).messages
		);
		const details: StepDetails = {};
		const without = fitPrompt('Why?', given, turns, {
			contextTokens: windowFor(none - 20),
			doubt: 'none',
			details
		});
		expect(without.sources).toEqual([best]);
		expect(without.cut).toEqual(['p2', 'p3']);
		expect(details).toMatchObject({ n_turns: 0, n_turns_cut: 3, n_sources: 1, n_sources_cut: 1 });
	});

	it('refuses a question that does not fit beside one passage, and says how long it was', () => {
		const details: StepDetails = {};
		expect(() =>
			fitPrompt('東'.repeat(4000), sourcesOf('text'), [], { contextTokens: 4096, doubt: 'none', details })
		).toThrow(expect.objectContaining({ code: 'payload_too_large', retryable: false }));
		expect(details.estimated_tokens).toBeGreaterThan(6000);
	});

	it('is never exceeded by prompt and answer together, and every source is in it or cut', () => {
		const text = fc.oneof(fc.string({ maxLength: 3000 }), fc.string({ unit: 'binary', maxLength: 2000 }));
		fc.assert(
			fc.property(
				fc.string({ minLength: 1, maxLength: 500 }),
				fc.array(text, { minLength: 1, maxLength: 20 }),
				fc.array(fc.record({ question: text, answer: text }), { maxLength: 3 }),
				fc.integer({ min: 2048, max: 20_000 }),
				(question, texts, turns, window) => {
					const given = sourcesOf(...texts);
					let fitted;
					try {
						fitted = fitPrompt(question, given, turns, { contextTokens: window, doubt: 'none', details: {} });
					} catch (thrown) {
						expect(thrown).toMatchObject({ code: 'payload_too_large' });
						return;
					}
					expect(estimatePromptTokens(fitted.messages) + answerTokens(window)).toBeLessThanOrEqual(window);
					expect(fitted.sources).toEqual(given.slice(0, fitted.sources.length));
					expect(fitted.cut).toEqual(given.slice(fitted.sources.length).flatMap((each) => each.chunk_ids));
				}
			),
			{ numRuns: 60 }
		);
	});
});
