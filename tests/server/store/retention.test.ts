import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SqliteTraceStore } from '#lib/server/store/sqlite.ts';
import { tempFolder } from '../../fixtures/temp-folder.ts';
import { answered, pendingTrace } from '../../fixtures/traces.ts';

const canary = 'canary-of-the-oldest-traces';
const timestamp = (at: number) => new Date(Date.UTC(2026, 0, 1) + at * 1000).toISOString();

/** 400 traces of about 20 kB each, the older half with the canary. */
function fill(store: SqliteTraceStore): string[] {
	return Array.from({ length: 400 }, (_, at) => {
		const text = `${at < 200 ? canary : 'kept'} `.repeat(at < 200 ? 700 : 4000);
		const pending = pendingTrace({ timestamp: timestamp(at) });
		store.create(pending);
		store.finalise({ trace: answered(pending, { answer: text }), tokenLengths: [] });
		return pending.trace_id;
	});
}

const fileNames = (folder: string) => readdirSync(folder).map((name) => join(folder, name));
const size = (folder: string) => fileNames(folder).reduce((sum, file) => sum + statSync(file).size, 0);
const hasCanary = (folder: string) => fileNames(folder).some((file) => readFileSync(file).includes(canary));

it.each([
	['size', (store: SqliteTraceStore) => store.deleteBeyond(3_000_000), 3_200_000],
	['age', (store: SqliteTraceStore) => store.deleteBefore(new Date(timestamp(300))), 3_200_000]
])('retention by %s gives the space back and leaves nothing behind', async (_, sweep, most) => {
	await using folder = await tempFolder();
	const store = new SqliteTraceStore(folder.path);
	try {
		const ids = fill(store);
		const before = size(folder.path);
		expect(before).toBeGreaterThan(8_000_000);
		expect(hasCanary(folder.path)).toBe(true);
		const deleted = await sweep(store);
		expect(size(folder.path)).toBeLessThan(most);
		expect(hasCanary(folder.path)).toBe(false);
		expect(ids.map((id) => store.get(id) !== null)).toEqual(ids.map((_, at) => at >= deleted));
	} finally {
		store.close();
	}
});

it('keeps everything while there is room', async () => {
	await using folder = await tempFolder();
	const store = new SqliteTraceStore(folder.path);
	try {
		const ids = fill(store);
		expect(await store.deleteBeyond(100_000_000)).toBe(0);
		expect(store.get(ids[0]!)).not.toBeNull();
	} finally {
		store.close();
	}
});
