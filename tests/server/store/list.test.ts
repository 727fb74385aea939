import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { traceListInputSchema } from '#lib/contract/trace.ts';
import { MemoryTraceStore } from '#lib/server/store/memory.ts';
import { matchingQuestions } from '#lib/server/store/question-index.ts';
import { SqliteTraceStore } from '#lib/server/store/sqlite.ts';
import { WITHOUT_EVIDENCE } from '../../fixtures/older-schema.ts';
import { answered, listRequest, pendingTrace } from '../../fixtures/traces.ts';
import { tempFolder } from '../../fixtures/temp-folder.ts';

const MANY = 3000;
const WORDS = [
	'Router',
	'größe',
	'İstanbul',
	'a"b',
	"it's",
	'100%',
	'x_y',
	'日本語',
	'\u{1f600}',
	'zero\0end'
];

/** A question with a number of its own and words that return after a while. */
function questionOf(made: number): string {
	const word = WORDS[made % WORDS.length];
	return made % 97 === 0 ? `Rare ${word} no. ${made}?` : `How do I use ${word} number ${made}?`;
}

/** A trace that has ended, of a moment that does not always grow. */
function traceOf(made: number) {
	const minute = (made * 7) % 1000 === 0 ? 0 : Math.floor(made / 3);
	return answered(
		pendingTrace({
			question: questionOf(made),
			timestamp: new Date(Date.UTC(2026, 1, 5, 0, minute)).toISOString(),
			library_filter: [null, 'python', 'fastapi'][made % 3] ?? null
		}),
		{
			status: made % 50 === 0 ? 'cancelled' : made % 7 === 0 ? 'refused' : 'success',
			total_duration_ms: (made * 7919) % 4000
		}
	);
}

/** Runs a statement on a connection of its own. */
function query(folder: string, sql: string, ...values: SQLInputValue[]) {
	const database = new DatabaseSync(join(folder, 'traces.sqlite'), { timeout: 5_000 });
	try {
		return database.prepare(sql).all(...values);
	} finally {
		database.close();
	}
}

const isIndexed = (folder: string, last: number) =>
	vi.waitFor(
		() =>
			expect(Number(query(folder, 'SELECT indexed_to FROM question_index')[0]?.indexed_to)).toBeGreaterThan(
				last - 300
			),
		{ timeout: 20_000 }
	);

const triplesOf = (folder: string, q: string) => {
	const database = new DatabaseSync(join(folder, 'traces.sqlite'), { timeout: 5_000 });
	try {
		return matchingQuestions((sql) => database.prepare(sql), q.toLowerCase(), 100_000)?.traceNumbers.length;
	} finally {
		database.close();
	}
};

describe('the list of a large store', () => {
	let folder: Awaited<ReturnType<typeof tempFolder>>;
	let store: SqliteTraceStore;
	const memory = new MemoryTraceStore({ capacity: MANY });
	const ids: string[] = [];

	beforeAll(async () => {
		folder = await tempFolder();
		store = new SqliteTraceStore(folder.path);
		for (let made = 0; made < MANY; made += 1) {
			const trace = traceOf(made);
			store.create(trace);
			memory.create(trace);
			ids.push(trace.trace_id);
		}
		await isIndexed(folder.path, MANY);
		for (let gone = 5; gone < MANY; gone += 41) {
			store.delete(ids[gone]!);
			memory.delete(ids[gone]!);
		}
	}, 60_000);
	afterAll(async () => {
		store.close();
		await folder[Symbol.asyncDispose]();
	});

	it('is that of a store that looks at every trace, whatever it is filtered by', async () => {
		const part = fc
			.tuple(fc.nat(MANY - 1), fc.nat(30), fc.integer({ min: 0, max: 12 }))
			// By characters: half of one is no text that could come over HTTP.
			.map(([made, from, length]) => [...questionOf(made)].slice(from, from + length).join(''));
		const q = fc.oneof(
			part,
			fc.constantFrom('rare', 'RARE R', 'no. 29', 'none such', 'ZERO\0', '\0end', '"', 'é')
		);
		const optional = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: undefined });
		await fc.assert(
			fc.asyncProperty(
				fc.record({
					limit: fc.constantFrom(1, 7, 50, 200),
					library: optional(fc.constantFrom('python', 'null', 'other')),
					status: optional(fc.constantFrom('cancelled', 'refused', 'error')),
					q: optional(q),
					min_ms: optional(fc.constantFrom(0, 2000, 3990, 5000))
				}),
				optional(fc.nat(MANY - 1).filter((made) => made % 41 !== 5)),
				async (filter, before) => {
					const request = traceListInputSchema.parse({
						...filter,
						...(before !== undefined && { before: ids[before] })
					});
					expect(await store.list(request)).toEqual(await memory.list(request));
				}
			),
			{ numRuns: 250 }
		);
	});

	it('gives the event loop turns while it searches', async () => {
		let turns = 0;
		let isSearching = true;
		const count = () => {
			turns += 1;
			if (isSearching) setImmediate(count);
		};
		setImmediate(count);
		let clock = performance.now();
		const busy = vi.spyOn(performance, 'now');
		busy.mockImplementation(() => (clock += 3));
		const found = await store.list(listRequest({ q: 'zz' }));
		busy.mockRestore();
		isSearching = false;
		expect(found).toEqual([]);
		expect(turns).toBeGreaterThan(0);
	});

	it('is served by indexes in its own order when no text or duration is asked for', () => {
		for (const [where, index] of [
			["library_filter IS 'a' AND status = 'error' AND ", 'traces_by_library_status'],
			["library_filter IS 'a' AND ", 'traces_by_library'],
			["status = 'error' AND ", 'traces_by_status'],
			['', 'traces_by_time']
		] as const) {
			const plan = query(
				folder.path,
				`EXPLAIN QUERY PLAN SELECT question FROM traces JOIN trace_contents USING (trace_number)
				WHERE ${where} (timestamp, trace_number) < (9, 9) ORDER BY timestamp DESC, trace_number DESC LIMIT 50`
			);
			const details = plan.map(({ detail }) => String(detail)).join('\n');
			expect(details).toMatch(new RegExp(`INDEX ${index}\\b`));
			expect(details).not.toContain('TEMP B-TREE');
		}
	});
});

