import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { publicAddressesOnly, type AddressGuard, type Resolver } from '#lib/server/ingest/address-guard.ts';
import { fetchPage, type FetchLimits } from '#lib/server/ingest/fetch-document.ts';

/** Stands for the web: where the test's own server listens. All other addresses are judged as they always are. */
const WEB = '127.0.0.1';
const guard: AddressGuard = {
	allows: (address) => address === WEB || publicAddressesOnly.allows(address)
};

/** A server on a free local port that notes what it is asked, and is gone after `await using`. */
async function serve(listener: RequestListener) {
	const asked: IncomingMessage[] = [];
	const server = createServer((request, response) => {
		asked.push(request);
		listener(request, response);
	});
	await new Promise<void>((resolve) => server.listen(0, WEB, resolve));
	const { port } = server.address() as AddressInfo;
	return {
		asked,
		port,
		url: `http://${WEB}:${port}`,
		async [Symbol.asyncDispose]() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		}
	};
}

/** Answers in the order of the script, then as in its last entry; counts how often it was asked for a name. */
function scripted(script: Record<string, string[][]>) {
	const asked: string[] = [];
	const resolve: Resolver = (hostname, _options, callback) => {
		asked.push(hostname);
		const answers = script[hostname] ?? [];
		const turn = asked.filter((name) => name === hostname).length - 1;
		const addresses = answers[Math.min(turn, answers.length - 1)] ?? [];
		const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
		callback(found.length > 0 ? null : Object.assign(new Error('not found'), { code: 'ENOTFOUND' }), found);
	};
	return { asked, resolve };
}

const fetchFrom = (url: string, limits: Partial<FetchLimits> = {}) =>
	fetchPage(url, { guard, timeoutMs: 10_000, maxBytes: 1000, ...limits }, new AbortController().signal);
const text: RequestListener = (_request, response) =>
	void response.writeHead(200, { 'content-type': 'text/plain' }).end('Words.');

describe('an address that is not public', () => {
	it.each([
		'http://127.0.0.1/',
		'http://127.1/',
		'http://127.0.1/',
		'http://127.0.0.1./',
		'http://2130706433/',
		'http://0x7f000001/',
		'http://0x7f.0.0.1/',
		'http://0177.0.0.1/',
		'http://017700000001/',
		'http://%31%32%37.0.0.1/',
		'http://１２７.0.0.1/',
		'http://127。0。0。1/',
		'http://0/',
		'http://0.0.0.0/',
		'http://10.0.0.1/',
		'http://172.31.255.255/',
		'http://192.168.0.1/',
		'http://100.64.0.1/',
		'http://169.254.169.254/latest/meta-data/',
		'http://2852039166/',
		'http://0xa9fea9fe/',
		'http://0251.0376.0251.0376/',
		'http://100.100.100.200/',
		'http://168.63.129.16/',
		'http://192.0.0.192/',
		'http://255.255.255.255/',
		'http://[::]/',
		'http://[::1]/',
		'http://[0:0:0:0:0:0:0:1]/',
		'http://[::127.0.0.1]/',
		'http://[::ffff:127.0.0.1]/',
		'http://[::ffff:7f00:1]/',
		'http://[::ffff:a9fe:a9fe]/',
		'http://[::ffff:0:127.0.0.1]/',
		'http://[64:ff9b::7f00:1]/',
		'http://[64:ff9b:1::a9fe:a9fe]/',
		'http://[2002:7f00:1::]/',
		'http://[2001:0:7f00:1::]/',
		'http://[fe80::1]/',
		'http://[fc00::1]/',
		'http://[fd00:ec2::254]/',
		'http://[ff02::1]/',
		'http://localhost/',
		'http://LOCALHOST/'
	])('is refused however it is written: %s', async (url) => {
		const page = fetchFrom(url, { guard: publicAddressesOnly });
		await expect(page).rejects.toMatchObject({
			code: 'ingest_failed',
			message: expect.stringMatching(/private network/)
		});
	});

	it.each([
		['loopback', '127.0.0.2'],
		['the metadata service', '169.254.169.254'],
		['the metadata service over IPv6', 'fd00:ec2::254'],
		['IPv4 within IPv6', '::ffff:10.0.0.1'],
		['a neighbour', '192.168.1.7']
	])('is refused behind a public name: %s', async (_what, address) => {
		const { resolve, asked } = scripted({ 'innocent.example': [[address]] });
		await expect(fetchFrom('http://innocent.example/', { resolve })).rejects.toMatchObject({
			message: expect.stringMatching(/private network/)
		});
		expect(asked).toEqual(['innocent.example']);
	});
});

