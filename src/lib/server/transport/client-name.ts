import { isIPv6 } from 'node:net';
import type { Caller } from './access.ts';

/**
 * Tells clients apart, for limits: by their key, or by the address they come from.
 * @param remoteAddress of the connection; undefined where the platform does not tell it.
 * @param trustedProxies how many proxies in front are to be believed; each has appended the address that it saw to
 * `X-Forwarded-For`, so that the client's own claims stand left of those.
 */
export function clientName(
	caller: Caller | null,
	headers: Headers,
	remoteAddress: string | undefined,
	trustedProxies: number
): string {
	if (caller?.keyId) return `key ${caller.keyId}`;
	const forwarded = headers.get('x-forwarded-for')?.split(',') ?? [];
	const claimed = trustedProxies > 0 ? forwarded.at(-trustedProxies)?.trim() : undefined;
	return `address ${network(claimed || remoteAddress || 'unknown')}`;
}

/** An IPv6 client has a whole network of 64 bits to itself (RFC 6177); an IPv4 address may be written as IPv6. */
function network(address: string): string {
	const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
	if (mapped) return mapped;
	const plain = address.split('%', 1)[0]!;
	if (!isIPv6(plain)) return address.slice(0, 100);
	const [head = '', tail] = plain.toLowerCase().split('::', 2);
	const before = head === '' ? [] : head.split(':');
	const after = tail ? tail.split(':') : [];
	const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
	const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
	return groups
		.slice(0, 4)
		.map((group) => group.replace(/^0+(?=.)/, ''))
		.join(':');
}
