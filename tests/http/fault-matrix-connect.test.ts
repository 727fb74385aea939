import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'vitest';
import { startFaultBench } from './fault-matrix-setup.ts';

/** A port of this machine on which nobody listens. */
async function closedPort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
	const { port } = server.address() as AddressInfo;
	await new Promise<void>((closed) => server.close(() => closed()));
	return port;
}

describe('a model endpoint that cannot be reached', () => {
	it.each<[name: string, baseUrl: (url: string) => Promise<string>]>([
		['nobody listens', async () => `http://127.0.0.1:${await closedPort()}/v1`],
		['its name does not exist', async () => 'http://model.invalid/v1'],
		['it does not speak TLS', async (url) => url.replace('http:', 'https:')]
	])('%s', async (_name, baseUrl) => {
		const address = await baseUrl('http://127.0.0.1:1/v1');
		await using bench = await startFaultBench({
			baseUrl: ({ url }) => (address.startsWith('https:') ? url.replace('http:', 'https:') : address)
		});
		await bench.check({
			name: '',
			scripts: [[]],
			outcome: { code: 'upstream_connect', calls: 0, details: { attempts: 3 }, says: /cannot be reached/ }
		});
	});
});