describe('a name', () => {
	it('is connected to exactly where it was checked, though it changes its answer', async () => {
		await using server = await serve(text);
		const { resolve, asked } = scripted({ 'turning.example': [[WEB], ['127.0.0.2']] });
		const url = `http://turning.example:${server.port}/page`;
		const page = await fetchFrom(url, { resolve });
		expect([page.url, Buffer.from(page.body).toString()]).toEqual([url, 'Words.']);
		// One question for one connection: nothing is looked up between the check and the connection.
		expect(asked).toEqual(['turning.example']);
		expect(server.asked.map(({ headers }) => headers.host)).toEqual([`turning.example:${server.port}`]);
		// And no connection is left over that would spare the next check.
		await expect(fetchFrom(url, { resolve })).rejects.toMatchObject({
			message: expect.stringMatching(/private network/)
		});
		expect(server.asked).toHaveLength(1);
	});

	it('that leads to several addresses is tried at the allowed ones only', async () => {
		await using server = await serve(text);
		const { resolve } = scripted({ 'mixed.example': [['10.0.0.1', '::1', WEB]] });
		await fetchFrom(`http://mixed.example:${server.port}/`, { resolve });
		expect(server.asked).toHaveLength(1);
	});

	it('that does not exist is a failure like any other', async () => {
		const { resolve } = scripted({});
		await expect(fetchFrom('http://nowhere.example/', { resolve })).rejects.toMatchObject({
			code: 'ingest_failed'
		});
	});
});

describe('a redirect', () => {
	const to =
		(location: string): RequestListener =>
		(_request, response) =>
			void response.writeHead(302, { location, 'set-cookie': 'a=b; Path=/' }).end();

	it.each([
		'http://169.254.169.254/latest/meta-data/',
		'http://2852039166/',
		'http://0xa9.0xfe.0xa9.0xfe/',
		'http://[::1]/',
		'http://[::ffff:169.254.169.254]/',
		'//10.0.0.1/',
		'http://127.0.0.2/',
		'http://inside.example/'
	])('to %s is refused', async (location) => {
		await using server = await serve(to(location));
		const { resolve } = scripted({ 'inside.example': [['192.168.0.1']] });
		await expect(fetchFrom(server.url, { resolve })).rejects.toMatchObject({
			message: expect.stringMatching(/private network/)
		});
		expect(server.asked).toHaveLength(1);
	});

	it.each([
		['file:///etc/passwd', /Only http/],
		['gopher://127.0.0.1/', /Only http/],
		['data:text/plain,x', /Only http/],
		['http://[', /not an address/],
		[`http://user:password@${WEB}/`, /password is not read/]
	])('to %s is refused', async (location, reason) => {
		await using server = await serve(to(location));
		await expect(fetchFrom(server.url)).rejects.toMatchObject({
			code: 'ingest_failed',
			message: expect.stringMatching(reason)
		});
	});

	it('is checked at each of three hops, and the fourth is one too many', async () => {
		await using server = await serve((request, response) => {
			const hop = Number(request.url?.slice(1));
			if (hop === 3) text(request, response);
			else to(`/${hop + 1}`)(request, response);
		});
		expect((await fetchFrom(`${server.url}/0`)).url).toBe(`${server.url}/3`);
		await using endless = await serve(to('/again'));
		await expect(fetchFrom(endless.url)).rejects.toMatchObject({
			message: expect.stringMatching(/more than 3/)
		});
		expect(endless.asked).toHaveLength(4);
	});

	it('takes no cookie or credentials along', async () => {
		await using server = await serve((request, response) => {
			if (request.url === '/end') text(request, response);
			else to('/end')(request, response);
		});
		await fetchFrom(server.url);
		for (const { headers } of server.asked) {
			expect(headers).not.toHaveProperty('cookie');
			expect(headers).not.toHaveProperty('authorization');
			expect(headers).not.toHaveProperty('referer');
		}
		expect(server.asked).toHaveLength(2);
	});
});

describe('what is loaded', () => {
	it('is refused by its headers, before its body has come', async () => {
		const endless =
			(headers: Record<string, string>): RequestListener =>
			(_request, response) =>
				void response.writeHead(200, headers).write('x');
		const accepts = (type: string) => type.startsWith('text/');
		for (const [headers, reason] of [
			[{ 'content-type': 'image/png' }, /type image\/png/],
			[{ 'content-type': 'text/plain', 'content-length': '1000000000' }, /larger than 1000 bytes/],
			[{ 'content-type': 'text/plain', 'content-encoding': 'gzip' }, /packed \(gzip\)/]
		] as const) {
			await using server = await serve(endless({ ...headers }));
			await expect(fetchFrom(server.url, { accepts })).rejects.toMatchObject({
				message: expect.stringMatching(reason)
			});
		}
	});

	it('is cut off when it is too long, whatever its headers say', async () => {
		await using server = await serve((_request, response) => {
			response.writeHead(200, { 'content-type': 'text/plain' });
			response.write('x'.repeat(1001));
		});
		await expect(fetchFrom(server.url)).rejects.toMatchObject({
			message: expect.stringMatching(/larger than 1000 bytes/)
		});
	});

	it('has a limit for the whole of it, not only for its beginning', async () => {
		await using server = await serve((_request, response) => {
			response.writeHead(200, { 'content-type': 'text/plain' });
			response.write('x');
		});
		await expect(fetchFrom(server.url, { timeoutMs: 200 })).rejects.toMatchObject({
			message: expect.stringMatching(/longer than 200 ms/)
		});
	});

	it('may not need a password', async () => {
		await using server = await serve(text);
		await expect(fetchFrom(`http://user:password@${WEB}:${server.port}/`)).rejects.toMatchObject({
			message: expect.stringMatching(/password is not read/)
		});
		expect(server.asked).toHaveLength(0);
	});
});
