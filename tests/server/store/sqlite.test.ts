import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { traceSchema, type Trace } from '#lib/contract/trace.ts';
import { MemoryTraceStore } from '#lib/server/store/memory.ts';
import { SqliteTraceStore } from '#lib/server/store/sqlite.ts';
import { StoreConnection } from '#lib/server/store/store-connection.ts';
import { INTERRUPTED_ERROR } from '#lib/server/store/trace-store.ts';
import { WITHOUT_EVIDENCE } from '../../fixtures/older-schema.ts';
import { startStoreProcess, type StoreProcess } from '../../fixtures/store-process.ts';
import { answered, demoSource, listRequest, pendingTrace, step } from '../../fixtures/traces.ts';

let folder: string;
const stores: SqliteTraceStore[] = [];
const processes: StoreProcess[] = [];

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'citelight-traces-'));
});
afterEach(async () => {
	await Promise.all(processes.splice(0).map((each) => each.kill()));
	for (const store of stores.splice(0)) store.close();
	rmSync(folder, { recursive: true, force: true });
});

function open(): SqliteTraceStore {
	const store = new SqliteTraceStore(folder);
	stores.push(store);
	return store;
}

async function startProcess(runtime?: 'node' | 'deno'): Promise<StoreProcess> {
	const started = await startStoreProcess(folder, runtime);
	processes.push(started);
	return started;
}

/** Looks into the file itself. */
function query(sql: string): unknown[] {
	const database = new DatabaseSync(join(folder, 'traces.sqlite'), { timeout: 5_000 });
	try {
		return database
			.prepare(sql)
			.all()
			.map((row) => Object.values(row)[0]);
	} finally {
		database.close();
	}
}

const ownerFiles = () => readdirSync(folder).filter((file) => file.includes('-owner-'));
const storageFailed = expect.objectContaining({ name: 'AppError', code: 'storage_failed' });

