import { describe, expect, it } from 'vitest';
import { OpenAiGenerator } from '#lib/server/model/openai-generator.ts';
import { collectAnswer, type CollectedAnswer } from '../../fixtures/collect-answer.ts';
import {
	chatChunk,
	chunk,
	delta,
	done,
	end,
	errorStatus,
	finish,
	send,
	startModelServer,
	token,
	type ModelCall,
	type Script
} from '../../fixtures/model-server.ts';

/** Whole streams as providers are known to send them, with all of their habits at once. */
interface Habit {
	provider: string;
	script: Script;
	/** What the first requests are refused with. */
	refusals?: readonly Script[];
	told: Partial<CollectedAnswer>;
	code?: string;
}

const usage = (prompt_tokens: number, completion_tokens: number) => ({
	prompt_tokens,
	completion_tokens,
	total_tokens: prompt_tokens + completion_tokens
});
const reported = (prompt: number, completion: number) => ({
	...usage(prompt, completion),
	source: 'reported' as const
});
const result = (given: object) => expect.objectContaining(given) as CollectedAnswer['result'];
const choice = (value: object) => [{ index: 0, finish_reason: null, ...value }];

const habits: readonly Habit[] = [
	{
		provider: 'Moonshot: reasoning first, usage in the choice of the finish, a temperature of its own',
		refusals: [
			errorStatus(400, {
				error: {
					message: 'invalid temperature: only 1 is allowed for this model',
					type: 'invalid_request_error'
				}
			})
		],
		script: [
			delta({ role: 'assistant', content: '' }),
			delta({ reasoning_content: 'They ask about cats.' }),
			token('Cats purr [1].'),
			chunk(chatChunk(choice({ delta: {}, finish_reason: 'stop', usage: usage(120, 30) }))),
			done()
		],
		told: {
			text: 'Cats purr [1].',
			result: result({ usage: reported(120, 30) }),
			details: {
				attempts: 2,
				fallbacks: ['temperature'],
				reasoning_characters: 20,
				reasoning_ms: expect.any(Number)
			}
		}
	},
	{
		provider: 'Gemini: usage in every chunk, growing, and no end marker',
		script: [
			chunk(chatChunk(choice({ delta: { role: 'assistant', content: 'Cats ' } }), { usage: usage(9, 2) })),
			chunk(chatChunk(choice({ delta: { content: 'purr.' } }), { usage: usage(9, 4) })),
			chunk(chatChunk(choice({ delta: { content: '' }, finish_reason: 'stop' }), { usage: usage(9, 5) })),
			end()
		],
		told: { text: 'Cats purr.', result: result({ finishReason: 'stop', usage: reported(9, 5) }) }
	},
	{
		provider: 'Gemini: the last chunk is missing',
		script: [
			chunk(chatChunk(choice({ delta: { content: 'Cats ' } }), { usage: usage(9, 2) })),
			chunk(chatChunk(choice({ delta: { content: 'purr.' } }), { usage: usage(9, 4) })),
			end()
		],
		told: { text: 'Cats purr.' },
		code: 'upstream_truncated'
	},
	{
		provider: 'Gemini: a tool call that ends with stop is no answer',
		script: [
			delta({
				role: 'assistant',
				tool_calls: [{ index: 0, id: 'call', type: 'function', function: { name: 'f', arguments: '{}' } }]
			}),
			finish('stop'),
			done()
		],
		told: { text: '', details: { attempts: 1, warnings: ['tool_call_ignored'] } },
		code: 'no_content'
	},
	...['reasoning_content', 'reasoning'].map((field) => ({
		provider: `vLLM and SGLang: usage in every chunk and ${field}`,
		script: [
			chunk(chatChunk(choice({ delta: { role: 'assistant', content: '' } }), { usage: usage(9, 0) })),
			chunk(chatChunk(choice({ delta: { [field]: 'Cats?' } }), { usage: usage(9, 2) })),
			chunk(chatChunk(choice({ delta: { [field]: null, content: 'Purr.' } }), { usage: usage(9, 5) })),
			chunk(
				chatChunk(choice({ delta: {}, finish_reason: 'stop', stop_reason: null }), { usage: usage(9, 6) })
			),
			chunk(chatChunk([], { usage: usage(9, 6) })),
			done()
		],
		told: {
			text: 'Purr.',
			result: result({ usage: reported(9, 6) }),
			details: { attempts: 1, reasoning_characters: 5, reasoning_ms: expect.any(Number) }
		}
	})),
	{
		provider: 'vLLM: a failure comes as an ordinary chunk and is followed by the end marker',
		script: [
			token('Cats '),
			chunk({ object: 'error', message: 'boom', type: 'InternalServerError', param: null, code: 500 }),
			done()
		],
		told: { text: 'Cats ' },
		code: 'upstream_error_event'
	},
	{
		provider: 'llama.cpp: usage in the chunk of the finish, asked for or not',
		script: [
			delta({ role: 'assistant', content: null }),
			token('Purr.'),
			chunk(
				chatChunk(choice({ delta: {}, finish_reason: 'stop' }), {
					usage: usage(9, 2),
					timings: { prompt_n: 9, predicted_n: 2, predicted_per_second: 31.2 }
				})
			),
			done()
		],
		told: { text: 'Purr.', result: result({ usage: reported(9, 2) }) }
	},
	{
		provider: 'Azure: filter results without choices first, null deltas after the text',
		script: [
			chunk(
				chatChunk([], {
					id: '',
					model: '',
					prompt_filter_results: [{ prompt_index: 0, content_filter_results: {} }]
				})
			),
			delta({ role: 'assistant', content: '', refusal: null }),
			token('Purr.'),
			chunk(
				chatChunk([{ index: 0, delta: null, finish_reason: null, content_filter_offsets: { end_offset: 5 } }])
			),
			finish(),
			chunk(chatChunk([], { usage: usage(9, 2) })),
			chunk(chatChunk([{ index: 0, delta: null, finish_reason: null, content_filter_results: {} }])),
			done()
		],
		told: { text: 'Purr.', result: result({ model: 'test-model', usage: reported(9, 2) }) }
	},
	{
		provider: 'Azure: the filter stops the answer in the middle',
		script: [token('Purr'), chunk(chatChunk(choice({ delta: {}, finish_reason: 'content_filter' }))), done()],
		told: { text: 'Purr' },
		code: 'content_filter'
	},
	{
		provider: 'OpenRouter: comments while it works, usage at the end',
		script: [
			send(': OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n'),
			delta({ role: 'assistant', content: 'Purr.' }),
			send(': OPENROUTER PROCESSING\n\n'),
			chunk(chatChunk(choice({ delta: {}, finish_reason: 'stop', native_finish_reason: 'STOP' }))),
			chunk(
				chatChunk(choice({ delta: { role: 'assistant', content: '' } }), {
					usage: { ...usage(9, 2), cost: 0.1 }
				})
			),
			done()
		],
		told: { text: 'Purr.', result: result({ finishReason: 'stop', usage: reported(9, 2) }) }
	},
	{
		provider: 'OpenRouter: a provider that fails behind it, with status 200',
		script: [
			send(': OPENROUTER PROCESSING\n\n'),
			token('Purr'),
			chunk({
				...chatChunk([
					{ index: 0, delta: { content: '' }, finish_reason: 'error', native_finish_reason: 'error' }
				]),
				error: { code: 'server_error', message: 'boom' }
			}),
			done()
		],
		told: { text: 'Purr' },
		code: 'upstream_error_event'
	},
	{
		provider: 'DeepSeek: comments while it waits for its turn, reasoning, usage with the finish',
		script: [
			send(': keep-alive\n\n: keep-alive\n\n'),
			delta({ role: 'assistant', content: null, reasoning_content: '' }),
			delta({ content: null, reasoning_content: 'Cats?' }),
			delta({ content: 'Purr.', reasoning_content: null }),
			chunk(
				chatChunk(choice({ delta: { content: '', reasoning_content: null }, finish_reason: 'stop' }), {
					usage: usage(9, 4)
				})
			),
			done()
		],
		told: { text: 'Purr.', result: result({ usage: reported(9, 4) }) }
	},
	{
		provider: 'DeepSeek: the turn never came',
		script: [send(': keep-alive\n\n: keep-alive\n\n'), end()],
		told: { text: '' },
		code: 'upstream_truncated'
	},
	{
		provider: 'DeepSeek: empty lines while it waits, then a whole completion',
		script: [
			{ do: 'headers', headers: { 'content-type': 'application/json' } },
			send('\n\n\n'),
			send('\n'),
			send(
				JSON.stringify({
					choices: [{ index: 0, message: { content: 'Purr.' }, finish_reason: 'stop' }],
					usage: usage(9, 2)
				})
			),
			end()
		],
		told: {
			text: 'Purr.',
			result: result({ usage: reported(9, 2) }),
			details: { attempts: 1, warnings: ['not_streamed'] }
		}
	},
	{
		provider: 'DeepSeek: no room for the rest of the answer',
		script: [token('Purr'), finish('insufficient_system_resource'), done()],
		told: { text: 'Purr' },
		code: 'upstream_5xx'
	},
	{
		provider: 'Ollama: usage when it is asked for',
		script: [
			delta({ role: 'assistant', content: 'Purr.' }),
			finish(),
			{ do: 'usage', bytes: `data: ${JSON.stringify(chatChunk([], { usage: usage(9, 2) }))}\n\n` },
			done()
		],
		told: { text: 'Purr.', result: result({ usage: reported(9, 2) }) }
	},
	{
		provider: 'OpenAI: padding in every chunk, details in the usage, null usage until then',
		script: [
			chunk(
				chatChunk(choice({ delta: { role: 'assistant', content: '', refusal: null } }), {
					usage: null,
					obfuscation: 'x9'
				})
			),
			chunk(chatChunk(choice({ delta: { content: 'Purr.' } }), { usage: null, obfuscation: 'a8Kq' })),
			chunk(chatChunk(choice({ delta: {}, finish_reason: 'stop' }), { usage: null, obfuscation: '1' })),
			chunk(
				chatChunk([], {
					usage: { ...usage(9, 2), completion_tokens_details: { reasoning_tokens: 0 } },
					obfuscation: ''
				})
			),
			done()
		],
		told: { text: 'Purr.', result: result({ usage: reported(9, 2) }) }
	}
];

