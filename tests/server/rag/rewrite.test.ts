import { describe, expect, it } from 'vitest';
import { AppError } from '#lib/server/error.ts';
import { joinWithPrevious, rewriteQuestion } from '#lib/server/rag/rewrite.ts';
import type { GenerationRequest, Generator } from '#lib/server/model/generator.ts';
import { TraceRecorder } from '#lib/server/trace/recorder.ts';
import { scriptedGenerator } from '../../fixtures/scripted-generator.ts';

const turns = [{ question: 'How do I declare a path parameter?', answer: 'With braces [1].' }];
const newTrace = () => new TraceRecorder({ question: 'x', limit: 5 }, 'ask', 'trace');
const signal = new AbortController().signal;
const contextTokens = 16_384;

describe('follow-ups', () => {
	it('are left alone without earlier turns, and no step is recorded', async () => {
		const trace = newTrace();
		expect(
			await rewriteQuestion(
				{ question: 'And with a type?', turns: [], language: null },
				{ generator: scriptedGenerator(['no']), contextTokens },
				trace,
				signal
			)
		).toBe('And with a type?');
		expect(trace.pending().steps).toEqual([]);
	});

	it('are rewritten by the model in a traced step, and the tokens count', async () => {
		const trace = newTrace();
		const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, source: 'reported' as const };
		const generator = scriptedGenerator(['How do I type', ' a path parameter?'], { usage });
		expect(
			await rewriteQuestion(
				{ question: 'And with a type?', turns, language: null },
				{ generator, contextTokens },
				trace,
				signal
			)
		).toBe('How do I type a path parameter?');
		const pending = trace.pending();
		expect(pending.steps.map((step) => [step.name, step.status])).toEqual([['query_rewriting', 'success']]);
		expect(pending.standalone_question).toBe('How do I type a path parameter?');
		expect(pending.usage).toEqual(usage);
	});

	it('fall back to the joined questions when the model fails, and the step says so', async () => {
		const trace = newTrace();
		const generator = scriptedGenerator([], { fail: new AppError('upstream_5xx', 'down') });
		const question = await rewriteQuestion(
			{ question: 'What about it?', turns, language: null },
			{ generator, contextTokens },
			trace,
			signal
		);
		expect(question).toBe('How do I declare a path parameter? What about it?');
		expect(trace.pending().steps[0]).toMatchObject({ status: 'skipped', details: { error: 'upstream_5xx' } });
	});

	it('are left alone in a language that no document is in, when no model can translate them', async () => {
		const trace = newTrace();
		const generator = { ...scriptedGenerator(['no']), builtIn: true };
		const typed = { question: 'Wie deklariere ich einen Parameter?', turns: [], language: 'german' as const };
		expect(await rewriteQuestion(typed, { generator, contextTokens }, trace, signal)).toBe(typed.question);
		expect(trace.pending().steps).toEqual([]);
	});

	it('are translated by the model when no document is in their language, and the step says from which', async () => {
		const trace = newTrace();
		const requests: GenerationRequest[] = [];
		const inner = scriptedGenerator(['How do I declare a parameter?']);
		const generator: Generator = {
			...inner,
			generate: (request, context) => {
				requests.push(request);
				return inner.generate(request, context);
			}
		};
		const typed = { question: 'Wie deklariere ich einen Parameter?', turns: [], language: 'german' as const };
		const question = await rewriteQuestion(typed, { generator, contextTokens }, trace, signal);
		expect(question).toBe('How do I declare a parameter?');
		expect(requests[0]?.messages[0]?.content).toMatch(/into English/);
		expect(requests[0]?.messages.at(-1)?.content).toContain(typed.question);
		expect(trace.pending().steps[0]).toMatchObject({
			name: 'query_rewriting',
			details: { other_language: 'german', method: 'model' }
		});
	});

	it('stop with the run', async () => {
		const generator = scriptedGenerator([], { fail: new AppError('cancelled', 'stopped') });
		await expect(
			rewriteQuestion(
				{ question: 'And it?', turns, language: null },
				{ generator, contextTokens },
				newTrace(),
				signal
			)
		).rejects.toMatchObject({
			code: 'cancelled'
		});
	});

	it.each([
		['And for query strings?', true],
		['Can it be optional?', true],
		['With a type?', true],
		['How do I stream a file from a background task with FastAPI?', false]
	])('without a model: %s', (question, joined) => {
		expect(joinWithPrevious(question, 'Before?')).toBe(joined ? `Before? ${question}` : question);
	});
});