describe('the trace database', () => {
	it('makes its folder, and keeps everything from one opening to the next', () => {
		folder = join(folder, 'data', 'deeper');
		const first = open();
		const pending = pendingTrace();
		first.create(pending);
		const ended = answered(pending);
		first.finalise({ trace: ended, tokenLengths: [4, 11] });
		first.saveFeedback({ trace_id: ended.trace_id, rating: 'up' });
		first.close();
		const run = open().getRun(ended.trace_id);
		expect(run).toEqual({
			trace: { ...ended, feedback: { rating: 'up', comment: null } },
			tokenLengths: [4, 11]
		});
	});

	it('reads sources that were stored when each was one passage without a list of ids', async () => {
		const store = open();
		const [ended, running] = [answered(pendingTrace()), pendingTrace()];
		store.create(ended);
		store.finalise({ trace: ended, tokenLengths: [] });
		store.create(running);
		store.saveSources(running.trace_id, [demoSource]);
		const stored = "UPDATE trace_contents SET sources = json_remove(sources, '$[0].chunk_ids')";
		expect(query(`${stored} RETURNING sources`)).toHaveLength(2);
		expect(query('SELECT sources FROM trace_contents').join()).not.toContain('chunk_ids');
		const [source] = store.get(ended.trace_id)!.sources;
		expect(source).toEqual({ ...demoSource, chunk_ids: [demoSource.chunk_id] });
		for (const summary of await store.list(listRequest())) expect(summary.sources).toEqual([source]);
		expect(traceSchema.parse(store.getRun(running.trace_id)!.trace).sources).toEqual([source]);
	});

	it('takes rewriting out of the retrieval of follow-ups that were stored when it was a part', async () => {
		const store = open();
		const steps = [
			step('query_rewriting', 0, 30.001),
			step('retrieval_bm25', 31, 10),
			step('fusion_rrf', 41, 2)
		];
		const since = { evidence: null, support: [] };
		const followUp = { ...answered(pendingTrace()), ...since, steps };
		const refused = {
			...answered(pendingTrace()),
			...since,
			steps: steps.slice(1),
			status: 'refused' as const,
			refused_by: 'gate' as const
		};
		for (const trace of [followUp, refused]) {
			store.create(trace);
			store.finalise({ trace, tokenLengths: [] });
		}
		const figures = await store.stats({ window: 'all' });
		expect(figures).toMatchObject({ avg_rewriting_ms: 30.001, avg_retrieval_ms: 12 });
		store.close();
		query('UPDATE traces SET retrieval_ms = retrieval_ms + rewriting_ms WHERE rewriting_ms IS NOT NULL');
		for (const sql of WITHOUT_EVIDENCE) query(sql);
		query('ALTER TABLE traces DROP COLUMN rewriting_ms');
		query('PRAGMA user_version = 6');
		const { series: _series, ...migrated } = await open().stats({ window: 'all' });
		expect(figures).toMatchObject(migrated);
	});

	it('leaves one file behind when it is closed', () => {
		const store = open();
		store.create(pendingTrace());
		store.close();
		expect(readdirSync(folder)).toEqual(['traces.sqlite']);
	});

	it('writes ahead, and can give space back', () => {
		open();
		expect(query('PRAGMA journal_mode')).toEqual(['wal']);
		expect(query('PRAGMA auto_vacuum')).toEqual([2]);
	});

	it('leaves no text of a deleted trace in its files', () => {
		const canary = 'canary-6f1f0b';
		const store = open();
		const trace = pendingTrace({ question: `Where is ${canary}?` });
		store.create(trace);
		store.finalise({ trace: answered(trace, { answer: `${canary} `.repeat(2000) }), tokenLengths: [] });
		store.create(pendingTrace());
		store.delete(trace.trace_id);
		store.close();
		expect(readFileSync(join(folder, 'traces.sqlite')).includes(canary)).toBe(false);
		expect(query('SELECT count(*) FROM trace_contents')).toEqual([1]);
		expect(query('SELECT count(*) FROM trace_steps')).toEqual([0]);
	});

	it('refuses a database of a newer version, and leaves it as it is', () => {
		open().close();
		query('PRAGMA user_version = 999');
		expect(open).toThrow(storageFailed);
		expect(query('PRAGMA user_version')).toEqual([999]);
		expect(ownerFiles()).toEqual([]);
	});

	it.each([
		[
			'a file that is no database',
			() => writeFileSync(join(folder, 'traces.sqlite'), 'not a database '.repeat(99))
		],
		['a folder in its place', () => mkdirSync(join(folder, 'traces.sqlite'))]
	])('says that it cannot be opened, without naming a path, given %s', (_what, spoil) => {
		spoil();
		expect(open).toThrow(storageFailed);
		expect(open).toThrow(/^The trace database could not be opened\.$/);
	});

	it('fails as storage_failed when it is no longer open', async () => {
		const store = open();
		store.close();
		expect(() => store.create(pendingTrace())).toThrow(storageFailed);
		await expect(store.list(listRequest())).rejects.toEqual(storageFailed);
		await expect(store.stats({ window: 'all' })).rejects.toEqual(storageFailed);
		await expect(store.deleteBefore(new Date())).rejects.toEqual(storageFailed);
	});

	it('keeps nothing of a write that fails half way', () => {
		const store = open();
		const trace = pendingTrace();
		store.create(trace);
		const broken = { ...answered(trace), steps: [{ ...answered(trace).steps[0], name: null }] };
		expect(() => store.finalise({ trace: broken as unknown as Trace, tokenLengths: [] })).toThrow(
			storageFailed
		);
		expect(store.get(trace.trace_id)).toEqual(trace);
		expect(store.finalise({ trace: answered(trace), tokenLengths: [] })).toBe(true);
	});

	it('reads large statistics in turns, with the same result as in one', async () => {
		const store = open();
		const memory = new MemoryTraceStore({ capacity: 5000 });
		for (let made = 0; made < 1500; made += 1) {
			const timestamp = new Date(Date.UTC(2026, 1, 5, 17, made % 3)).toISOString();
			const trace = answered(pendingTrace({ timestamp, library_filter: made % 2 ? 'python' : null }), {
				total_duration_ms: made
			});
			store.create(trace);
			memory.create(trace);
		}
		const now = new Date('2026-02-05T17:30:00.000Z');
		for (const request of [{ window: 'all' }, { window: '1h', library: 'python' }] as const) {
			let turns = 0;
			let reading = true;
			const count = () => {
				turns += 1;
				if (reading) setImmediate(count);
			};
			setImmediate(count);
			const stats = await store.stats(request, now);
			reading = false;
			expect(turns).toBeGreaterThan(0);
			expect(stats).toEqual(await memory.stats(request, now));
		}
	});

	it('counts each trace once in statistics while others come and end', async () => {
		const store = open();
		const traces = Array.from({ length: 900 }, () => pendingTrace());
		for (const trace of traces) store.create(trace);
		const reading = store.stats({ window: 'all' });
		let arrived = 0;
		let done = false;
		const arrive = () => {
			if (done) return;
			const trace = traces[arrived];
			arrived += 1;
			if (trace) store.finalise({ trace: answered(trace), tokenLengths: [] });
			store.create(pendingTrace({ timestamp: '2026-02-05T16:00:00.000Z' }));
			setImmediate(arrive);
		};
		arrive();
		const stats = await reading;
		done = true;
		expect(stats.total_queries).toBeGreaterThanOrEqual(900);
		expect(stats.total_queries).toBeLessThanOrEqual(900 + arrived);
		expect(stats.steps.llm_generation?.count ?? 0).toBe(stats.statuses.success ?? 0);
	});
});

