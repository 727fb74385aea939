import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Journal } from '#lib/server/run/journal.ts';
import { SqliteTraceStore } from '#lib/server/store/sqlite.ts';
import { answered, listRequest, pendingTrace } from '../../fixtures/traces.ts';

let folder: string;
let store: SqliteTraceStore;

beforeEach(() => {
	vi.spyOn(process.stderr, 'write').mockReturnValue(true);
	folder = mkdtempSync(join(tmpdir(), 'citelight-journal-'));
	store = new SqliteTraceStore(folder);
});
afterEach(() => {
	store.close();
	rmSync(folder, { recursive: true, force: true });
	vi.restoreAllMocks();
});

/** Holds the database until it is called off. */
function lock(): () => void {
	const other = new DatabaseSync(join(folder, 'traces.sqlite'));
	other.exec('BEGIN IMMEDIATE');
	return () => other.close();
}

/** Accepts and ends a run, as a run does. */
function run(journal: Journal) {
	const pending = pendingTrace();
	const wasCreated = journal.create(pending);
	const trace = answered(pending);
	journal.finalise({ trace, tokenLengths: [] }, wasCreated);
	return trace;
}

/** To the end: a journal writes for a few milliseconds at a time. */
function catchUp(journal: Journal): void {
	for (let slice = 0; slice < 20; slice++) journal.catchUp();
}

const statuses = async () => (await store.list(listRequest({ limit: 200 }))).map(({ status }) => status);

describe('a locked store', () => {
	it('keeps traces in memory, found by their id, and stores them once it is free', () => {
		const journal = new Journal(store);
		const unlock = lock();
		const traces = [run(journal), run(journal), run(journal)];
		expect(journal).toMatchObject({ trouble: 'locked', waiting: 3, lost: 0 });
		expect(journal.find(traces[1]!.trace_id)).toEqual(traces[1]);
		unlock();
		catchUp(journal);
		expect(journal).toMatchObject({ trouble: null, waiting: 0, lost: 0 });
		for (const trace of traces) expect(store.get(trace.trace_id)).toEqual(trace);
	});

	it('is asked once, not by every run', () => {
		const create = vi.spyOn(store, 'create');
		const journal = new Journal(store);
		const unlock = lock();
		for (let count = 0; count < 20; count++) run(journal);
		expect(create).toHaveBeenCalledTimes(1);
		unlock();
	});

	it('gets the end of a run whose row was made, and of one whose row could only be made later', async () => {
		const journal = new Journal(store);
		const early = pendingTrace();
		const late = pendingTrace();
		const wasEarly = journal.create(early);
		const unlock = lock();
		const wasLate = journal.create(late);
		journal.finalise({ trace: answered(early), tokenLengths: [] }, wasEarly);
		unlock();
		catchUp(journal);
		expect(store.get(late.trace_id)?.status).toBe('pending');
		journal.finalise({ trace: answered(late), tokenLengths: [] }, wasLate);
		expect(await statuses()).toEqual(['success', 'success']);
	});

	it('leaves the end of a run at hand, also where the store has its beginning', () => {
		const journal = new Journal(store);
		const pending = pendingTrace();
		const wasCreated = journal.create(pending);
		expect(journal.findRun(pending.trace_id)).toBeNull();
		const unlock = lock();
		const ended = { trace: answered(pending), tokenLengths: [3] };
		journal.finalise(ended, wasCreated);
		expect(store.get(pending.trace_id)?.status).toBe('pending');
		expect(journal.findRun(pending.trace_id)).toEqual(ended);
		unlock();
		catchUp(journal);
		expect(journal.findRun(pending.trace_id)).toBeNull();
	});

	it('knows whose trace waits, also once it is stored', async () => {
		const journal = new Journal(store, { mostWaiting: 1 });
		const unlock = lock();
		const [first, second] = [pendingTrace(), pendingTrace()];
		journal.create(first, 'jane');
		// There is room for one only: the other is known again at its end.
		journal.create(second, 'jane');
		expect(journal.ofSubject('jane')).toHaveLength(1);
		journal.finalise({ trace: answered(first), tokenLengths: [] }, false, 'jane');
		unlock();
		catchUp(journal);
		journal.finalise({ trace: answered(second), tokenLengths: [] }, false, 'jane');
		expect(journal.ofSubject('jane')).toEqual([]);
		expect((await store.deleteSubject('jane')).toSorted()).toEqual(
			[first.trace_id, second.trace_id].toSorted()
		);
	});

	it('is tried again by itself', async () => {
		const journal = new Journal(store, { retryMs: 1 });
		const unlock = lock();
		run(journal);
		unlock();
		await vi.waitFor(async () => expect(await statuses()).toEqual(['success']));
	});

	it('counts the oldest finished traces as lost when more wait than may', () => {
		const journal = new Journal(store, { mostWaiting: 2 });
		const unlock = lock();
		const traces = [run(journal), run(journal), run(journal)];
		expect(journal).toMatchObject({ waiting: 2, lost: 1 });
		unlock();
		journal.close();
		expect(traces.map(({ trace_id }) => store.get(trace_id)?.status)).toEqual([
			undefined,
			'success',
			'success'
		]);
	});
});

