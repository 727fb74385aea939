import { describe, expect, it } from 'vitest';
import { AppError } from '#lib/server/error.ts';
import { OpenAiGenerator, type OpenAiGeneratorOptions } from '#lib/server/model/openai-generator.ts';
import { collectAnswer } from '../../fixtures/collect-answer.ts';
import {
	answer,
	chatChunk,
	chunk,
	delta,
	done,
	end,
	errorStatus,
	finish,
	gate,
	inPieces,
	json,
	reset,
	send,
	silence,
	stall,
	startModelServer,
	textOf,
	token,
	truncate,
	wait,
	type ModelServer,
	type Script
} from '../../fixtures/model-server.ts';

const KEY = 'sk-canary-0123456789';

function connect(
	model: Pick<ModelServer, 'url'>,
	given: Partial<OpenAiGeneratorOptions> = {}
): OpenAiGenerator {
	return new OpenAiGenerator({
		baseUrl: model.url,
		apiKey: KEY,
		model: 'test-model',
		firstTokenTimeoutMs: 30_000,
		idleTimeoutMs: 30_000,
		answerTimeoutMs: 60_000,
		retryPolicy: { retries: 2, firstDelayMs: 1 },
		...given
	});
}

/** A promise that the test opens when it has seen enough. */
function latch(): { promise: Promise<void>; open: () => void } {
	const { promise, resolve } = Promise.withResolvers<void>();
	return { promise, open: resolve };
}

describe('requests', () => {
	it('asks for a stream with usage, the bound of the answer, and only what was given', async () => {
		await using model = await startModelServer({ script: answer(['Hi']) });
		await collectAnswer(connect(model, { maxTokens: 77 }), { request: { temperature: 0.2 } });
		expect(model.calls[0]).toMatchObject({
			path: '/v1/chat/completions',
			headers: { authorization: `Bearer ${KEY}` },
			body: {
				model: 'test-model',
				stream: true,
				stream_options: { include_usage: true },
				temperature: 0.2,
				max_tokens: 77
			}
		});
		await collectAnswer(connect(model), { request: { maxTokens: 5 } });
		expect(model.calls[1]!.body).toMatchObject({ max_tokens: 5 });
		expect(model.calls[1]!.body).not.toHaveProperty('temperature');
	});

	it('needs no key where the server needs none', async () => {
		await using model = await startModelServer({ script: answer(['Hi']) });
		const { text } = await collectAnswer(connect(model, { apiKey: undefined }));
		expect(text).toBe('Hi');
		expect(model.calls[0]!.headers.authorization).toMatch(/^Bearer \S+$/);
	});

	it('yields each token as it comes, not at the end', async () => {
		const second = latch();
		await using model = await startModelServer({ script: answer(['one', gate(second.promise), ' two']) });
		const seen: string[] = [];
		const { text } = await collectAnswer(connect(model), {
			// The server goes on only when the first token has been seen here.
			onPiece: (soFar) => {
				seen.push(soFar);
				second.open();
			}
		});
		expect(seen).toEqual(['one', 'one two']);
		expect(text).toBe('one two');
	});

	it('uses the connection again', async () => {
		await using model = await startModelServer({ script: answer(['Hi']) });
		const generator = connect(model);
		for (let n = 0; n < 5; n++) await collectAnswer(generator);
		expect(model.openSockets).toBeLessThanOrEqual(2);
	});
});

