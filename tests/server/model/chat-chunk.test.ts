import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '#lib/server/error.ts';
import { ChatAnswer } from '#lib/server/model/chat-answer.ts';
import { readChunk } from '#lib/server/model/chat-chunk.ts';

/** JSON values that look like chunks, with any value in every place that is read. */
const anything = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<unknown>;
const oddDelta = fc.record(
	{
		content: fc.oneof(fc.string(), anything),
		reasoning_content: anything,
		reasoning: anything,
		refusal: anything,
		tool_calls: anything
	},
	{ requiredKeys: [] }
);
const oddChoice = fc.record(
	{
		index: anything,
		delta: fc.oneof(oddDelta, anything),
		message: anything,
		finish_reason: fc.oneof(fc.constantFrom('stop', null), anything),
		usage: anything,
		error: fc.constantFrom(null, undefined)
	},
	{ requiredKeys: [] }
);
const oddChunk = fc.oneof(
	anything,
	fc.record(
		{
			choices: fc.oneof(fc.array(oddChoice), fc.array(anything), anything),
			usage: fc.oneof(anything, fc.record({ prompt_tokens: anything, completion_tokens: anything })),
			x_groq: anything,
			model: anything,
			object: anything
		},
		{ requiredKeys: [] }
	)
);

describe('chunks', () => {
	it('any JSON value reads as a chunk', () => {
		fc.assert(
			fc.property(oddChunk, (value) => {
				const reading = readChunk(value);
				expect(reading).toMatchObject({
					content: expect.any(String),
					reasoning: expect.any(String),
					refusal: expect.any(String),
					callsTool: expect.any(Boolean)
				});
				for (const count of Object.values(reading.usage ?? {})) expect(count).not.toBeNaN();
			}),
			{ numRuns: 10_000 }
		);
	});

	it('any sequence of JSON values ends in an answer or in one of our errors', () => {
		fc.assert(
			fc.property(fc.array(oddChunk, { maxLength: 20 }), (values) => {
				const answer = new ChatAnswer({ name: 'model' });
				let text = '';
				try {
					for (const value of values) {
						text += answer.take({ name: undefined, data: JSON.stringify(value) ?? 'null' });
					}
					expect(answer.conclude()).toBe(answer.finishReason);
					expect(text.trim()).not.toBe('');
				} catch (thrown) {
					expect(thrown).toBeInstanceOf(AppError);
				}
				expect(text.length).toBe(answer.characters);
			}),
			{ numRuns: 2000 }
		);
	});

	it('text and reasoning of the first choice', () => {
		const chunk = { choices: [{ index: 0, delta: { content: 'a', reasoning: 'b' } }] };
		expect(readChunk(chunk)).toMatchObject({ content: 'a', reasoning: 'b', error: null });
	});

	it.each([
		['error null', { error: null, choices: [] }],
		['error false', { error: false, choices: [] }],
		['a choice without error', { choices: [{ error: null, delta: {} }] }],
		['a detail beside choices', { detail: 'x', choices: [] }]
	])('%s is no error', (_name, value) => {
		expect(readChunk(value).error).toBeNull();
	});

	it.each([
		['a message', { error: { message: 'boom' } }, 'boom'],
		['a text', { error: 'boom' }, 'boom'],
		['an object without message', { error: { code: 7 } }, '{"code":7}'],
		['an empty object', { error: {} }, '{}'],
		['object error', { object: 'error', message: 'boom' }, 'boom'],
		['type error', { type: 'error', message: 'boom' }, 'boom'],
		['detail', { detail: 'boom' }, 'boom'],
		['in a list', [{ error: { message: 'boom' } }], 'boom']
	])('an error with %s', (_name, value, said) => {
		expect(readChunk(value).error).toBe(said);
	});

	it('the last usage in one chunk wins over that of the choice', () => {
		const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
		const other = { prompt_tokens: 9, completion_tokens: 9 };
		expect(readChunk({ usage, choices: [{ usage: other }] }).usage).toEqual({ ...usage, source: 'reported' });
		expect(readChunk({ usage: null, choices: [{ usage: other }] }).usage?.total_tokens).toBe(18);
	});
});
