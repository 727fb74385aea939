import { readdirSync, readFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { extname, join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHttpTest, type HttpTest } from './setup.ts';

const folder = join(import.meta.dirname, '../../build/client');
/** Files by the paths at which browsers ask for them. */
const files = readdirSync(folder, { recursive: true, withFileTypes: true })
	.filter((entry) => entry.isFile() && !/\.(br|gz)$/.test(entry.name))
	.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length));
const script = files.find((name) => name.startsWith('/_app/immutable/') && name.endsWith('.js'))!;

/** By the names of files: what the build makes, and what browsers insist on. */
const TYPES: Record<string, string> = {
	'.css': 'text/css',
	'.js': 'text/javascript',
	'.json': 'application/json',
	'.svg': 'image/svg+xml',
	'.woff2': 'font/woff2'
};

let test: HttpTest;
beforeAll(async () => {
	test = await startHttpTest({ docs: false });
});
afterAll(() => test?.[Symbol.asyncDispose]());

interface Answer {
	status: number;
	headers: IncomingHttpHeaders;
	bytes: Buffer;
}

/** Sends a path and headers as they are, and decodes nothing, as `fetch` would. */
function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
	const { hostname, port } = new URL(test.app.url);
	const { promise, resolve, reject } = Promise.withResolvers<Answer>();
	const sent = request({ hostname, port, path, method, headers, agent: false }, (response) => {
		const parts: Buffer[] = [];
		response.on('data', (part: Buffer) => parts.push(part));
		response.on('error', reject);
		response.on('end', () =>
			resolve({ status: response.statusCode!, headers: response.headers, bytes: Buffer.concat(parts) })
		);
	});
	sent.on('error', reject);
	sent.end();
	return promise;
}
const bytesOf = (path: string) => readFileSync(join(folder, path));

describe('every file of the build', () => {
	it('is sent whole, with its type, in each encoding that a client takes', async () => {
		expect(files.length).toBeGreaterThan(30);
		for (const path of files) {
			const [plain, gzip, brotli] = await Promise.all([
				get(path),
				get(path, { 'accept-encoding': 'gzip, deflate' }),
				get(path, { 'accept-encoding': 'gzip, deflate, br, zstd' })
			]);
			for (const { status, headers, bytes } of [plain, gzip, brotli]) {
				expect([path, status]).toEqual([path, 200]);
				expect([path, headers['content-type']]).toEqual([path, TYPES[extname(path)]]);
				expect(headers['content-length']).toBe(String(bytes.length));
				expect(headers.vary).toBe('Accept-Encoding');
				expect(headers['x-content-type-options']).toBe('nosniff');
				expect(headers['cache-control']).toBe(
					path.startsWith('/_app/immutable/') ? 'public,max-age=31536000,immutable' : undefined
				);
			}
			const original = bytesOf(path);
			expect(plain.headers['content-encoding']).toBeUndefined();
			expect(plain.bytes.equals(original)).toBe(true);
			// Fonts are compressed already.
			if (path.endsWith('.woff2')) {
				expect(brotli.headers['content-encoding']).toBeUndefined();
				continue;
			}
			expect([gzip, brotli].map(({ headers }) => headers['content-encoding'])).toEqual(['gzip', 'br']);
			expect(gunzipSync(gzip.bytes).equals(original)).toBe(true);
			expect(brotliDecompressSync(brotli.bytes).equals(original)).toBe(true);
		}
	});
});

it.each([
	['br', 'br'],
	['GZIP;q=0.5', 'gzip'],
	['br;q=0, gzip', 'gzip'],
	['br; q=0.000, gzip;q=0', undefined],
	['identity', undefined],
	['brotli, x-gzip', undefined],
	['', undefined]
])('with "accept-encoding: %s" the content encoding is %s', async (accepted, encoding) => {
	const { headers } = await get(script, { 'accept-encoding': accepted });
	expect(headers['content-encoding']).toBe(encoding);
});

it('a client that has a file as it is gets 304, in the encoding that it has', async () => {
	for (const accepted of ['identity', 'gzip', 'br']) {
		const encoded = { 'accept-encoding': accepted };
		const { headers } = await get(script, encoded);
		const known: Record<string, string>[] = [
			{ 'if-none-match': headers.etag! },
			{ 'if-none-match': `"other", ${headers.etag!}` },
			{ 'if-none-match': '*' },
			{ 'if-modified-since': headers['last-modified']! }
		];
		for (const condition of known) {
			const { status, headers: again, bytes } = await get(script, { ...encoded, ...condition });
			expect([status, bytes.length]).toEqual([304, 0]);
			expect(again).toMatchObject({ etag: headers.etag, vary: 'Accept-Encoding' });
			expect(again['cache-control']).toBe(headers['cache-control']);
		}
		const other: Record<string, string>[] = [
			{ 'if-none-match': '"other"' },
			// The tag counts, the date does not.
			{ 'if-none-match': '"other"', 'if-modified-since': headers['last-modified']! },
			{ 'if-modified-since': new Date(0).toUTCString() },
			{ 'if-modified-since': 'some day' }
		];
		for (const condition of other) {
			expect((await get(script, { ...encoded, ...condition })).status).toBe(200);
		}
	}
	const tags = ['identity', 'gzip', 'br'].map(
		async (accepted) => (await get(script, { 'accept-encoding': accepted })).headers.etag
	);
	expect(new Set(await Promise.all(tags)).size).toBe(3);
});

it('HEAD has the headers of GET and no body', async () => {
	for (const accepted of ['identity', 'br']) {
		const encoded = { 'accept-encoding': accepted };
		const [whole, head] = await Promise.all([get(script, encoded), get(script, encoded, 'HEAD')]);
		expect([head.status, head.bytes.length]).toEqual([200, 0]);
		const dated = { ...whole.headers, date: head.headers.date };
		expect(head.headers).toEqual(dated);
	}
});

it('a range is answered with the whole file', async () => {
	for (const range of ['bytes=0-9', 'bytes=9-1', 'bytes=-5', 'bytes=99999999-', 'lines=1-2']) {
		const { status, bytes } = await get(script, { range });
		expect([range, status, bytes.length]).toEqual([range, 200, bytesOf(script).length]);
	}
});

it('nothing outside the folder is sent, however it is asked for', async () => {
	const paths = [
		'/../handler.js',
		'/_app/../../handler.js',
		'/%2e%2e/handler.js',
		'/..%2fhandler.js',
		'/_app/%2e%2e/%2e%2e/handler.js',
		'/..\\handler.js',
		'/..%5chandler.js',
		'/./theme.js',
		'//theme.js',
		'/.env',
		'/%00.js',
		'/theme.js%00.svg',
		'/%.js',
		`/${'x'.repeat(300)}.js`,
		'/theme.js/more.js',
		'/_app/immutable/none.js'
	];
	for (const path of paths) {
		const { status, bytes } = await get(path);
		expect([path, status]).toEqual([path, expect.toBeOneOf([400, 404])]);
		expect(bytes.toString()).not.toContain('export');
	}
});

it('only GET and HEAD get files', async () => {
	for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
		const { status, headers } = await get('/theme.js', {}, method);
		expect([method, status, headers.allow]).toEqual([method, 405, 'GET, HEAD']);
	}
});
