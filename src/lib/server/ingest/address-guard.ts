import { lookup as systemLookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { AppError } from '#lib/server/error.ts';

/** Decides which addresses a URL given to ingest may lead to. */
export interface AddressGuard {
	/** Whether this IP address may be connected to. */
	allows(address: string): boolean;
}

/** Special-purpose addresses: https://www.iana.org/assignments/iana-ipv4-special-registry and -ipv6-special-registry */
const internal = new BlockList();
for (const [network, prefix] of [
	['0.0.0.0', 8],
	['10.0.0.0', 8],
	['100.64.0.0', 10],
	['127.0.0.0', 8],
	// The metadata service of Azure, a public address that leads to the machine's own host.
	['168.63.129.16', 32],
	['169.254.0.0', 16],
	['172.16.0.0', 12],
	['192.0.0.0', 24],
	['192.0.2.0', 24],
	['192.88.99.0', 24],
	['192.168.0.0', 16],
	['198.18.0.0', 15],
	['198.51.100.0', 24],
	['203.0.113.0', 24],
	['224.0.0.0', 4],
	['240.0.0.0', 4]
] as const) {
	internal.addSubnet(network, prefix, 'ipv4');
}
/** Global unicast is what may be reached; of it, these lead elsewhere (documentation, Teredo, 6to4). */
const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');
const specialUnicast = new BlockList();
for (const [network, prefix] of [
	['2001::', 23],
	['2001:db8::', 32],
	['2002::', 16],
	['3fff::', 20]
] as const) {
	specialUnicast.addSubnet(network, prefix, 'ipv6');
}

/** Refuses loopback, private, link-local and other special-purpose addresses; IPv4 inside IPv6 is unwrapped first. */
export const publicAddressesOnly: AddressGuard = {
	allows(address) {
		const bare = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
		const version = isIP(bare);
		if (version === 4) return !internal.check(bare, 'ipv4');
		if (version !== 6) return false;
		return globalUnicast.check(bare, 'ipv6') && !specialUnicast.check(bare, 'ipv6');
	}
};

/** Allows everything: for tests, and for owners who say that they want to read from their own network. */
export const anyAddress: AddressGuard = { allows: () => true };

/** Finds the addresses of a name, as `dns.lookup` does with `all`. */
export type Resolver = (
	hostname: string,
	options: LookupAllOptions,
	callback: (failure: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void
) => void;

/**
 * A resolver for `http.request` that hands out only addresses the guard allows. The socket connects to exactly the address
 * that was checked, so a name that changes its answer between check and connection gains nothing.
 */
export function guardedLookup(guard: AddressGuard, resolve: Resolver = systemLookup): LookupFunction {
	return (hostname, options, callback) => {
		resolve(hostname, { ...options, all: true }, (failure, addresses) => {
			if (failure) return callback(failure, []);
			const allowed = addresses.filter(({ address }) => guard.allows(address));
			const first = allowed[0];
			if (!first) return callback(refusedAddress(hostname), []);
			if (options.all) callback(null, allowed);
			else callback(null, first.address, first.family);
		});
	};
}

/** A host that is written as an address never reaches the resolver, so it is checked here. */
export function checkHost(hostname: string, guard: AddressGuard): void {
	const bare = hostname.replace(/^\[|\]$/g, '');
	if (isIP(bare) && !guard.allows(bare)) throw refusedAddress(hostname);
}

function refusedAddress(hostname: string): AppError {
	return new AppError('ingest_failed', `${hostname} is an address of a private network; that is not read.`);
}
