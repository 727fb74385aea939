import fc from 'fast-check';

/** A request in parts that need not fit each other. */
export interface FuzzRequest {
	method: string;
	path: string;
	headers: Record<string, string>;
	body: Uint8Array | null;
}

const METHODS = ['GET', 'POST', 'DELETE', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'TRACE', 'PROPFIND', 'QUERY'];
const ROUTES = [
	'/',
	'/dashboard',
	'/dashboard/traces/@',
	'/login',
	'/ask',
	'/ask/@',
	'/ask/stream',
	'/ask/stream/@',
	'/search',
	'/libraries',
	'/feedback',
	'/traces',
	'/traces/@',
	'/stats',
	'/session',
	'/livez',
	'/readyz',
	'/trpc/@',
	'/trpc/ask',
	'/trpc/start',
	'/trpc/ask_once',
	'/trpc/search',
	'/trpc/libraries',
	'/trpc/traces.list',
	'/trpc/traces.get',
	'/trpc/traces.live',
	'/trpc/traces.delete',
	'/trpc/traces.delete_subject',
	'/trpc/stats',
	'/trpc/feedback',
	'/trpc/cancel',
	'/trpc/libraries,stats,traces.list',
	'/@',
	'/_app/@',
	'/favicon.svg'
];
const PARAMETERS = [
	'limit',
	'before',
	'library',
	'status',
	'q',
	'min_ms',
	'window',
	'subject',
	'input',
	'batch',
	'last_event_id',
	'lastEventId',
	'connectionParams',
	'next',
	'x-sveltekit-invalidated'
];
const FIELDS = [
	'question',
	'library',
	'limit',
	'temperature',
	'conversation_id',
	'subject',
	'trace_id',
	'rating',
	'comment',
	'key',
	'lastEventId',
	'json',
	'0',
	'__proto__',
	'constructor'
];

/** Text of every kind: control characters, halves of surrogate pairs, what SQL, shells, paths and formats care about. */
const hostile = fc.oneof(
	fc.string({ unit: 'binary', maxLength: 40 }),
	fc.string({ unit: 'grapheme', maxLength: 40 }),
	fc.constantFrom(
		'',
		' ',
		'\0',
		'null',
		'%',
		'%00',
		'%2e%2e%2f',
		'..',
		'../../etc/passwd',
		'\ud800',
		"' OR 1=1 --",
		'"',
		'*',
		'{{7*7}}',
		'${1}',
		'\r\nx: y',
		'<script>',
		'-1',
		'1e999',
		'NaN',
		'00000000-0000-4000-8000-000000000000',
		'00000000-0000-4000-8000-000000000000:1',
		`${'x'.repeat(4100)}`,
		'a'.repeat(300)
	)
);
const question = fc.constantFrom('How do I plant apple trees?', 'mooring fees', 'Prune?');

/** A value for a field of a body: often a right one, so that what lies behind the first check is reached too. */
const value = fc.oneof(
	question,
	fc.constantFrom<unknown>('orchard', 'up', 'down', 1, 5, 0.2, null),
	hostile,
	fc.jsonValue({ maxDepth: 3 }),
	fc.double()
);
const bodyObject = fc
	.tuple(question, fc.dictionary(fc.constantFrom(...FIELDS), value, { maxKeys: 5 }), fc.boolean())
	.map(([asked, fields, isAsking]) => JSON.stringify(isAsking ? { question: asked, ...fields } : fields));