describe('the index of questions', () => {
	const fill = (store: SqliteTraceStore, count: number) =>
		Array.from({ length: count }, (_, made) => {
			const trace = pendingTrace({ question: `Where is canary-${made}-end?` });
			store.create(trace);
			return trace.trace_id;
		});

	it('forgets the triples of a deleted trace', async () => {
		await using folder = await tempFolder();
		const store = new SqliteTraceStore(folder.path);
		const gone = pendingTrace({ question: 'What does qxjvkz mean?' });
		store.create(gone);
		fill(store, 600);
		await isIndexed(folder.path, 600);
		expect(triplesOf(folder.path, 'qxjvkz')).toBe(1);
		const terms = "SELECT count(*) AS count FROM terms WHERE term IN ('qxj', 'xjv', 'jvk', 'vkz')";
		query(folder.path, "CREATE VIRTUAL TABLE terms USING fts5vocab('questions', 'row')");
		expect(query(folder.path, terms)[0]?.count).toBe(4);
		store.delete(gone.trace_id);
		expect(query(folder.path, terms)[0]?.count).toBe(0);
		const blocks = query(folder.path, 'SELECT block FROM questions_data');
		const left = blocks.map(({ block }) => Buffer.from(block as Uint8Array).toString('latin1')).join('\n');
		expect(left).not.toContain('qxj');
		query(folder.path, "INSERT INTO questions (questions) VALUES ('integrity-check')");
		store.close();
	});

	it('has a trace that gets the number of a deleted one', async () => {
		await using folder = await tempFolder();
		const store = new SqliteTraceStore(folder.path);
		const ids = fill(store, 600);
		await isIndexed(folder.path, 600);
		for (const traceId of ids.slice(290)) store.delete(traceId);
		const { trace_id } = pendingTrace();
		store.create(pendingTrace({ trace_id, question: 'What does qxjvkz mean?' }));
		store.finalise({ trace: answered(pendingTrace({ trace_id })), tokenLengths: [] });
		expect(triplesOf(folder.path, 'qxjvkz')).toBe(1);
		expect(store.get(trace_id)?.status).toBe('success');
		store.close();
	});

	it('is made for a store from before it, newer traces included', async () => {
		await using folder = await tempFolder();
		const first = new SqliteTraceStore(folder.path);
		fill(first, 700);
		first.close();
		for (const sql of [
			...WITHOUT_EVIDENCE,
			'DROP TRIGGER traces_insert_question',
			'DROP TRIGGER traces_delete_question',
			'DROP TABLE question_index',
			'DROP TABLE question_triples',
			'DROP TABLE questions',
			'DROP INDEX traces_with_zeros',
			'DROP INDEX traces_by_duration',
			'DROP INDEX traces_by_library_status',
			'DROP TRIGGER traces_delete_erasure',
			'DROP TABLE erasure',
			'DROP TRIGGER traces_insert_late',
			'DROP TABLE late_traces',
			'DROP INDEX traces_by_subject',
			'ALTER TABLE traces DROP COLUMN subject',
			'ALTER TABLE traces DROP COLUMN rewriting_ms',
			'PRAGMA user_version = 2'
		]) {
			query(folder.path, sql);
		}
		const store = new SqliteTraceStore(folder.path);
		store.create(pendingTrace({ question: 'What does qxjvkz mean?' }));
		const search = async (q: string) => (await store.list(listRequest({ q }))).length;
		expect([await search('canary-3-end'), await search('qxjvkz')]).toEqual([1, 1]);
		await isIndexed(folder.path, 701);
		expect([await search('canary-3-end'), await search('qxjvkz')]).toEqual([1, 1]);
		expect(triplesOf(folder.path, 'canary-3-end')).toBeGreaterThan(0);
		store.close();
	});

	it('says nothing about a text that is too short for it or that too many questions have', async () => {
		await using folder = await tempFolder();
		const store = new SqliteTraceStore(folder.path);
		fill(store, 300);
		await isIndexed(folder.path, 300);
		const database = new DatabaseSync(join(folder.path, 'traces.sqlite'), { timeout: 5_000 });
		expect(matchingQuestions((sql) => database.prepare(sql), 'ca', 500)).toBeNull();
		expect(matchingQuestions((sql) => database.prepare(sql), 'canary', 10)).toBeNull();
		database.close();
		store.close();
	});
});