describe('a process that dies', () => {
	it.each([30, 150, 400])('loses nothing it has accepted, killed after %i traces', async (accepted) => {
		const writer = await startProcess();
		writer.tell('writeForEver run-');
		const ids: string[] = [];
		while (ids.length < accepted) ids.push(await writer.nextLine());
		await writer.kill();

		const store = open();
		expect(query('PRAGMA integrity_check')).toEqual(['ok']);
		const statuses = ids.map((id) => store.get(id)?.status);
		// It may have been killed in the middle of the last one that was heard of, or long after it.
		expect(statuses.slice(0, -1)).toEqual(
			ids.slice(0, -1).map((_, n) => (n % 3 ? 'success' : 'interrupted'))
		);
		expect(['success', 'interrupted']).toContain(statuses.at(-1));
		expect(store.getRun('run-0')).toMatchObject({
			trace: {
				status: 'interrupted',
				error: INTERRUPTED_ERROR,
				answer: 'text of run-0',
				total_duration_ms: null,
				unaccounted_ms: null
			},
			tokenLengths: ['text of run-0'.length]
		});
		expect(await store.list(listRequest({ status: 'pending' }))).toEqual([]);
		expect(ownerFiles()).toHaveLength(1);
	});

	it('has its traces ended for good: they are not ended again', async () => {
		const writer = await startProcess();
		writer.tell('create left');
		await writer.nextLine();
		await writer.kill();
		const store = open();
		const interrupted = store.get('left');
		expect(interrupted?.status).toBe('interrupted');
		const late = answered(pendingTrace({ trace_id: 'left' }));
		expect(store.finalise({ trace: late, tokenLengths: [] })).toBe(false);
		store.close();
		expect(open().get('left')).toEqual(interrupted);
	});

	it('leaves no lock behind, even when it had nothing pending', async () => {
		const idle = await startProcess();
		expect(ownerFiles()).toHaveLength(1);
		await idle.kill();
		expect(ownerFiles()).toHaveLength(1);
		open().close();
		expect(ownerFiles()).toEqual([]);
	});

	it('is not needed: what a store that was closed had pending is interrupted too', () => {
		const store = open();
		const trace = pendingTrace();
		store.create(trace);
		store.close();
		expect(open().get(trace.trace_id)?.status).toBe('interrupted');
	});
});

describe('a write', () => {
	it.each([
		['normal', 1],
		['full', 2]
	] as const)('waits for the disk as told: %s', (synchronous, level) => {
		const connection = new StoreConnection(join(folder, 'traces.sqlite'), synchronous);
		expect(connection.database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: level });
		connection.close();
	});
});

describe('two processes with the same database', () => {
	it('leave each other’s pending traces alone, and see what the other ends', async () => {
		const other = await startProcess();
		other.tell('create theirs');
		await other.nextLine();
		const store = open();
		expect(store.get('theirs')?.status).toBe('pending');
		other.tell('finish theirs');
		expect(await other.nextLine()).toBe('true');
		expect(store.get('theirs')?.status).toBe('success');
		await other.close();
		expect(ownerFiles()).toHaveLength(1);
	});

	it('leave alone what another store of the same process has pending', () => {
		const first = open();
		const trace = pendingTrace();
		first.create(trace);
		const second = open();
		expect(second.get(trace.trace_id)?.status).toBe('pending');
		second.close();
		expect(open().get(trace.trace_id)?.status).toBe('pending');
		expect(first.finalise({ trace: answered(trace), tokenLengths: [] })).toBe(true);
	});

	it('may start at the same moment on a new folder and write at once', async () => {
		const all = await Promise.all([startProcess(), startProcess(), startProcess()]);
		all.forEach((each, number) => each.tell(`write ${number}-`));
		await Promise.all(all.map((each) => each.nextLine()));
		await Promise.all(all.map((each) => each.close()));
		const stats = await open().stats({ window: 'all' });
		expect(stats.statuses).toEqual({ success: 300 });
		expect(stats.steps.llm_generation?.count).toBe(300);
		expect(query('PRAGMA integrity_check')).toEqual(['ok']);
	});

	it('may run on different runtimes: Deno, with no right but to its folder', async () => {
		const guest = await startProcess('deno');
		for (const order of ['create left', 'create done', 'finish done', 'stats']) guest.tell(order);
		await guest.nextLine();
		await guest.nextLine();
		expect(await guest.nextLine()).toBe('true');
		expect(JSON.parse(await guest.nextLine())).toMatchObject({ statuses: { success: 1, pending: 1 } });
		const store = open();
		expect(store.get('left')?.status).toBe('pending');
		guest.tell('erase done');
		expect(await guest.nextLine()).toBe('true');
		expect(store.get('done')).toBeNull();
		await guest.kill();
		store.close();
		expect(open().get('left')?.status).toBe('interrupted');
	});
});
