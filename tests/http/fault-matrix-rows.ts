import { gzipSync } from 'node:zlib';
import {
	answer,
	chatChunk,
	chunk,
	delta,
	done,
	end,
	errorStatus,
	finish,
	hangUp,
	inPieces,
	json,
	raw,
	reset,
	resetAfter,
	send,
	textOf,
	token,
	truncate,
	type Script
} from '../fixtures/model-server.ts';
import type { Fault, Outcome } from './fault-matrix-setup.ts';

const good = answer(['Four', ' metres [1].']);
const goodText = 'Four metres [1].';
/** A failure that asks for next to no pause, so that the tries follow at once. */
const soon = (status: number, body?: unknown) => errorStatus(status, body, { 'retry-after-ms': '5' });
const page = (status: number, html: string): Script => [
	{ do: 'respond', status, headers: { 'content-type': 'text/html', 'retry-after-ms': '5' }, body: html }
];
const fails = (code: Outcome['code'], more: Partial<Outcome> = {}): Outcome => ({ code, ...more });
const answers = (more: Partial<Outcome> = {}): Outcome => ({ code: null, text: goodText, ...more });
const row = (name: string, scripts: Fault['scripts'], outcome: Outcome, input?: Fault['input']): Fault => ({
	name,
	scripts,
	outcome,
	...(input && { input })
});

