import { describe, expect, it } from 'vitest';
import { corsHeaders, preflightResponse, requireOwnOrigin } from '#lib/server/transport/origin.ts';

const allowed = ['https://docs.example.com'];

describe('the origin of a request', () => {
	it.each([
		['a program', {}],
		['our own page', { origin: 'http://127.0.0.1:3000', 'sec-fetch-site': 'same-origin' }],
		['our own page behind a proxy that ends TLS', { origin: 'https://127.0.0.1:3000' }],
		['our own page, which sends no origin with a GET', { 'sec-fetch-site': 'same-origin' }],
		['an address that was typed in', { 'sec-fetch-site': 'none' }],
		['an allowed origin', { origin: 'https://docs.example.com', 'sec-fetch-site': 'cross-site' }]
	])('lets %s pass', (_who, headers) => {
		const sent = new Headers({ host: '127.0.0.1:3000', ...(headers as Record<string, string>) });
		expect(() => requireOwnOrigin(sent, allowed)).not.toThrow();
	});

	it.each([
		['a foreign page', { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' }],
		['a foreign page without Sec-Fetch-Site', { origin: 'http://evil.example' }],
		['a foreign page without Origin', { 'sec-fetch-site': 'cross-site' }],
		['a page of a neighbour', { 'sec-fetch-site': 'same-site' }],
		['another port', { origin: 'http://127.0.0.1:4000' }],
		['a sandboxed page', { origin: 'null' }],
		['an origin that only begins like an allowed one', { origin: 'https://docs.example.com.evil.example' }],
		['the allowed host over http', { origin: 'http://docs.example.com' }]
	])('stops %s', (_who, headers) => {
		const sent = new Headers({ host: '127.0.0.1:3000', ...(headers as Record<string, string>) });
		expect(() => requireOwnOrigin(sent, allowed)).toThrow(
			expect.objectContaining({ code: 'forbidden_origin', status: 403 })
		);
	});
});

describe('CORS', () => {
	const from = (origin: string) => new Headers({ origin });

	it('lets exactly the allowed origins read, and tells caches', () => {
		expect(corsHeaders(from('https://docs.example.com'), allowed)).toMatchObject({
			vary: 'Origin',
			'access-control-allow-origin': 'https://docs.example.com'
		});
		expect(corsHeaders(from('https://evil.example'), allowed)).toEqual({ vary: 'Origin' });
		expect(corsHeaders(from('https://evil.example'), [])).toEqual({});
	});

	it('answers the preflight of others with nothing granted', () => {
		const granted = preflightResponse(from('https://docs.example.com'), allowed);
		expect(granted.status).toBe(204);
		expect(granted.headers.get('access-control-allow-methods')).toContain('POST');
		const refused = preflightResponse(from('https://evil.example'), allowed);
		expect([...refused.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
	});
});