describe('texts that grow', () => {
	it('are saved together, each as it is last, except those of runs that have ended', async () => {
		const save = vi.spyOn(store, 'saveProgress');
		const journal = new Journal(store);
		const [one, two, ended] = [pendingTrace(), pendingTrace(), pendingTrace()];
		for (const trace of [one, two, ended]) journal.create(trace);
		journal.saveProgress(one.trace_id, 'U');
		journal.saveProgress(two.trace_id, 'Call');
		journal.saveProgress(one.trace_id, 'Use');
		journal.saveProgress(ended.trace_id, 'too late');
		journal.finalise({ trace: answered(ended), tokenLengths: [] }, true);
		await vi.waitFor(() => expect(save).toHaveBeenCalled());
		expect(save.mock.calls).toEqual([
			[
				new Map([
					[one.trace_id, 'Use'],
					[two.trace_id, 'Call']
				])
			]
		]);
		expect(store.get(one.trace_id)?.answer).toBe('Use');
		expect(store.get(two.trace_id)?.answer).toBe('Call');
	});

	it('are saved at once when the journal is closed', () => {
		const journal = new Journal(store);
		const trace = pendingTrace();
		journal.create(trace);
		journal.saveProgress(trace.trace_id, 'Use');
		journal.close();
		expect(store.get(trace.trace_id)?.answer).toBe('Use');
	});
});

describe('a store that cannot be written', () => {
	it.each([
		['disk_full', 'PRAGMA max_page_count = 1', 'PRAGMA max_page_count = 1000000'],
		['read_only', 'PRAGMA query_only = ON', 'PRAGMA query_only = OFF']
	])('says that it is %s, and gets everything when it works again', (reason, spoil, mend) => {
		const journal = new Journal(store);
		store.configure(spoil);
		// Enough to need another page.
		const pending = pendingTrace({ question: 'q'.repeat(500_000) });
		const wasCreated = journal.create(pending);
		const trace = answered(pending);
		journal.finalise({ trace, tokenLengths: [] }, wasCreated);
		expect(journal).toMatchObject({ trouble: reason, waiting: 1, lost: 0, failures: 2 });
		store.configure(mend);
		catchUp(journal);
		expect(journal).toMatchObject({ trouble: null, waiting: 0 });
		expect(store.get(trace.trace_id)).toEqual(trace);
	});

	it('says that it is closed', () => {
		const journal = new Journal(store);
		store.close();
		run(journal);
		expect(journal).toMatchObject({ trouble: 'closed', waiting: 1 });
	});

	it('loses a trace that it would never take, and goes on with the next', () => {
		const journal = new Journal(store);
		const pending = pendingTrace();
		journal.create(pending);
		const unlock = lock();
		journal.create(pending);
		const other = run(journal);
		unlock();
		catchUp(journal);
		expect(journal).toMatchObject({ trouble: null, waiting: 0, lost: 1 });
		expect(store.get(other.trace_id)?.status).toBe('success');
	});
});
