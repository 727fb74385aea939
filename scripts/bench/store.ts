import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { statsInputSchema } from '#lib/contract/stats.ts';
import { traceListInputSchema } from '#lib/contract/trace.ts';
import { SqliteTraceStore } from '#lib/server/store/sqlite.ts';
import { summarise, timeOnce } from './measure.ts';
import type { Table } from './table.ts';

/** Time between two traces of the made-up store, in milliseconds. */
const APART_MS = 1000;

export interface StoreFigure {
	what: string;
	p50_ms: number;
	p95_ms: number;
	/** Longest time that the event loop did nothing else, in milliseconds. */
	longest_stall_ms: number;
}

/** Fills a new store with made-up traces and measures its start, lists and statistics at that size. */
export async function measureStore(
	folder: string,
	traces: number,
	progress: (what: string) => void = () => {}
): Promise<StoreFigure[]> {
	progress(`making up ${traces} traces`);
	new SqliteTraceStore(folder).close();
	fill(join(folder, 'traces.sqlite'), traces);
	const figures: StoreFigure[] = [];
	const measure = async (what: string, work: () => unknown, rounds: number) => {
		progress(what);
		const delay = monitorEventLoopDelay({ resolution: 1 });
		delay.enable();
		await pause(20);
		delay.reset();
		const samples: number[] = [];
		for (let round = 0; round < rounds; round++) {
			samples.push(await timeOnce(work));
			await pause(5);
		}
		delay.disable();
		const { p50_ms, p95_ms } = summarise([samples]);
		figures.push({ what, p50_ms, p95_ms, longest_stall_ms: delay.max / 1e6 });
	};
	let store: SqliteTraceStore | undefined;
	await measure('start', () => (store = new SqliteTraceStore(folder)), 1);
	const opened = store!;
	try {
		const file = join(folder, 'traces.sqlite');
		await measure('list: index of questions, in the background', () => questionsIndexed(file, traces), 1);
		const page = (given: object) => () => opened.list(traceListInputSchema.parse({ limit: 50, ...given }));
		const lists: Readonly<Record<string, object>> = {
			newest: {},
			before: { before: `bench-${Math.floor(traces / 2)}` },
			library: { library: 'library-1' },
			'status, rare': { status: 'cancelled' },
			'library and status': { library: 'library-1', status: 'error' },
			'q, frequent': { q: 'question number' },
			'q, rare': { q: `number ${Math.floor(traces / 3)} ` },
			'q, none': { q: 'xyzzy' },
			'min_ms, rare': { min_ms: 999_000 },
			'q and library, none': { q: 'xyzzy', library: 'library-1' },
			'q of two characters, none': { q: 'zz' },
			'q and min_ms, both frequent, far back': { q: 'number 12', min_ms: 4400 }
		};
		for (const [name, given] of Object.entries(lists)) await measure(`list: ${name}`, page(given), 5);
		const everything = statsInputSchema.parse({ window: 'all' });
		await measure('stats: summed up for the first time', () => opened.stats(everything), 1);
		for (const window of ['1h', '24h', '7d', 'all'] as const) {
			const request = statsInputSchema.parse({ window });
			await measure(`stats: ${window}`, () => opened.stats(request), 5);
			const ofLibrary = statsInputSchema.parse({ window, library: 'library-1' });
			await measure(`stats: ${window}, one library`, () => opened.stats(ofLibrary), 5);
		}
	} finally {
		opened.close();
	}
	return figures;
}

/** Resolves when the index of questions has all but the last few traces. */
async function questionsIndexed(path: string, traces: number): Promise<void> {
	const database = new DatabaseSync(path, { readOnly: true });
	const reached = database.prepare('SELECT indexed_to FROM question_index');
	while (Number(reached.get()?.indexed_to) < traces - 500) await pause(20);
	database.close();
}

/** By SQL alone, because a million runs would take minutes; the columns are those that the store writes. */
function fill(path: string, traces: number): void {
	const database = new DatabaseSync(path);
	database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; BEGIN');
	const numbers = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${traces})`;
	database.exec(`${numbers} INSERT INTO traces (trace_number, trace_id, timestamp, library_filter, route, status,
		total_duration_ms, unaccounted_ms, retrieval_ms, generation_ms, time_to_first_token_ms, prompt_tokens,
		completion_tokens, total_tokens, usage_source, cost_usd, model, question_folded)
		SELECT i, 'bench-' || i, ${Date.now()} - (${traces} - i) * ${APART_MS},
			CASE i % 5 WHEN 0 THEN NULL ELSE 'library-' || (i % 5) END, 'ask_stream',
			CASE WHEN i % 1000 = 0 THEN 'cancelled' WHEN i % 50 = 0 THEN 'error' ELSE 'success' END,
			500 + (i * 7919) % 4000000 / 1000.0, 1, 40 + (i * 31) % 20000 / 1000.0, 400 + (i * 7907) % 3000000 / 1000.0,
			300 + (i * 101) % 90000 / 1000.0, 1200, 350, 1550, 'reported', 0.001, 'bench', 'question number ' || i || ' of many'
		FROM n`);
	database.exec(`${numbers} INSERT INTO trace_contents (trace_number, question, answer, citations, steps, sources,
		prompt, candidates) SELECT i, 'Question number ' || i || ' of many', 'An answer.', '[]', '[]', '[]', '[]', '[]' FROM n`);
	const names = ['retrieval_semantic', 'retrieval_bm25', 'fusion_rrf', 'reranking', 'llm_generation'];
	for (const [position, name] of names.entries()) {
		database.exec(`${numbers} INSERT INTO trace_steps SELECT i, ${position}, '${name}',
			(i * ${position + 3}) % 90000 / 1000.0 FROM n WHERE i % 50 <> 0`);
	}
	// Written through to the disk here, or the first to write to the store would wait for all of it.
	database.exec('COMMIT; PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(TRUNCATE)');
	database.close();
}

export function storeTable(figures: readonly StoreFigure[], traces: number): Table {
	return {
		title: `The trace store with ${traces} traces, in ms`,
		columns: ['', 'p50', 'p95', 'longest stall'],
		rows: figures.map(({ what, p50_ms, p95_ms, longest_stall_ms }) => [
			what,
			p50_ms.toFixed(1),
			p95_ms.toFixed(1),
			longest_stall_ms.toFixed(1)
		])
	};
}