/** Failures before the answer has begun. */
export const beforeTheAnswer: readonly Fault[] = [
	...[401, 403].map((status) =>
		row(`${status}`, [errorStatus(status)], fails('upstream_auth', { says: /API key/ }))
	),
	row('402', [errorStatus(402)], fails('upstream_auth', { says: /billing/ })),
	row('400', [errorStatus(400)], fails('upstream_bad_request')),
	row(
		'400: context length',
		[errorStatus(400, { error: { message: 'maximum context length is 8192 tokens, boom' } })],
		fails('upstream_bad_request', { says: /too long/ })
	),
	row('404: no such model', [errorStatus(404)], fails('upstream_bad_request', { says: /model's name/ })),
	row('405', [errorStatus(405)], fails('upstream_bad_request', { says: /base URL/ })),
	row('413', [errorStatus(413)], fails('upstream_bad_request', { says: /too long/ })),
	row('422', [errorStatus(422)], fails('upstream_bad_request')),
	row('408, again and again', [soon(408)], fails('upstream_timeout', { calls: 3, retryAfter: '1' })),
	row(
		'429, again and again',
		[soon(429)],
		fails('upstream_rate_limited', { calls: 3, retryAfter: '1', details: { attempts: 3 } })
	),
	row(
		'429 + Retry-After that fits, then an answer',
		[errorStatus(429, undefined, { 'retry-after': '2' }), good],
		answers({
			calls: 2,
			details: {
				attempts: 2,
				retries: [{ code: 'upstream_rate_limited', status: 429, delay_ms: 2000 }]
			}
		})
	),
	row(
		'429 + Retry-After that is too long',
		[errorStatus(429, undefined, { 'retry-after': '120' })],
		fails('upstream_rate_limited', { calls: 1, retryAfter: '120' })
	),
	row(
		'503 + Retry-After that is too long',
		[errorStatus(503, undefined, { 'retry-after': '120' })],
		fails('upstream_5xx', { calls: 1, status: 503, retryAfter: '120' })
	),
	row(
		'429 without quota',
		[soon(429, { error: { message: 'boom', code: 'insufficient_quota' } })],
		fails('upstream_rate_limited', { calls: 1, retryAfter: '1', says: /billing/ })
	),
	...[500, 502, 503, 529].map((status) =>
		row(
			`${status}, then an answer`,
			[soon(status), good],
			answers({
				calls: 2,
				details: { attempts: 2, retries: [{ code: 'upstream_5xx', status, delay_ms: 5 }] }
			})
		)
	),
	row('500 and 429, then an answer', [soon(500), soon(429), good], answers({ calls: 3 })),
	row(
		'500, again and again',
		[soon(500)],
		fails('upstream_5xx', { calls: 3, status: 503, retryAfter: '1', details: { attempts: 3 } })
	),
	row(
		'502 with a page',
		[page(502, '<h1>boom</h1>')],
		fails('upstream_5xx', { calls: 3, status: 503, retryAfter: '1' })
	),
	row(
		'500 that must not be tried again',
		[errorStatus(500, undefined, { 'x-should-retry': 'false' })],
		fails('upstream_5xx')
	),
	row(
		'a reset before the headers, then an answer',
		[[reset()], good],
		answers({ calls: 2, details: { attempts: 2 } })
	),
	row('a reset before the headers, again and again', [[reset()]], fails('upstream_reset', { calls: 3 })),
	row(
		'a reset inside the headers',
		[[raw('HTTP/1.1 200 OK\r\nConte'), reset()]],
		fails('upstream_reset', { calls: 3 })
	),
	row('a connection closed without a word', [[hangUp()]], fails('upstream_reset', { calls: 3 })),
	row('not HTTP at all', [[raw('220 boom ESMTP\r\n'), hangUp()]], fails('upstream_malformed', { calls: 1 })),
	row(
		'101: a change of protocol',
		[[raw('HTTP/1.1 101 Odd\r\nConnection: Upgrade\r\nUpgrade: boom\r\n\r\n')]],
		fails('upstream_reset', { calls: 3 })
	),
	row(
		'a status that is none',
		[
			[
				raw('HTTP/1.1 600 Odd\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After-Ms: 5\r\n\r\n'),
				hangUp()
			]
		],
		fails('upstream_5xx', { calls: 3, status: 503, retryAfter: '1' })
	),
	row('204 without a body', [[{ do: 'respond', status: 204, body: '' }]], fails('upstream_truncated'))
];

/** A body under the header that says that it is packed. */
const underGzip = (bytes: string | Uint8Array): Script => [
	{ do: 'headers', headers: { 'content-encoding': 'gzip' } },
	send(bytes)
];
const tail = (...actions: Script): Script => [token('Four'), ...actions];
const far = (code: Outcome['code'], more: Partial<Outcome> = {}) => fails(code, { text: 'Four', ...more });

/** Failures after the answer has begun: never tried again, the text so far stays. */
export const inTheAnswer: readonly Fault[] = [
	row('a clean end after some text', [truncate(['Four'])], far('upstream_truncated')),
	row('[DONE] without a finish reason', [tail(done())], far('upstream_truncated')),
	row('a clean end at once', [[end()]], fails('upstream_truncated')),
	row('[DONE] alone', [[done()]], fails('upstream_truncated')),
	row('an end inside an event', [tail(send('data: {"choices":[{"del'))], far('upstream_truncated')),
	row('a reset after some text', [resetAfter(['Four'])], far('upstream_reset')),
	row('a reset after the headers', [[{ do: 'headers' }, ...resetAfter([])]], fails('upstream_reset')),
	row(
		'the connection closed inside a chunk of the transfer',
		[
			[
				raw(
					'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\nff\r\ndata: '
				),
				hangUp()
			]
		],
		fails('upstream_reset')
	),
	row(
		'a body shorter than announced',
		[
			[
				raw(
					`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9999\r\n\r\n${textOf([token('Four')])}`
				),
				hangUp()
			]
		],
		far('upstream_reset')
	),
	row(
		'a packed body that ends too early',
		[underGzip(gzipSync(textOf([token('Four')])).subarray(0, -8))],
		far('upstream_reset')
	),
	row('a body that is not packed as it says', [underGzip(textOf(good))], fails('upstream_malformed')),
	row('a line that is no JSON', [tail(send('data: {boom\n\n'))], far('upstream_malformed')),
	row('a page with status 200', [page(200, '<html>boom</html>')], fails('upstream_malformed')),
	row(
		'bytes that are no UTF-8',
		[[send(new Uint8Array([0xff, 0xfe, 0xc3, 0x28]))]],
		fails('upstream_malformed')
	),
	row('a JSON error with status 200', [json({ error: { message: 'boom' } })], fails('upstream_error_event')),
	row('a JSON message with status 200', [json({ code: 7, msg: 'boom' })], fails('upstream_error_event')),
	row(
		'an error object in the stream',
		[tail(chunk({ error: { message: 'boom', code: 503 } }))],
		far('upstream_error_event')
	),
	row(
		"vLLM's object: error",
		[tail(chunk({ object: 'error', message: 'boom' }), done())],
		far('upstream_error_event')
	),
	row(
		'event: error',
		[tail(send('event: error\ndata: {"message":"boom"}\n\n'))],
		far('upstream_error_event')
	),
	row('finish_reason error', [tail(finish('error'))], far('upstream_error_event')),
	row(
		"OpenRouter's error in the choice",
		[tail(chunk(chatChunk([{ delta: {}, error: { message: 'boom' } }])))],
		far('upstream_error_event')
	),
	row('content_filter in the middle', [tail(finish('content_filter'), done())], far('content_filter')),
	row('a refusal', [[delta({ refusal: 'boom' }), finish(), done()]], fails('content_filter')),
	row(
		'tool calls',
		[[delta({ tool_calls: [{ index: 0 }] }), finish('tool_calls'), done()]],
		fails('upstream_malformed', { says: /tool/ })
	),
	row('insufficient_system_resource', [tail(finish('insufficient_system_resource'))], far('upstream_5xx')),
	row('an empty answer', [answer([])], fails('no_content')),
	row('white space for an answer', [answer([' ', '\n'])], fails('no_content')),
	row(
		'reasoning that used up the tokens',
		[[delta({ reasoning_content: 'hm' }), finish('length'), done()]],
		fails('no_content', { says: /reasoning/, details: { reasoning_characters: 2 } })
	)
];

const words = ['Grüße, ', '猫', ' 🐈‍⬛ ', '"quoted"\n', 'end [1].'];
const spoken = words.join('');
const stream = textOf(answer(words));
const long = `x${'é'.repeat(500_000)}`;
const usage = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 };
const reported: Outcome = answers({ usage: { ...usage, source: 'reported' } });
const estimated: Outcome = answers({ usage: { source: 'estimated' } });
const withUsage = (value: unknown): Script => [
	token(goodText),
	finish(),
	chunk(chatChunk([], { usage: value })),
	done()
];

/** Oddities that an answer survives. */
export const answersAllTheSame: readonly Fault[] = [
	row('one byte at a time', [inPieces(stream, 1)], answers({ text: spoken })),
	row('cut inside characters', [inPieces(stream, 7)], answers({ text: spoken })),
	row('all at once', [[send(stream)]], answers({ text: spoken })),
	row(
		'CRLF, cut between CR and LF',
		[inPieces(stream.replaceAll('\n', '\r\n'), 1)],
		answers({ text: spoken })
	),
	row('lone CR', [[send(stream.replaceAll('\n', '\r'))]], answers({ text: spoken })),
	row('a byte order mark', [inPieces(`\uFEFF${stream}`, 2)], answers({ text: spoken })),
	row(
		'comments between',
		[[send(stream.replaceAll('data: {', ': hi\n\ndata: {'))]],
		answers({ text: spoken })
	),
	row('no blank line at the end', [[send(stream.replace(/\n\n$/, ''))]], answers({ text: spoken })),
	row('a token of a megabyte', [answer([long])], answers({ text: long })),
	row('no [DONE] after the finish', [tail(finish())], answers({ text: 'Four' })),
	row(
		'a whole completion instead of a stream',
		[json({ choices: [{ message: { content: goodText }, finish_reason: 'stop' }] })],
		answers({ details: { warnings: ['not_streamed'] } })
	),
	row(
		'finish_reason length',
		[answer([goodText], { finishReason: 'length' })],
		answers({ finishReason: 'length' })
	),
	row(
		'a finish reason of a vendor',
		[answer([goodText], { finishReason: 'eos' })],
		answers({ finishReason: 'eos' })
	),
	row(
		'a second finish and text after it',
		[tail(finish(), token('boom'), finish('length'), done())],
		answers({ text: 'Four', details: { warnings: ['text_after_finish'] } })
	),
	row(
		'text and garbage after [DONE]',
		[[...answer(['Four']), token('boom'), send('data: {boom\n\n')]],
		answers({ text: 'Four' })
	),
	row(
		'an error after the finish',
		[tail(finish(), chunk({ error: { message: 'boom' } }))],
		answers({ text: 'Four', details: { warnings: ['broken_after_finish'] } })
	),
	row(
		'a reset after the finish',
		[[send(textOf([token('Four'), finish()])), ...resetAfter([''])]],
		answers({ text: 'Four' })
	),
	row(
		'a tool call beside the text',
		[[delta({ tool_calls: [{ index: 0 }] }), ...good]],
		answers({ details: { warnings: ['tool_call_ignored'] } })
	),
	row(
		'<think> in pieces',
		[answer(['<th', 'ink>secret</thi', 'nk>\n', goodText])],
		answers({ details: { reasoning_characters: 6 } })
	),
	row(
		'reasoning beside the text',
		[[delta({ reasoning: 'secret' }), ...good]],
		answers({ details: { reasoning_characters: 6 } })
	),
	row(
		"Azure's chunks",
		[
			[
				chunk(chatChunk([], { prompt_filter_results: [] })),
				token(goodText),
				chunk(chatChunk([{ delta: null }])),
				finish(),
				done()
			]
		],
		answers()
	),
	row('packed, though it was asked not to', [underGzip(gzipSync(textOf(good)))], answers()),
	row(
		'chunks of odd shapes',
		[[...[null, 1, 'x', [], {}, { choices: null }, { choices: [null] }].map(chunk), ...good]],
		answers()
	),
	row('usage: at the end', [answer([goodText], { usage })], reported),
	row(
		'usage: in every chunk',
		[
			[
				chunk(
					chatChunk([{ delta: { content: goodText } }], { usage: { prompt_tokens: 9, completion_tokens: 1 } })
				),
				chunk(chatChunk([{ delta: {}, finish_reason: 'stop' }], { usage })),
				done()
			]
		],
		reported
	),
	row(
		'usage: in the choice',
		[[token(goodText), chunk(chatChunk([{ delta: {}, finish_reason: 'stop', usage }])), done()]],
		reported
	),
	row(
		'usage: x_groq',
		[
			[
				token(goodText),
				chunk(chatChunk([{ delta: {}, finish_reason: 'stop' }], { x_groq: { usage } })),
				done()
			]
		],
		reported
	),
	row('usage: none', [answer([goodText], { usage: null })], estimated),
	row('usage: negative', [withUsage({ prompt_tokens: -1, completion_tokens: -9 })], estimated),
	row('usage: huge', [withUsage({ prompt_tokens: 1e300, completion_tokens: 1e12 })], estimated),
	row('usage: no numbers', [withUsage({ prompt_tokens: 'NaN', completion_tokens: null })], estimated)
];
