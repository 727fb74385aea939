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
	it.each<[name: string, baseUrl: (url: string, closedPort: number) => string]>([
		['nobody listens', (_url, port) => `http://127.0.0.1:${port}/v1`],
		['its name does not exist', () => 'http://model.invalid/v1'],
		['it does not speak TLS', (url) => url.replace('http:', 'https:')]
	])('%s', async (_name, baseUrl) => {
		const port = await closedPort();
		await using bench = await startFaultBench({
			env: ({ url }) => ({ OPENAI_BASE_URL: baseUrl(url, port) })
		});
		await bench.check({
			name: '',
			scripts: [[]],
			outcome: { code: 'upstream_connect', calls: 0, details: { attempts: 3 }, says: /cannot be reached/ }
		});
	});
});