const deep = fc.integer({ min: 1, max: 8000 }).map((depth) => '['.repeat(depth));
const text = fc.oneof(
	{ weight: 6, arbitrary: bodyObject },
	{ weight: 1, arbitrary: fc.json() },
	{ weight: 1, arbitrary: hostile },
	{ weight: 1, arbitrary: deep }
);
const body = fc.oneof(
	{ weight: 8, arbitrary: text.map((written) => new TextEncoder().encode(written)) },
	{ weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
	{ weight: 1, arbitrary: fc.constant(new Uint8Array(70 * 1024).fill(0x20)) },
	{ weight: 1, arbitrary: fc.constant(null) }
);

/** Text as it can stand in a path: written out, encoded once, or twice. */
const segment = fc.tuple(hostile, fc.constantFrom(0, 1, 1, 1, 2)).map(([written, times]) => {
	let encoded = written.toWellFormed();
	for (let time = 0; time < times; time++) encoded = encodeURIComponent(encoded);
	// What may not stand in a request line at all is tried with raw bytes elsewhere.
	return encoded.replace(/[^\x21-\x7e]/g, '').replaceAll('#', '');
});
const query = fc
	.array(fc.tuple(fc.oneof(fc.constantFrom(...PARAMETERS), segment), fc.oneof(text, hostile)), {
		maxLength: 4
	})
	.map((pairs) =>
		pairs
			.map(([name, given]) => `${name}=${encodeURIComponent(given.toWellFormed()).slice(0, 3000)}`)
			.join('&')
	);
const path = fc
	.tuple(
		fc.constantFrom(...ROUTES),
		segment,
		query,
		fc.constantFrom('', '', '', '', '', '', '/', '/__data.json', '//')
	)
	.map(([route, part, asked, end]) => route.replace('@', part) + end + (asked && `?${asked}`));

/** What may stand in a header. */
const headerText = hostile.map((written) => written.replace(/[^\x20-\x7e\x80-\xff]/g, '').slice(0, 2000));
const mostly = (usual: string[], weight = 3) =>
	fc.oneof({ weight, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: headerText });

const ODD_HEADERS: Readonly<Record<string, string[]>> = {
	cookie: ['citelight=x', '__Host-citelight=0123456789abcdef.1800000000000.x'],
	origin: ['null', 'http://evil.example'],
	host: ['127.0.0.1', 'evil.example', '[::1', 'localhost:99999'],
	'sec-fetch-site': ['same-origin', 'cross-site', 'none'],
	'access-control-request-method': ['POST'],
	'last-event-id': ['00000000-0000-4000-8000-000000000000:7', 'none:1', '1'],
	'x-forwarded-for': ['10.0.0.1'],
	'x-forwarded-proto': ['https'],
	'x-forwarded-host': ['evil.example'],
	'x-citelight-protocol': ['https', 'javascript:'],
	'trpc-accept': ['application/jsonl'],
	'content-encoding': ['gzip'],
	traceparent: ['00-00000000000000000000000000000001-0000000000000001-01'],
	'if-none-match': ['*', 'W/"x"'],
	range: ['bytes=0-1', 'bytes=9-1'],
	'accept-encoding': ['gzip', 'br;q=x'],
	'x-sveltekit-action': ['true'],
	'x-http-method-override': ['DELETE']
};
const oddHeader = fc
	.constantFrom(...Object.keys(ODD_HEADERS))
	.chain((name) => mostly(ODD_HEADERS[name]!).map((given) => [name, given] as const));

/** @param keys that are valid, so that what is behind the doors is reached. */
export function fuzzRequest(keys: readonly string[]): fc.Arbitrary<FuzzRequest> {
	const usual = fc.record({
		'content-type': mostly(
			[
				...Array<string>(6).fill('application/json'),
				'application/json; charset=utf-8',
				'text/plain',
				'multipart/form-data; boundary=x',
				'multipart/form-data',
				'application/x-www-form-urlencoded'
			],
			9
		),
		accept: mostly(['text/html', 'text/event-stream', 'application/json', '*/*']),
		authorization: mostly([...keys.map((key) => `Bearer ${key}`), 'Bearer wrong'], 9)
	});
	const headers = fc
		.tuple(usual, fc.array(oddHeader, { maxLength: 2 }))
		.map(([kept, odd]) => ({ ...kept, ...Object.fromEntries(odd) }));
	return fc.record({
		method: fc.oneof(
			{ weight: 3, arbitrary: fc.constantFrom('GET', 'POST') },
			{ weight: 1, arbitrary: fc.constantFrom(...METHODS) }
		),
		path,
		headers,
		body
	});
}

/** Bytes that are nearly a request, or nothing like one. */
export const fuzzBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
	fc.uint8Array({ maxLength: 300 }),
	fc
		.tuple(
			fc.constantFrom('GET', 'POST', 'BREW', '', 'get'),
			fc.oneof(hostile, fc.constantFrom('*', 'http://evil.example/', '/ask', '//', 'ask')),
			fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/9.9', ''),
			fc.array(
				fc.tuple(fc.oneof(fc.constantFrom('host', 'content-length', 'transfer-encoding'), hostile), hostile),
				{
					maxLength: 4
				}
			),
			text
		)
		.map(([method, target, version, headers, sent]) => {
			const host = headers.length < 3 ? 'host: 127.0.0.1\r\n' : '';
			const lines = headers.map(([name, given]) => `${name}: ${given}\r\n`).join('');
			return new TextEncoder().encode(`${method} ${target} ${version}\r\n${host}${lines}\r\n${sent}`);
		})
);