describe('what counts as an answer', () => {
	const rows: {
		name: string;
		script: Script;
		text: string;
		code?: string;
		finishReason?: string;
	}[] = [
		{ name: 'tokens and a finish reason', script: answer(['a', 'b']), text: 'ab', finishReason: 'stop' },
		{
			name: 'finish_reason length',
			script: answer(['a'], { finishReason: 'length' }),
			text: 'a',
			finishReason: 'length'
		},
		{
			name: 'a finish reason of a vendor',
			script: answer(['a'], { finishReason: 'eos' }),
			text: 'a',
			finishReason: 'eos'
		},
		{
			name: 'no [DONE] after the finish reason',
			script: [token('a'), finish(), end()],
			text: 'a',
			finishReason: 'stop'
		},
		{
			name: 'finish reason in the chunk of the last token',
			script: [delta({ content: 'a' }, 'stop'), done()],
			text: 'a',
			finishReason: 'stop'
		},
		{
			name: 'a second finish, and text after the finish',
			script: [token('a'), finish(), token('b'), finish('length'), done()],
			text: 'a',
			finishReason: 'stop'
		},
		{
			name: 'a finish reason with every word',
			script: [delta({ content: 'one ' }, 'stop'), delta({ content: 'two' }, 'stop'), done()],
			text: 'one two',
			finishReason: 'stop'
		},
		{
			name: 'a finish reason with every word, and no end but that of the stream',
			script: [delta({ content: 'one ' }, 'stop'), delta({ content: 'two' }, 'length'), end()],
			text: 'one two',
			finishReason: 'length'
		},
		{
			name: 'a finish reason in capitals, of another protocol',
			script: [token('a'), finish('MAX_OUTPUT_TOKENS'), done()],
			text: 'a',
			finishReason: 'length'
		},
		{
			name: 'the end of a turn',
			script: answer(['a'], { finishReason: 'end_turn' }),
			text: 'a',
			finishReason: 'stop'
		},
		{
			name: 'a filter in capitals',
			script: [token('a'), finish('SAFETY'), done()],
			text: 'a',
			code: 'content_filter'
		},
		{
			name: 'two choices in turn, one of which was not asked for',
			script: [
				chunk(chatChunk([{ index: 0, delta: { content: 'my ' } }])),
				chunk(chatChunk([{ index: 1, delta: { content: 'other ' } }])),
				chunk(chatChunk([{ index: 1, delta: { content: 'text' }, finish_reason: 'stop' }])),
				chunk(chatChunk([{ index: 0, delta: { content: 'words' }, finish_reason: 'stop' }])),
				done()
			],
			text: 'my words',
			finishReason: 'stop'
		},
		{
			name: 'the channels of harmony',
			script: answer([
				'<|channel|>analysis<|mess',
				'age|>They want cats.<|end|><|start|>assistant<|channel|>fi',
				'nal<|message|>Stroke it.<|return|>'
			]),
			text: 'Stroke it.',
			finishReason: 'stop'
		},
		{
			name: 'reasoning between tags of another name',
			script: answer(['<thought>They want', ' cats.</thou', 'ght>\n\nStroke it.']),
			text: 'Stroke it.',
			finishReason: 'stop'
		},
		{
			name: 'reasoning whose opening tag was in the prompt',
			script: answer(['They want cats.', '\n</thi', 'nk>\n\nStroke it.']),
			text: 'They want cats.\n',
			code: 'upstream_malformed'
		},
		{
			name: 'an error as a line of its own',
			script: [token('a'), send('{"error":{"message":"boom"}}\n\n'), end()],
			text: 'a',
			code: 'upstream_error_event'
		},
		{
			name: 'an error on lines of their own',
			script: [token('a'), send('{\n  "error": {\n    "message": "boom"\n  }\n}\n'), end()],
			text: 'a',
			code: 'upstream_error_event'
		},
		{
			name: 'text after [DONE]',
			script: [token('a'), finish(), done(), token('b'), send('data: {broken\n\n')],
			text: 'a',
			finishReason: 'stop'
		},
		{
			name: 'an error and a broken line after the finish',
			script: [token('a'), finish(), send('data: {broken\n\n'), chunk({ error: { message: 'late' } })],
			text: 'a',
			finishReason: 'stop'
		},
		{
			name: 'a whole completion although a stream was asked for',
			script: json({ model: 'm', choices: [{ message: { content: 'whole' }, finish_reason: 'stop' }] }),
			text: 'whole',
			finishReason: 'stop'
		},
		{
			name: 'a clean end without finish reason',
			script: truncate(['a', 'b']),
			text: 'ab',
			code: 'upstream_truncated'
		},
		{
			name: '[DONE] without finish reason',
			script: [token('a'), done()],
			text: 'a',
			code: 'upstream_truncated'
		},
		{ name: 'no event at all', script: [send(''), end()], text: '', code: 'upstream_truncated' },
		{ name: '[DONE] alone', script: [done()], text: '', code: 'upstream_truncated' },
		{
			name: 'comments alone',
			script: [send(': keep-alive\n\n'), end()],
			text: '',
			code: 'upstream_truncated'
		},
		{
			name: 'an end in the middle of an event',
			script: [token('a'), send('data: {"choices":[{"delta":{"con')],
			text: 'a',
			code: 'upstream_truncated'
		},
		{ name: 'a finish without any text', script: answer([]), text: '', code: 'no_content' },
		{ name: 'white space alone', script: answer([' ', '\n\n']), text: '', code: 'no_content' },
		{
			name: 'reasoning alone',
			script: [delta({ reasoning_content: 'hm' }), finish('length'), done()],
			text: '',
			code: 'no_content'
		},
		{
			name: 'a think block alone',
			script: answer(['<think>', 'hm', '</think>', '\n']),
			text: '',
			code: 'no_content'
		},
		{ name: 'a think block that never ends', script: answer(['<think>hm']), text: '', code: 'no_content' },
		{
			name: 'content_filter in the middle',
			script: [token('a'), finish('content_filter'), done()],
			text: 'a',
			code: 'content_filter'
		},
		{
			name: 'a refusal',
			script: [delta({ refusal: 'I cannot' }), finish(), done()],
			text: '',
			code: 'content_filter'
		},
		{
			name: 'a tool call',
			script: [delta({ tool_calls: [{ index: 0 }] }), finish('tool_calls'), done()],
			text: '',
			code: 'upstream_malformed'
		},
		{
			name: 'finish_reason insufficient_system_resource',
			script: [token('a'), finish('insufficient_system_resource')],
			text: 'a',
			code: 'upstream_5xx'
		},
		{
			name: 'an error object in the middle',
			script: [token('a'), chunk({ error: { message: 'boom', code: 500 } })],
			text: 'a',
			code: 'upstream_error_event'
		},
		{
			name: 'an error that is a text',
			script: [chunk({ error: 'boom' })],
			text: '',
			code: 'upstream_error_event'
		},
		{
			name: "vLLM's object error",
			script: [token('a'), chunk({ object: 'error', message: 'boom' }), done()],
			text: 'a',
			code: 'upstream_error_event'
		},
		{
			name: 'an event named error',
			script: [token('a'), send('event: error\ndata: {"message":"boom"}\n\n')],
			text: 'a',
			code: 'upstream_error_event'
		},
		{
			name: 'an event named error that is no JSON',
			script: [send('event: error\ndata: boom\n\n')],
			text: '',
			code: 'upstream_error_event'
		},
		{
			name: 'finish_reason error',
			script: [token('a'), finish('error')],
			text: 'a',
			code: 'upstream_error_event'
		},
		{
			name: "OpenRouter's error in the choice",
			script: [chunk(chatChunk([{ delta: { content: '' }, error: { message: 'boom' } }]))],
			text: '',
			code: 'upstream_error_event'
		},
		{
			name: 'status 200 with a JSON error',
			script: json({ error: { message: 'boom' } }),
			text: '',
			code: 'upstream_error_event'
		},
		{
			name: 'status 200 with a JSON message',
			script: json({ code: 1302, msg: 'boom' }),
			text: '',
			code: 'upstream_error_event'
		},
		{
			name: 'status 200 with a list of errors',
			script: json([{ error: { message: 'boom' } }]),
			text: '',
			code: 'upstream_error_event'
		},
		{
			name: 'status 200 with a web page',
			script: [{ do: 'respond', headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' }],
			text: '',
			code: 'upstream_malformed'
		},
		{
			name: 'a line that is no JSON',
			script: [token('a'), send('data: {broken\n\n')],
			text: 'a',
			code: 'upstream_malformed'
		}
	];

	it.each(rows)('$name', async ({ script, text, code, finishReason }) => {
		await using model = await startModelServer({ script });
		const collected = await collectAnswer(connect(model));
		expect({
			text: collected.text,
			code: collected.error?.code,
			finishReason: collected.result?.finishReason
		}).toEqual({ text, code, finishReason });
		expect(collected.error?.message ?? '').not.toMatch(/boom|broken|Log in/);
		expect(model.calls).toHaveLength(1);
	});

	it.each<[name: string, script: Script, text: string, code?: string]>([
		['text and [DONE]', [token('a <'), done()], 'a <'],
		['[DONE] alone', [done()], '', 'upstream_truncated'],
		['reasoning and [DONE]', [delta({ reasoning: 'hm' }), done()], '', 'upstream_truncated'],
		['a clean end without [DONE]', truncate(['a']), 'a', 'upstream_truncated']
	])('where the end marker is enough: %s', async (_name, script, text, code) => {
		await using model = await startModelServer({ script });
		const collected = await collectAnswer(connect(model, { doneIsEnough: true }));
		expect([collected.text, collected.error?.code]).toEqual([text, code]);
		if (code) return;
		expect(collected.result?.finishReason).toBe('unknown');
		expect(collected.details.warnings).toEqual(['no_finish_reason']);
	});

	it('a TCP reset after the finish reason does no harm', async () => {
		const seen = latch();
		// One write, so that both are here when the first is seen.
		const both = send(textOf([token('a'), finish()]));
		await using model = await startModelServer({ script: [both, gate(seen.promise), reset()] });
		const { text, result } = await collectAnswer(connect(model), { onPiece: seen.open });
		expect(text).toBe('a');
		expect(result?.finishReason).toBe('stop');
	});

	it('a TCP reset in the middle keeps the text so far', async () => {
		const seen = latch();
		await using model = await startModelServer({ script: [token('a'), gate(seen.promise), reset()] });
		const { text, error } = await collectAnswer(connect(model), { onPiece: seen.open });
		expect(text).toBe('a');
		expect(error?.code).toBe('upstream_reset');
		expect(model.calls).toHaveLength(1);
	});
});

describe('bytes', () => {
	const whole = ['Grüße, ', '猫', ' 🐈‍⬛ ', 'and "quotes"\n', 'end'];
	const stream = textOf(answer(whole));
	const rows: [name: string, script: Script][] = [
		['one byte at a time', inPieces(stream, 1)],
		['seven bytes at a time', inPieces(stream, 7)],
		['all at once', [send(stream)]],
		['CRLF', inPieces(stream.replaceAll('\n', '\r\n'), 5)],
		['CR', [send(stream.replaceAll('\n', '\r'))]],
		['a byte order mark', inPieces(`\uFEFF${stream}`, 2)],
		['no space after the colon', [send(stream.replaceAll('data: ', 'data:'))]],
		['no blank line at the end', [send(stream.replace(/data: \[DONE\]\n\n$/, 'data: [DONE]'))]],
		[
			'comments and other fields',
			[send(stream.replaceAll('data: {', ': hi\nid: 3\nretry: 10\nfoo: bar\ndata: {'))]
		],
		['empty data lines', [send(`data:\n\ndata: \n\n${stream}`)]]
	];

	it.each(rows)('%s', async (_name, script) => {
		await using model = await startModelServer({ script });
		const { text, error } = await collectAnswer(connect(model));
		expect(error).toBeUndefined();
		expect(text).toBe(whole.join(''));
	});

	it('a token of a megabyte', async () => {
		const long = 'x'.repeat(1_000_000);
		await using model = await startModelServer({ script: answer([long]) });
		const { text } = await collectAnswer(connect(model));
		expect(text.length).toBe(long.length);
	});
});

describe('providers', () => {
	const reported = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 };
	const usageRows: [name: string, script: Script, usage: Record<string, unknown>][] = [
		['OpenAI: a chunk without choices', answer(['a', 'b'], { usage: reported }), reported],
		[
			'Moonshot: in the choice of the finish',
			[
				token('a'),
				chunk(chatChunk([{ index: 0, delta: {}, finish_reason: 'stop', usage: reported }])),
				done()
			],
			reported
		],
		[
			'Gemini and vLLM: cumulative in every chunk',
			[
				chunk(
					chatChunk([{ delta: { content: 'a' } }], { usage: { prompt_tokens: 9, completion_tokens: 1 } })
				),
				chunk(chatChunk([{ delta: { content: 'b' }, finish_reason: 'stop' }], { usage: reported })),
				done()
			],
			reported
		],
		[
			'vLLM: null in later chunks',
			[
				token('a'),
				chunk(chatChunk([{ delta: {}, finish_reason: 'stop' }], { usage: reported })),
				chunk(chatChunk([], { usage: null })),
				done()
			],
			reported
		],
		[
			'llama.cpp: in the finish chunk, without [DONE]',
			[token('a'), chunk(chatChunk([{ delta: {}, finish_reason: 'stop' }], { usage: reported }))],
			reported
		],
		[
			'Groq: x_groq',
			[
				token('a'),
				chunk(chatChunk([{ delta: {}, finish_reason: 'stop' }], { x_groq: { usage: reported } })),
				done()
			],
			reported
		]
	];

	it.each(usageRows)('usage of %s', async (_name, script, usage) => {
		await using model = await startModelServer({ script });
		const { result } = await collectAnswer(connect(model));
		expect(result?.usage).toEqual({ ...usage, source: 'reported' });
	});

	it.each([
		['none', null],
		['negative', { prompt_tokens: -1, completion_tokens: -5 }],
		['huge', { prompt_tokens: 1e300, completion_tokens: 1e12 }],
		['no numbers', { prompt_tokens: 'many', completion_tokens: null }]
	])('usage that is %s is estimated from the lengths', async (_name, usage) => {
		await using model = await startModelServer({ script: answer(['eight ch', 'ars!'], { usage }) });
		const { result } = await collectAnswer(connect(model), {
			request: { messages: [{ role: 'user', content: 'x'.repeat(40) }] }
		});
		expect(result?.usage).toEqual({
			prompt_tokens: 10,
			completion_tokens: 3,
			total_tokens: 13,
			source: 'estimated'
		});
	});

	const textRows: [name: string, script: Script, text: string][] = [
		[
			'reasoning_content (DeepSeek, Kimi)',
			[delta({ reasoning_content: 'secret' }), token('a'), finish(), done()],
			'a'
		],
		[
			'reasoning (vLLM, OpenRouter)',
			[delta({ reasoning: 'secret', content: null }), token('a'), finish()],
			'a'
		],
		['inline think', answer(['<thi', 'nk>secret</', 'think>\n\n', 'a <b', '> c']), 'a <b> c'],
		[
			'Azure: prompt filter first, null delta last',
			[
				chunk(chatChunk([], { prompt_filter_results: [{}] })),
				token('a'),
				chunk(chatChunk([{ index: 0, delta: null, finish_reason: null, content_filter_offsets: {} }])),
				finish(),
				chunk(chatChunk([{ index: 0, delta: null, finish_reason: null }])),
				done()
			],
			'a'
		],
		[
			'Mistral: content as a list of parts',
			[
				delta({
					content: [
						{ type: 'thinking', thinking: [{ type: 'text', text: 'secret' }] },
						{ type: 'text', text: 'a' }
					]
				}),
				finish()
			],
			'a'
		],
		[
			'several choices: only the first one',
			[
				chunk(
					chatChunk([
						{ index: 1, delta: { content: 'other' } },
						{ index: 0, delta: { content: 'a' } }
					])
				),
				finish()
			],
			'a'
		],
		[
			'OpenRouter and DeepSeek: comments',
			[send(': OPENROUTER PROCESSING\n\n: keep-alive\n\n'), ...answer(['a'])],
			'a'
		],
		[
			'chunks of every odd shape between',
			[
				...[
					null,
					1,
					'x',
					[],
					{},
					{ choices: null },
					{ choices: [] },
					{ choices: [null] },
					{ choices: [{}] }
				].map(chunk),
				delta({ content: null }),
				delta({ content: '' }),
				token('a'),
				finish()
			],
			'a'
		]
	];

	it.each(textRows)('text of %s', async (_name, script, text) => {
		await using model = await startModelServer({ script });
		const collected = await collectAnswer(connect(model));
		expect(collected.error).toBeUndefined();
		expect(collected.text).toBe(text);
	});

	it('counts reasoning in the details', async () => {
		await using model = await startModelServer({
			script: [delta({ reasoning_content: '12345' }), ...answer(['<think>678</think>', 'a'])]
		});
		const { details } = await collectAnswer(connect(model));
		expect(details).toMatchObject({ reasoning_characters: 8, reasoning_ms: expect.any(Number) });
	});

	it('names the model as the server does', async () => {
		await using model = await startModelServer({ script: answer(['a']) });
		const { result } = await collectAnswer(connect(model, { model: 'alias' }));
		expect(result?.model).toBe('test-model');
	});

	it('warns about a tool call that came with text', async () => {
		await using model = await startModelServer({
			script: [delta({ tool_calls: [{ index: 0 }] }), ...answer(['a'])]
		});
		const { text, details } = await collectAnswer(connect(model));
		expect(text).toBe('a');
		expect(details.warnings).toEqual(['tool_call_ignored']);
	});
});

describe('refused parameters', () => {
	const refuse = (param: string, message = `Unsupported parameter: '${param}'`) =>
		errorStatus(400, { error: { message, type: 'invalid_request_error', param, code: 'unsupported' } });

	it.each(['stream_options', 'temperature'])('%s is left out, once and for all', async (parameter) => {
		await using model = await startModelServer({ scripts: [refuse(parameter)], script: answer(['a']) });
		const generator = connect(model);
		const request = { temperature: 0.5 };
		const first = await collectAnswer(generator, { request });
		const second = await collectAnswer(generator, { request });
		expect([first.text, second.text]).toEqual(['a', 'a']);
		expect(model.calls.map(({ body }) => parameter in body!)).toEqual([true, false, false]);
		expect(first.details).toMatchObject({ attempts: 2, fallbacks: [parameter] });
		expect(second.details).toMatchObject({ attempts: 1, fallbacks: [parameter] });
	});

	it('the bound of the answer goes under its other name', async () => {
		const message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.";
		await using model = await startModelServer({
			scripts: [refuse('max_tokens', message)],
			script: answer(['a'])
		});
		const { text } = await collectAnswer(connect(model, { maxTokens: 9 }));
		expect(text).toBe('a');
		expect(model.calls[1]!.body).toMatchObject({ max_completion_tokens: 9 });
		expect(model.calls[1]!.body).not.toHaveProperty('max_tokens');
	});

	it('several refusals, one after the other, without using up the retries', async () => {
		const detail = [{ loc: ['body', 'stream_options'], msg: 'Extra inputs are not permitted' }];
		await using model = await startModelServer({
			scripts: [
				errorStatus(422, { detail }),
				refuse('temperature'),
				refuse('max_tokens'),
				errorStatus(503),
				errorStatus(503)
			],
			script: answer(['a'])
		});
		const { text, details } = await collectAnswer(connect(model), { request: { temperature: 0 } });
		expect(text).toBe('a');
		expect(details).toMatchObject({
			attempts: 6,
			fallbacks: ['stream_options', 'temperature', 'max_tokens']
		});
	});

	it('is not remembered when leaving it out did not help', async () => {
		await using model = await startModelServer({
			scripts: [refuse('stream_options'), errorStatus(400)],
			script: answer(['a'])
		});
		const generator = connect(model);
		const first = await collectAnswer(generator);
		expect(first.error?.code).toBe('upstream_bad_request');
		await collectAnswer(generator);
		expect(model.calls[2]!.body).toHaveProperty('stream_options');
	});

	it('those that the settings name are never sent', async () => {
		await using model = await startModelServer({ script: answer(['a']) });
		const omitParameters = ['stream_options', 'temperature', 'max_tokens'] as const;
		const { text } = await collectAnswer(connect(model, { omitParameters, maxTokens: 9 }), {
			request: { temperature: 1 }
		});
		expect(text).toBe('a');
		const { messages, ...body } = model.calls[0]!.body!;
		expect(messages).toHaveLength(2);
		expect(body).toEqual({ model: 'test-model', stream: true, max_completion_tokens: 9 });
	});

	it('a prompt that is too long is not tried again', async () => {
		const message =
			"This model's maximum context length is 8192 tokens. Please reduce the length of the messages.";
		await using model = await startModelServer({
			script: errorStatus(400, { error: { message, code: 'context_length_exceeded', param: 'messages' } })
		});
		const { error } = await collectAnswer(connect(model));
		expect(error?.code).toBe('upstream_bad_request');
		expect(error?.message).toContain('too long');
		expect(model.calls).toHaveLength(1);
	});
});

describe('failures before the answer', () => {
	it.each([
		[401, 'upstream_auth'],
		[403, 'upstream_auth'],
		[402, 'upstream_auth'],
		[400, 'upstream_bad_request'],
		[404, 'upstream_bad_request'],
		[413, 'upstream_bad_request']
	])('%i is %s, at once', async (status, code) => {
		await using model = await startModelServer({ script: errorStatus(status) });
		const { error } = await collectAnswer(connect(model));
		expect(error?.code).toBe(code);
		expect(model.calls).toHaveLength(1);
	});

	it.each([
		[408, 'upstream_timeout'],
		[429, 'upstream_rate_limited'],
		[500, 'upstream_5xx'],
		[502, 'upstream_5xx'],
		[503, 'upstream_5xx'],
		[529, 'upstream_5xx']
	])('%i is %s, after two repetitions', async (status, code) => {
		await using model = await startModelServer({ script: errorStatus(status) });
		const { error, details } = await collectAnswer(connect(model));
		expect(error?.code).toBe(code);
		expect(model.calls).toHaveLength(3);
		expect(details).toMatchObject({
			attempts: 3,
			retries: [
				{ code, status, delay_ms: expect.any(Number) },
				{ code, status, delay_ms: expect.any(Number) }
			]
		});
	});

	it('an answer after two failures is one answer', async () => {
		await using model = await startModelServer({
			scripts: [errorStatus(500), errorStatus(503)],
			script: answer(['a'])
		});
		const { text, details } = await collectAnswer(connect(model));
		expect(text).toBe('a');
		expect(details.attempts).toBe(3);
	});

	it('a connection that is closed without an answer is tried again', async () => {
		await using model = await startModelServer({ scripts: [[reset()]], script: answer(['a']) });
		const { text, details } = await collectAnswer(connect(model));
		expect(text).toBe('a');
		expect(details).toMatchObject({ attempts: 2, retries: [{ code: 'upstream_reset', status: null }] });
	});

	it('nobody listening is upstream_connect, after two repetitions', async () => {
		const model = await startModelServer();
		await model.close();
		const { error, details } = await collectAnswer(connect(model));
		expect(error?.code).toBe('upstream_connect');
		expect(details.attempts).toBe(3);
	});

	it('a server that does not speak TLS is upstream_connect', async () => {
		await using model = await startModelServer();
		const url = model.url.replace('http:', 'https:');
		const { error } = await collectAnswer(connect({ url }));
		expect(error?.code).toBe('upstream_connect');
	});

	it('the pause that the server asks for is kept, when there is time', async () => {
		await using model = await startModelServer({
			scripts: [errorStatus(429, undefined, { 'retry-after-ms': '30' })],
			script: answer(['a'])
		});
		const { text, details } = await collectAnswer(connect(model));
		expect(text).toBe('a');
		expect(details.retries).toMatchObject([{ code: 'upstream_rate_limited', status: 429, delay_ms: 30 }]);
		expect(model.calls[1]!.at - model.calls[0]!.at).toBeGreaterThanOrEqual(29);
	});

	it('a pause that is too long fails at once, and is passed on', async () => {
		await using model = await startModelServer({
			script: errorStatus(429, undefined, { 'retry-after': '120' })
		});
		const { error } = await collectAnswer(connect(model));
		expect(error).toMatchObject({ code: 'upstream_rate_limited', retryAfterSeconds: 120 });
		expect(model.calls).toHaveLength(1);
	});

	it('a pause beyond the limit of the whole answer fails at once', async () => {
		await using model = await startModelServer({
			script: errorStatus(503, undefined, { 'retry-after': '20' })
		});
		const { error } = await collectAnswer(connect(model, { answerTimeoutMs: 10_000 }));
		expect(error).toMatchObject({ code: 'upstream_5xx', retryAfterSeconds: 20 });
		expect(model.calls).toHaveLength(1);
	});

	it('an account without quota is not asked again', async () => {
		await using model = await startModelServer({
			script: errorStatus(429, {
				error: { message: 'You exceeded your current quota', code: 'insufficient_quota' }
			})
		});
		const { error } = await collectAnswer(connect(model));
		expect(error?.code).toBe('upstream_rate_limited');
		expect(model.calls).toHaveLength(1);
	});

	it('nothing is tried again once the answer has begun', async () => {
		await using model = await startModelServer({
			script: [token('a'), chunk({ error: { message: 'overloaded', code: 503 } })]
		});
		await collectAnswer(connect(model));
		expect(model.calls).toHaveLength(1);
	});
});

describe('time limits', () => {
	const silent: [name: string, script: Script][] = [
		['no headers', silence],
		['headers, then silence', stall()],
		['comments alone', Array.from({ length: 1000 }, (_, n) => (n % 2 ? wait(10) : send(': keep-alive\n\n')))],
		[
			'empty deltas alone',
			Array.from({ length: 1000 }, (_, n) => (n % 2 ? wait(10) : delta({ content: '' })))
		]
	];

	it.each(silent)('first token: %s', async (_name, script) => {
		await using model = await startModelServer({ script });
		const { text, error, details } = await collectAnswer(connect(model, { firstTokenTimeoutMs: 400 }));
		expect(text).toBe('');
		expect(error?.code).toBe('upstream_timeout');
		expect(details).toMatchObject({ timeout: 'first_token', attempts: 1 });
		expect((await model.calls[0]!.closed).by).toBe('client');
	});

	it('headers: a server that takes the connection and nothing else', async () => {
		await using model = await startModelServer({ script: silence });
		const { error, details } = await collectAnswer(connect(model, { headersTimeoutMs: 300 }));
		expect(error?.code).toBe('upstream_timeout');
		expect(error?.message).toContain('0.3 seconds');
		expect(details).toMatchObject({ timeout: 'headers', attempts: 1 });
		expect((await model.calls[0]!.closed).by).toBe('client');
	});

	it('the wait for the first token has begun with the request, not with the headers', async () => {
		const late: Script = [wait(300), { do: 'headers' }, { do: 'stall' }];
		await using model = await startModelServer({ script: late });
		const limits = { headersTimeoutMs: 1000, firstTokenTimeoutMs: 1200 };
		const { error, details } = await collectAnswer(connect(model, limits));
		expect(error?.message).toContain('1.2 seconds');
		expect(details.timeout).toBe('first_token');
		const { at } = await model.calls[0]!.closed;
		expect(at - model.calls[0]!.at).toBeLessThan(1200 + 250);
	});

	// In one write, so that no silence comes between them.
	const both = send(textOf([token('a'), token('b')]));
	const stalled: [name: string, script: Script][] = [
		['silence', [both, { do: 'stall' }]],
		[
			'comments and empty deltas',
			[
				both,
				...Array.from({ length: 1000 }, (_, n) =>
					n % 2 ? wait(10) : send(`: hi\n\n${n % 4 ? '' : 'data: {"choices":[]}\n\n'}`)
				)
			]
		]
	];

	it.each(stalled)('idle: %s', async (_name, script) => {
		await using model = await startModelServer({ script });
		const { text, error, details } = await collectAnswer(connect(model, { idleTimeoutMs: 400 }));
		expect(text).toBe('ab');
		expect(error?.code).toBe('upstream_timeout');
		expect(details.timeout).toBe('idle');
		expect((await model.calls[0]!.closed).by).toBe('client');
	});

	it('total: a model that never ends', async () => {
		await using model = await startModelServer({
			script: Array.from({ length: 4000 }, (_, n) => (n % 2 ? wait(5) : token('a')))
		});
		const { text, error, details } = await collectAnswer(connect(model, { answerTimeoutMs: 1200 }));
		expect(text).toMatch(/^a+$/);
		expect(error?.code).toBe('upstream_timeout');
		expect(details.timeout).toBe('total');
		expect((await model.calls[0]!.closed).by).toBe('client');
	});

	it('reasoning is a sign of life', async () => {
		const thinking = Array.from({ length: 26 }, () => [wait(50), delta({ reasoning: 'hm' })]).flat();
		await using model = await startModelServer({ script: [...thinking, ...answer(['a'])] });
		const limits = { firstTokenTimeoutMs: 1000, idleTimeoutMs: 1000 };
		const { text } = await collectAnswer(connect(model, limits));
		expect(text).toBe('a');
	});

	it("the time that a slow reader takes is not the model's", async () => {
		await using model = await startModelServer({ script: answer(['a', 'b', 'c']) });
		const generator = connect(model, { idleTimeoutMs: 400, firstTokenTimeoutMs: 10_000 });
		const { text } = await collectAnswer(generator, {
			onPiece() {
				const from = performance.now();
				while (performance.now() - from < 500);
			}
		});
		expect(text).toBe('abc');
	});

	it('an answer that comes all at once leaves the others their turns', async () => {
		const pieces = Array.from({ length: 50_000 }, () => 'x');
		await using model = await startModelServer({ script: [send(textOf(answer(pieces)))] });
		let turns = 0;
		let isOver = false;
		const others = (async () => {
			for (; !isOver; turns += 1) await new Promise(setImmediate);
		})();
		const turnsAt: number[] = [];
		const { text } = await collectAnswer(connect(model), { onPiece: () => turnsAt.push(turns) });
		isOver = true;
		await others;
		expect(text).toHaveLength(pieces.length);
		const most = Math.max(
			...Map.groupBy(turnsAt, (turn) => turn)
				.values()
				.map((taken) => taken.length)
		);
		expect(most).toBeLessThan(pieces.length / 10);
	});

	it('an answer that is complete does not wait for usage that never comes', async () => {
		await using model = await startModelServer({ script: [token('a'), finish(), { do: 'stall' }] });
		const { result } = await collectAnswer(connect(model, { idleTimeoutMs: 400 }));
		expect(result).toMatchObject({ finishReason: 'stop', usage: { source: 'estimated' } });
		expect((await model.calls[0]!.closed).by).toBe('client');
	});

	it('a stream that stays open after [DONE] is closed', async () => {
		await using model = await startModelServer({ script: [...answer(['a']), { do: 'stall' }] });
		const { result } = await collectAnswer(connect(model));
		expect(result).toMatchObject({ finishReason: 'stop', usage: { source: 'reported' } });
		expect((await model.calls[0]!.closed).by).toBe('client');
	});
});

describe('cancelling', () => {
	it.each([
		['before the headers', silence],
		['before the first token', stall()]
	])('%s closes the connection', async (_name, script) => {
		await using model = await startModelServer({ script });
		const controller = new AbortController();
		const arrived = model.nextCall();
		const answering = collectAnswer(connect(model), { signal: controller.signal });
		const call = await arrived;
		controller.abort();
		expect((await call.closed).by).toBe('client');
		const { error } = await answering;
		expect(error?.code).toBe('cancelled');
	});

	it('in the middle closes the connection and keeps the text so far', async () => {
		await using model = await startModelServer({ script: stall(['a']) });
		const controller = new AbortController();
		const { text, error } = await collectAnswer(connect(model), {
			signal: controller.signal,
			onPiece: () => controller.abort()
		});
		expect(text).toBe('a');
		expect(error?.code).toBe('cancelled');
		expect((await model.calls[0]!.closed).by).toBe('client');
	});

	it('while waiting to try again makes no further call', async () => {
		await using model = await startModelServer({
			script: errorStatus(503, undefined, { 'retry-after': '30' })
		});
		const controller = new AbortController();
		const arrived = model.nextCall();
		const answering = collectAnswer(connect(model), { signal: controller.signal });
		await (
			await arrived
		).closed;
		controller.abort();
		const { error } = await answering;
		expect(error?.code).toBe('cancelled');
		expect(model.calls).toHaveLength(1);
	});

	it('a taker that wants no more closes the connection', async () => {
		await using model = await startModelServer({ script: stall(['a']) });
		const { text } = await collectAnswer(connect(model), {
			onPiece() {
				throw new AppError('cancelled', 'That is enough.');
			}
		});
		expect(text).toBe('a');
		expect((await model.calls[0]!.closed).by).toBe('client');
	});

	it('an answer that is stopped is never a success, even when its end is there already', async () => {
		await using model = await startModelServer({ script: [send(textOf(answer(['a', 'b'])))] });
		const controller = new AbortController();
		const { text, result, error } = await collectAnswer(connect(model), {
			signal: controller.signal,
			onPiece: (soFar) => soFar === 'ab' && controller.abort()
		});
		expect(text).toBe('ab');
		expect(result).toBeUndefined();
		expect(error?.code).toBe('cancelled');
	});
});

describe('what an unfinished answer has cost', () => {
	const usage = { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 };
	const reporting = chunk(chatChunk([{ delta: { content: 'four' } }], { usage }));

	it.each<[name: string, script: Script, spent: unknown]>([
		['is what was reported last', [reporting, end()], { ...usage, source: 'reported' }],
		[
			'is estimated when nothing was reported',
			truncate(['four']),
			{ prompt_tokens: 10, completion_tokens: 1, total_tokens: 11, source: 'estimated' }
		],
		['is nothing when the request was refused', errorStatus(400), undefined],
		['is told once, with the result, when it was whole', answer(['four']), undefined]
	])('%s', async (_name, script, spent) => {
		await using model = await startModelServer({ script });
		const told: unknown[] = [];
		const request = {
			question: '',
			sources: [],
			messages: [{ role: 'user' as const, content: 'x'.repeat(40) }]
		};
		const onUnfinished = (given: unknown) => told.push(given);
		const { signal } = new AbortController();
		const context = { signal, details: {}, onText: () => {}, onUnfinished };
		await connect(model)
			.generate(request, context)
			.catch(() => {});
		expect(told).toEqual(spent ? [{ usage: spent, model: 'test-model' }] : []);
	});

	it('is told also when the taker wants no more', async () => {
		await using model = await startModelServer({ script: [reporting, { do: 'stall' }] });
		const told: unknown[] = [];
		const context = {
			signal: new AbortController().signal,
			details: {},
			onText() {
				throw new AppError('cancelled', 'That is enough.');
			},
			onUnfinished: (spent: unknown) => told.push(spent)
		};
		const request = { question: '', messages: [], sources: [] };
		await expect(connect(model).generate(request, context)).rejects.toThrow('That is enough.');
		expect(told).toEqual([{ usage: { ...usage, source: 'reported' }, model: 'test-model' }]);
	});
});

describe('secrets', () => {
	it.each([
		['a status', errorStatus(401, { error: { message: `Incorrect API key provided: ${KEY}` } })],
		['a page', errorStatus(500, `<h1>${KEY}</h1>`)],
		['an event', [chunk({ error: { message: `bad key ${KEY}` } })]],
		['garbage', [send(`data: {${KEY}\n\n`)]],
		['the name of the model', [chunk({ model: KEY, choices: [{ delta: {} }] }), end()]]
	] satisfies [string, Script][])('a key that is echoed in %s comes out nowhere', async (_name, script) => {
		await using model = await startModelServer({ script });
		const { error, details } = await collectAnswer(connect(model));
		expect(error).toBeDefined();
		const everything = JSON.stringify([error!.message, error!.stack, details, String(error!.cause)]);
		expect(everything).not.toContain(KEY);
	});
});
