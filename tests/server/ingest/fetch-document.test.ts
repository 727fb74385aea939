import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { anyAddress, publicAddressesOnly } from '#lib/server/ingest/address-guard.ts';
import { ingest, type IngestOptions } from '#lib/server/ingest/ingest.ts';
import { CorpusFolder } from './corpus-folder.ts';

/** A server on a free local port that is gone after `await using`. */
async function serve(listener: RequestListener) {
	const server = createServer(listener);
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	return {
		port,
		url: `http://127.0.0.1:${port}`,
		async [Symbol.asyncDispose]() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		}
	};
}

const send =
	(contentType: string, body: string | Uint8Array): RequestListener =>
	(_request, response) =>
		void response.writeHead(200, { 'content-type': contentType }).end(body);

async function read(folder: CorpusFolder, url: string, options: Partial<IngestOptions> = {}) {
	return ingest({
		sources: [url],
		library: 'web',
		corpus: folder.corpus,
		addressGuard: anyAddress,
		...options
	});
}

describe('ingest of a URL', () => {
	it('reads HTML under its address', async () => {
		await using server = await serve(
			send('text/html; charset=utf-8', '<main><h1 id="top">Page</h1><p>Words.</p></main>')
		);
		using folder = new CorpusFolder();
		const report = await read(folder, `${server.url}/docs#part`);
		expect(report).toMatchObject({ documents: { added: 1 }, failures: [] });
		expect([...folder.corpus.passages()].map(({ chunk }) => chunk)).toMatchObject([
			{
				document: `${server.url}/docs`,
				url: `${server.url}/docs`,
				title: 'Page',
				anchor: 'top',
				text: 'Words.'
			}
		]);
		expect((await read(folder, `${server.url}/docs`)).documents).toMatchObject({ unchanged: 1 });
	});

	it.each([
		['text/markdown', '/x', '# A\n\n`b`', '`b`'],
		['text/plain; charset=utf-8', '/x.md', '# A\n\n`b`', '`b`'],
		['text/plain', '/x', '# A\n\nb', '# A\n\nb'],
		['text/x-rst', '/x', 'A\n=\n\n``b``', '`b`'],
		['text/html; charset=iso-8859-1', '/x', Uint8Array.of(0x3c, 0x70, 0x3e, 0x63, 0x61, 0x66, 0xe9), 'café']
	])('reads %s at %s', async (contentType, path, body, text) => {
		await using server = await serve(send(contentType, body));
		using folder = new CorpusFolder();
		await read(folder, server.url + path);
		expect(Object.values(folder.texts())).toEqual([[text]]);
	});

	it('follows redirects and gives passages the final address', async () => {
		await using server = await serve((request, response) => {
			if (request.url === '/end.md') send('text/markdown', 'Arrived.')(request, response);
			else response.writeHead(302, { location: '/end.md' }).end();
		});
		using folder = new CorpusFolder();
		await read(folder, `${server.url}/start`);
		const [passage] = folder.corpus.passages();
		expect(passage?.chunk).toMatchObject({ document: `${server.url}/start`, url: `${server.url}/end.md` });
	});

	it.each<[string, RequestListener, RegExp]>([
		['a status other than 200', (_request, response) => void response.writeHead(404).end(), /status 404/],
		['a type that is not text', send('image/png', 'x'), /type image\/png/],
		['a body that is too large', send('text/plain', 'x'.repeat(2000)), /larger than 1000 bytes/],
		[
			'redirects without end',
			(_request, response) => void response.writeHead(301, { location: '/' }).end(),
			/redirects more than 3/
		],
		[
			'a redirect to another scheme',
			(_request, response) => void response.writeHead(301, { location: 'file:///etc/hosts' }).end(),
			/Only http/
		],
		['a server that never answers', () => undefined, /longer than 200 ms/]
	])('reports %s', async (_name, listener, reason) => {
		await using server = await serve(listener);
		using folder = new CorpusFolder();
		const { failures } = await read(folder, server.url, { fetchMaxBytes: 1000, fetchTimeoutMs: 200 });
		const address = `${server.url}/`;
		expect(failures).toEqual([{ document: address, reason: expect.stringMatching(reason), source: address }]);
	});

	it.each(['ftp://example.com/x', 'file:///etc/hosts', 'http://'])('refuses %s', async (url) => {
		using folder = new CorpusFolder();
		expect((await read(folder, url)).failures).toHaveLength(1);
	});

	it('is stopped by the signal while it waits', async () => {
		const controller = new AbortController();
		await using server = await serve(() => controller.abort());
		using folder = new CorpusFolder();
		await expect(read(folder, server.url, { signal: controller.signal })).rejects.toMatchObject({
			code: 'cancelled'
		});
	});
});

describe('the address guard', () => {
	it.each(['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1'])(
		'never connects to %s',
		async (host) => {
			let asked = 0;
			await using server = await serve((_request, response) => void response.end(String(asked++)));
			using folder = new CorpusFolder();
			const report = await read(folder, `http://${host}:${server.port}/`, {
				addressGuard: publicAddressesOnly
			});
			expect(report.failures[0]?.reason).toMatch(/private network/);
			expect(asked).toBe(0);
		}
	);

	it('reads only from the hosts that are listed, after redirects too', async () => {
		let asked = 0;
		await using inner = await serve((request, response) => {
			asked++;
			send('text/plain', 'Words.')(request, response);
		});
		await using outer = await serve(
			(_request, response) =>
				void response.writeHead(302, { location: `http://localhost:${inner.port}/` }).end()
		);
		using folder = new CorpusFolder();
		const refused = await read(folder, outer.url, { hosts: ['127.0.0.1'] });
		expect(refused.failures[0]?.reason).toBe('localhost is not among the hosts that may be read.');
		expect((await read(folder, outer.url, { hosts: ['localhost'] })).failures).toHaveLength(1);
		expect(asked).toBe(0);
		const allowed = await read(folder, outer.url, { hosts: ['localhost', '127.0.0.1'] });
		expect(allowed.failures).toEqual([]);
		expect(asked).toBe(1);
	});

	it('checks every redirect', async () => {
		let asked = 0;
		await using inner = await serve((_request, response) => void response.end(String(asked++)));
		await using outer = await serve(
			(_request, response) =>
				void response.writeHead(302, { location: `http://localhost:${inner.port}/` }).end()
		);
		using folder = new CorpusFolder();
		let checks = 0;
		const firstOnly = { allows: () => ++checks === 1 };
		const report = await read(folder, outer.url, { addressGuard: firstOnly });
		expect(report.failures[0]?.reason).toMatch(/private network/);
		expect(asked).toBe(0);
	});

	it.each([
		'10.1.2.3',
		'172.16.0.1',
		'192.168.1.1',
		'169.254.169.254',
		'100.64.0.1',
		'0.0.0.0',
		'224.0.0.1',
		'::',
		'::1',
		'fe80::1',
		'fc00::1',
		'::ffff:10.0.0.1',
		'64:ff9b::a00:1',
		'2002:7f00:1::',
		'nonsense'
	])('refuses %s', (address) => expect(publicAddressesOnly.allows(address)).toBe(false));

	it.each(['1.1.1.1', '140.82.121.4', '2606:4700:4700::1111'])('allows %s', (address) =>
		expect(publicAddressesOnly.allows(address)).toBe(true)
	);
});
