import { describe, expect, it } from 'vitest';
import { requireKnownHost } from '#lib/server/transport/host.ts';

const rules = { HOST: 'Docs.internal', ALLOWED_ORIGINS: ['https://docs.example.com:8443'] };
const of = (host: string) => new Headers({ host });

describe('the name that a request is for', () => {
	it.each([
		'127.0.0.1:3000',
		'192.168.1.20',
		'[::1]:3000',
		'localhost',
		'LOCALHOST:3000',
		'localhost.:3000',
		'app.localhost:3000',
		'docs.internal:3000',
		'docs.example.com',
		'docs.example.com:443',
		'docs.example.com.'
	])('may be %s', (host) => expect(() => requireKnownHost(of(host), rules)).not.toThrow());

	it.each([
		'evil.example',
		'evil.example:3000',
		'localhost.evil.example',
		'127.0.0.1.evil.example',
		'docs.example.com.evil.example',
		'evildocs.example.com',
		'evil.example/@localhost',
		'localhost@evil.example',
		'evil.example#localhost',
		'evil.example\\localhost',
		'localhost:x',
		'%zz',
		'.'
	])('may not be %s', (host) =>
		expect(() => requireKnownHost(of(host), rules)).toThrow(
			expect.objectContaining({ code: 'unknown_host', status: 421 })
		)
	);

	it('may not be missing', () => {
		expect(() => requireKnownHost(new Headers(), rules)).toThrow(/Host/);
	});
});
