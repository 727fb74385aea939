import { describe, expect, it } from 'vitest';
import { clientName } from '#lib/server/transport/client-name.ts';

const forwarded = (value: string) => new Headers({ 'x-forwarded-for': value });

describe('the name of a client', () => {
	it('is its key, wherever it comes from', () => {
		const caller = { scope: 'ask' as const, keyId: 'k1', by: 'header' as const };
		expect(clientName(caller, forwarded('1.1.1.1'), '2.2.2.2', 1)).toBe('key k1');
	});

	it('is the address of the connection, and a forwarded one only behind so many trusted proxies', () => {
		const headers = forwarded('6.6.6.6, 7.7.7.7, 8.8.8.8');
		expect(clientName(null, headers, '9.9.9.9', 0)).toBe('address 9.9.9.9');
		expect(clientName(null, headers, '9.9.9.9', 1)).toBe('address 8.8.8.8');
		expect(clientName(null, headers, '9.9.9.9', 2)).toBe('address 7.7.7.7');
		expect(clientName(null, headers, '9.9.9.9', 4)).toBe('address 9.9.9.9');
		expect(clientName(null, new Headers(), '9.9.9.9', 1)).toBe('address 9.9.9.9');
	});

	it.each([
		['::ffff:10.0.0.1', '10.0.0.1'],
		['2001:db8:0:1:aaaa:bbbb:cccc:dddd', '2001:db8:0:1'],
		['2001:0DB8::1:2', '2001:db8:0:0'],
		['fe80::1%eth0', 'fe80:0:0:0'],
		['::1', '0:0:0:0'],
		['2001:db8:1:2::', '2001:db8:1:2']
	])('of %s is %s', (address, name) => {
		expect(clientName(null, new Headers(), address, 0)).toBe(`address ${name}`);
	});
});
