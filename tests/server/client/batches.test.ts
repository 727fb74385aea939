import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCitelightClient, type CitelightClient } from '#lib/client/index.ts';
import { startApp, type App } from '../../fixtures/app-server.ts';
import { tempFolder } from '../../fixtures/temp-folder.ts';

let app: App;
let client: CitelightClient;
/** Addresses of the requests so far. */
const addresses: URL[] = [];

beforeAll(async () => {
	await using docs = await tempFolder({ 'door.md': '# Doors\n\nTurn the brass key twice.\n' });
	app = await startApp({ docs: { house: docs.path } });
	client = createCitelightClient({
		url: app.url,
		fetch: (input, init) => {
			addresses.push(new URL(input instanceof Request ? input.url : input));
			return fetch(input, init);
		}
	});
});
afterAll(() => app?.[Symbol.asyncDispose]());

test('queries that are made together share requests, however many they are', async () => {
	const { trace_id } = await client.askOnce({ question: 'How often do I turn the brass key?' });
	addresses.length = 0;
	const [libraries, ...traces] = await Promise.all([
		client.libraries(),
		...Array.from({ length: 35 }, () => client.traces.get(trace_id))
	]);
	expect(libraries).toMatchObject([{ name: 'house' }]);
	expect(traces).toHaveLength(35);
	for (const trace of traces) expect(trace.trace_id).toBe(trace_id);
	expect(addresses.length).toBeLessThan(36);
});

test('no request has an address that something in between may cut', async () => {
	addresses.length = 0;
	const word = '树'.repeat(60);
	const lists = await Promise.all(
		Array.from({ length: 8 }, (_, at) => client.traces.list({ q: `${at}${word}` }))
	);
	expect(lists).toEqual(Array.from({ length: 8 }, () => []));
	for (const { href } of addresses) expect(href.length).toBeLessThanOrEqual(2083);
	expect(addresses.length).toBeGreaterThan(1);
});

test('the longest words that can be searched for fit into an address', async () => {
	expect(await client.traces.list({ q: '树'.repeat(200) })).toEqual([]);
});
