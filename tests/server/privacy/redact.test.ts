import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GrowingRedaction, redact, redactPieces } from '#lib/server/privacy/redact.ts';
import { SECRETS } from './secrets.ts';

const AROUND = [
	['', ''],
	['It is ', '.'],
	['`', '` and so on'],
	['Ask (', ') today'],
	['Sie heißt „', '“ und'],
	['密钥是 ', ' 吗?'],
	['Line one\n', '\nline three']
] as const;

/** What texts are made of that come near to secrets: whole ones, parts of them, and what may stand between. */
const fragment = fc.oneof(
	fc.constantFrom(...SECRETS.map(([, text]) => text)),
	fc.constantFrom(...SECRETS.map(([, , secret]) => secret)),
	fc.constantFrom(
		...[
			'Bearer',
			'basic ',
			'api ',
			'API',
			'\\"',
			'api_key',
			'"token": "',
			'password=',
			'key',
			'=',
			':',
			' ',
			'\n',
			'\t',
			'"',
			'`',
			';'
		],
		...[
			'4111',
			'1111 ',
			'-',
			'+',
			'+1 ',
			'(555)',
			'555 ',
			'0',
			'@',
			'.',
			'a',
			'Z9',
			'://',
			'u:',
			'密钥',
			'😀',
			'é'
		],
		...[
			'Cookie:',
			'set-cookie: ',
			'a=b',
			'; ',
			'-----',
			'-----BEGIN ',
			'RSA ',
			'PRIVATE KEY-----',
			'-----END ',
			'MIIE'
		],
		...['sk-', 'eyJ', 'ghp_', 'How do I create an endpoint? ', 'x'.repeat(30)]
	),
	fc.string({ maxLength: 4 })
);
const text = fc.array(fragment, { maxLength: 14 }).map((parts) => parts.join(''));

/** A text cut into pieces. */
const pieces = fc.tuple(text, fc.array(fc.nat(200), { maxLength: 20 })).map(([whole, places]) => {
	const cuts = [...places.map((place) => Math.min(place, whole.length)), whole.length].sort((a, b) => a - b);
	return cuts.map((cut, index) => whole.slice(cuts[index - 1] ?? 0, cut));
});

describe('redaction', () => {
	it.each(SECRETS)('puts a marker in place of a %s: %s', (_kind, given, secret) => {
		for (const [before, after] of AROUND) {
			const redacted = redact(before + given + after);
			expect(redacted).not.toContain(secret);
			expect(redacted).toMatch(/\[redacted: [^\]]+\]/);
			expect(redacted.startsWith(before)).toBe(true);
		}
	});

	it.each([
		'def f(token: str, password=hashed_password): ...',
		'api_key = os.environ["OPENAI_API_KEY"]',
		'Send the header Authorization: Bearer <token>. Basic authentication works too.',
		'Use @app.get("/items") and pip install uvicorn[standard]==0.30.1',
		'git clone git@github.com:owner/project.git',
		'The order 4111 1111 1111 1112 has no valid check digit, and 1700000000000 is a time.',
		'0.4111111111111111 is a number, 192.168.100.200 an address, 2026-02-05T17:00:00.000Z a moment',
		'A commit: 3f786850e387550fdab836ed7e6dc881de23001b',
		'The risk-averse task-scheduler asks sk-learn.'
	])('leaves documentation as it is: %s', (given) => {
		expect(redact(given)).toBe(given);
	});

	it('says what was there, once for what belongs together', () => {
		expect(redact('Mail jane@example.com or pay with 4111 1111 1111 1111.')).toBe(
			'Mail [redacted: e-mail] or pay with [redacted: card number].'
		);
		expect(redact('postgres://jane:p4ss@example.com')).toMatch(/^postgres:\/\/jane:\[redacted: [^\]]+\]$/);
	});

	it('leaves what follows an unfinished private key', () => {
		const given = 'The file begins with `-----BEGIN PRIVATE KEY-----`. Then `jane@example.com` signs it.';
		expect(redact(given)).toBe(
			'The file begins with `[redacted: private key]`. Then `[redacted: e-mail]` signs it.'
		);
	});

	it('of a growing text is, at every cut, a beginning of the whole redacted', () => {
		fc.assert(
			fc.property(pieces, (pieces) => {
				const whole = redact(pieces.join(''));
				const redaction = new GrowingRedaction();
				let soFar = '';
				for (const piece of pieces) {
					soFar += piece;
					expect(whole.startsWith(redaction.read(soFar))).toBe(true);
				}
			}),
			{ numRuns: 3000 }
		);
	});

	it('holds back no more than the last words', () => {
		const redaction = new GrowingRedaction();
		expect(redaction.read('Create an endpoint with a decorator. The ')).toBe(
			'Create an endpoint with a decorator. The '
		);
		expect(redaction.read('Create an endpoint with a decorator. The ke')).toBe(
			'Create an endpoint with a decorator. The '
		);
		expect(new GrowingRedaction().read('用装饰器创建端点')).toBe('用装饰器创建端点');
	});

	it('moves the places of the pieces along', () => {
		fc.assert(
			fc.property(pieces, (pieces) => {
				const whole = pieces.join('');
				const { text, lengths } = redactPieces(
					whole,
					pieces.map((piece) => piece.length)
				);
				expect(text).toBe(redact(whole));
				expect(lengths).toHaveLength(pieces.length);
				expect(lengths.every((length) => length >= 0)).toBe(true);
				expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(text.length);
			}),
			{ numRuns: 1000 }
		);
		expect(redactPieces('My mail is jane@example.com.', [11, 4, 4, 8, 1])).toEqual({
			text: 'My mail is [redacted: e-mail].',
			lengths: [11, 18, 0, 0, 1]
		});
	});

	it('is linear: an adversarial text of 200 kB takes about as long for each of its kilobytes as one of 25 kB', () => {
		const seeds = [
			...[
				'a',
				'a.',
				'a@',
				'a@b.',
				'@',
				'sk-',
				'sk-a ',
				'eyJ',
				'-eyJ',
				'eyJa.',
				'ghp_',
				'1',
				'4111 ',
				'4111-1111-',
				'+1 '
			],
			...[
				'+1',
				'(555) ',
				'key=',
				'key = ',
				'token',
				'token: ',
				'bearer ',
				'Cookie: a=b; ',
				'cookie:',
				'cookie: a',
				'://'
			],
			...[
				'://a:',
				'-----BEGIN PRIVATE KEY-----',
				'-----BEGIN PRIVATE KEY-----`',
				'-----END ',
				'-----BEGIN ',
				'SG.',
				'AKIA',
				' ',
				'\n',
				'"'
			]
		];
		const timeOf = (seed: string, size: number) => {
			const given = seed.repeat(Math.ceil(size / seed.length));
			let best = Infinity;
			for (let run = 0; run < 5; run += 1) {
				const startedAt = performance.now();
				redact(given);
				new GrowingRedaction().read(given);
				best = Math.min(best, performance.now() - startedAt);
			}
			return best;
		};
		for (const seed of seeds) {
			const short = Math.max(1, timeOf(seed, 25_000));
			// Eight times the text; what is quadratic would take 64 times as long.
			expect(timeOf(seed, 200_000) / short, JSON.stringify(seed)).toBeLessThan(32);
		}
	});
});