const connect = (baseUrl: string, apiKey?: string) =>
	new OpenAiGenerator({
		baseUrl,
		apiKey,
		model: 'test-model',
		firstTokenTimeoutMs: 30_000,
		idleTimeoutMs: 30_000,
		answerTimeoutMs: 60_000
	});

describe('the habits of providers', () => {
	it.each(habits)('$provider', async ({ script, refusals = [], told, code }) => {
		await using model = await startModelServer({ scripts: [...refusals], script });
		const { error, ...rest } = await collectAnswer(connect(model.url), { request: { temperature: 0.2 } });
		expect(error?.code).toBe(code);
		expect(rest).toMatchObject(told);
		if (told.details) expect(rest.details).toEqual(told.details);
		expect(`${error?.message ?? ''} ${rest.text}`).not.toMatch(/boom|Cats\?/);
		expect(model.calls).toHaveLength(refusals.length + 1);
	});

	it('Ollama: a key is sent although it needs none', async () => {
		await using model = await startModelServer({ script: habits.at(-2)!.script });
		await collectAnswer(connect(model.url));
		expect(model.calls[0]!.headers.authorization).toMatch(/^Bearer .+/);
	});
});

describe('reasoning that no server has counted', () => {
	const request = { messages: [{ role: 'user' as const, content: 'x'.repeat(40) }] };
	const thinking = 't'.repeat(400);

	it.each<[name: string, script: Script]>([
		['in a field of its own', [delta({ reasoning_content: thinking }), token('Yes.'), finish(), done()]],
		['inside the text', [token(`<think>${thinking}</think>Yes.`), finish(), done()]]
	])('%s is paid for all the same, and is in the estimate', async (_name, script) => {
		await using model = await startModelServer({ script });
		const { result } = await collectAnswer(connect(model.url), { request });
		expect(result?.usage).toEqual({
			prompt_tokens: 10,
			completion_tokens: 101,
			total_tokens: 111,
			source: 'estimated'
		});
	});

	it('also when the model wrote nothing else', async () => {
		const script = [delta({ reasoning: thinking }), finish('length'), done()];
		await using model = await startModelServer({ script });
		const spent: unknown[] = [];
		const context = {
			signal: new AbortController().signal,
			details: {},
			onText: () => {},
			onUnfinished: (given: unknown) => spent.push(given)
		};
		const asked = connect(model.url).generate({ question: '', sources: [], ...request }, context);
		await expect(asked).rejects.toMatchObject({ code: 'no_content' });
		expect(spent).toMatchObject([{ usage: { total_tokens: 110, source: 'estimated' } }]);
	});

	it('needs as much room as the answer: its bound is sent with every request', async () => {
		const bounds: unknown[] = [];
		const script = ({ body }: ModelCall) => {
			bounds.push(body?.max_tokens ?? body?.max_completion_tokens);
			return [token('Yes.'), finish(), done()];
		};
		await using model = await startModelServer({ script });
		await collectAnswer(connect(model.url));
		await collectAnswer(connect(model.url), { request: { maxTokens: 300 } });
		expect(bounds).toEqual([4096, 300]);
	});
});
