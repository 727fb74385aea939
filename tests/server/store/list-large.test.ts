import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { traceListInputSchema } from '#lib/contract/trace.ts';
import { MemoryTraceStore } from '#lib/server/store/memory.ts';
import { NEWEST, placeOf } from '#lib/server/store/list-query.ts';
import { byDuration, byQuestion, byTime, type Search } from '#lib/server/store/page-searches.ts';
import { SqliteTraceStore } from '#lib/server/store/sqlite.ts';
import { answered, pendingTrace } from '../../fixtures/traces.ts';
import { tempFolder } from '../../fixtures/temp-folder.ts';

/** More than is put into order at once, and of the older ones more with one word than are looked at one by one. */
const MANY = 24_000;
const START = Date.UTC(2026, 0, 1);
const idOf = (made: number) => `large-${made}`;

/** Orchids were asked about long ago, roses now and then, lilies last. */
function questionOf(made: number): string {
	const flower =
		made < 7000 ? 'orchids' : made >= MANY - 300 ? 'lilies' : made % 400 === 0 ? 'roses' : 'weeds';
	return `How do I water ${flower} in bed ${made % 1000}${made % 6007 === 0 ? '\0 at night' : ''}?`;
}

function traceOf(made: number, minute: number) {
	const trace = pendingTrace({
		trace_id: idOf(made),
		question: questionOf(made),
		timestamp: new Date(START + minute * 60_000).toISOString(),
		library_filter: [null, 'python', 'fastapi'][made % 3] ?? null
	});
	const status = made % 500 === 0 ? 'cancelled' : made % 7 === 0 ? 'refused' : 'success';
	return answered(trace, { status, total_duration_ms: (made * 7919) % 4000 });
}

/** Writes traces as the store does, a thousand times as fast. */
function fill(folder: string, traces: readonly ReturnType<typeof traceOf>[]): void {
	using database = new DatabaseSync(join(folder, 'traces.sqlite'), { timeout: 5000 });
	database.exec('BEGIN');
	const insert = database.prepare(
		`INSERT INTO traces (trace_id, timestamp, library_filter, route, status, total_duration_ms, usage_source, question_folded)
		VALUES (?, ?, ?, 'ask', ?, ?, 'missing', ?)`
	);
	const insertContents = database.prepare(
		`INSERT INTO trace_contents (trace_number, question, citations, steps, sources, prompt, candidates)
		VALUES (?, ?, '[]', '[]', '[]', '[]', '[]')`
	);
	for (const { trace_id, timestamp, library_filter, status, total_duration_ms, question } of traces) {
		const { lastInsertRowid } = insert.run(
			trace_id,
			Date.parse(timestamp),
			library_filter,
			status,
			total_duration_ms,
			question.toLowerCase()
		);
		insertContents.run(lastInsertRowid, question);
	}
	database.exec('COMMIT');
}

/** The minute in which each trace was accepted, by a clock. */
const clocks: readonly [string, (made: number) => number][] = [
	['goes steadily', (made) => Math.floor(made / 3)],
	['jumps back and forth', (made) => Math.floor(made / 3) + (((made % 50) * 37) % 90)],
	['was years ahead once', (made) => (made === 3000 ? 2_000_000 : made)],
	['goes backwards', (made) => MANY - made]
];

/** The numbers of the traces that a search finds when it goes to its end; null when it gives up. */
function pageOf(search: Search): number[] | null {
	for (;;) {
		const step = search.next();
		if (step.done) return step.value?.map(({ trace_number }) => trace_number) ?? null;
	}
}

describe.each(clocks)('the list of many traces under a clock that %s', (_, minuteOf) => {
	it('is that of a store that looks at every trace, whatever it is filtered by', async () => {
		await using folder = await tempFolder();
		new SqliteTraceStore(folder.path).close();
		const traces = Array.from({ length: MANY }, (_, made) => traceOf(made, minuteOf(made)));
		fill(folder.path, traces);
		const memory = new MemoryTraceStore({ capacity: MANY });
		for (const trace of traces) memory.create(trace);
		const store = new SqliteTraceStore(folder.path);
		using other = new DatabaseSync(join(folder.path, 'traces.sqlite'), { timeout: 5000 });
		const reached = other.prepare('SELECT indexed_to FROM question_index');
		await vi.waitFor(() => expect(Number(reached.get()?.indexed_to)).toBe(MANY), { timeout: 30_000 });
		for (let gone = 5; gone < MANY; gone += 997) {
			store.delete(idOf(gone));
			memory.delete(idOf(gone));
		}
		const prepare = (sql: string) => other.prepare(sql);
		const place = prepare('SELECT timestamp, trace_number FROM traces WHERE trace_id = ?');
		const idOfNumber = prepare('SELECT trace_id FROM traces WHERE trace_number = ?');
		const optional = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: undefined });
		const q = fc.constantFrom(
			'orchids',
			'roses',
			'lilies',
			'Orchids in bed 77',
			'weeds',
			'hids in b',
			'at night',
			'ds',
			'rch',
			'ch'
		);
		await fc.assert(
			fc.asyncProperty(
				fc.record({
					limit: fc.constantFrom(1, 50, 200),
					library: optional(fc.constantFrom('python', 'null', 'other')),
					status: optional(fc.constantFrom('cancelled', 'refused', 'error')),
					q: optional(q),
					min_ms: optional(fc.constantFrom(0, 2000, 3900, 3999, 5000))
				}),
				optional(fc.nat(MANY - 1).filter((made) => made % 997 !== 5)),
				async (filter, before) => {
					const request = traceListInputSchema.parse({
						...filter,
						...(before !== undefined && { before: idOf(before) })
					});
					const expected = (await memory.list(request)).map(({ trace_id }) => trace_id);
					expect((await store.list(request)).map(({ trace_id }) => trace_id)).toEqual(expected);
					const from =
						before === undefined
							? NEWEST
							: placeOf(place.get(idOf(before)) ?? expect.fail('The trace is not there.'));
					const searches = [byTime(prepare, request, from)];
					if (request.min_ms !== undefined) {
						searches.push(byDuration(prepare, request, request.min_ms, from));
					}
					if (request.q) searches.push(byQuestion(prepare, request, request.q.toLowerCase(), from));
					// The first to arrive has the page, so each must have the same.
					for (const search of searches) {
						const found = pageOf(search);
						if (found)
							expect(found.map((number) => String(idOfNumber.get(number)?.trace_id))).toEqual(expected);
					}
				}
			),
			{ numRuns: 150 }
		);
		store.close();
	});
});
