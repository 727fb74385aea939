import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Trace, TraceSummary } from '#lib/contract/trace.ts';
import type { StoreTrouble } from '#lib/server/store/store-trouble.ts';
import type { Readiness } from '#lib/server/transport/readiness.ts';
import { done, finish, gate, token, type Script } from '../fixtures/model-server.ts';
import { ROUTES, startFaultBench, type FaultBench, type Outcome } from './fault-matrix-setup.ts';

/**
 * Every way in which the trace store can fail, at every moment of an answer, through `POST /ask`, `POST /ask/stream` and the
 * tRPC subscription: nobody who asks notices, `/readyz` says so, and every trace is stored as soon as the store works again.
 */
let bench: FaultBench;
beforeAll(async () => {
	bench = await startFaultBench({ imports: [join(import.meta.dirname, '../fixtures/faulty-store.ts')] });
});
afterAll(() => bench?.[Symbol.asyncDispose]());

/** Begins a failure; the function that it returns ends it. */
type Begin = () => () => void;

const scripted =
	(fault: string): Begin =>
	() => {
		const path = join(bench.test.app.dataDir, 'store-fault');
		writeFileSync(path, fault);
		return () => rmSync(path);
	};

function lock(): () => void {
	const other = new DatabaseSync(join(bench.test.app.dataDir, 'traces.sqlite'));
	other.exec('BEGIN IMMEDIATE');
	return () => other.close();
}

const failures: readonly [name: string, begin: Begin, reason: StoreTrouble | null][] = [
	['locked by another process', lock, 'locked'],
	['on a full disk', scripted('13'), 'disk_full'],
	['read-only', scripted('8'), 'read_only'],
	['on a broken disk', scripted('10'), 'failed'],
	['slow', scripted('slow 30'), null]
];
const moments = [
	'all the time',
	'from the middle of the answer on',
	'until the middle of the answer'
] as const;
const answers: readonly [name: string, rest: Script, outcome: Outcome][] = [
	['an answer', [token(' metres [1].'), finish(), done()], { code: null, text: 'Four metres [1].' }],
	['a broken answer', [], { code: 'upstream_truncated', text: 'Four' }]
];
const rows = failures.flatMap(([store, begin, reason]) =>
	moments.flatMap((moment) =>
		answers.map(([what, rest, outcome]) => ({ store, begin, reason, moment, what, rest, outcome }))
	)
);

const storeCheck = async () => (await bench.json<Readiness>('/readyz')).checks.store;

it.each(rows)('$what, the store $store $moment', async ({ begin, reason, moment, rest, outcome }) => {
	const { promise: opened, resolve: open } = Promise.withResolvers<void>();
	const script: Script = [token('Four'), gate(opened), ...rest];
	let end = moment === 'from the middle of the answer on' ? undefined : begin();
	try {
		const checked = bench.check({ name: '', scripts: [script], outcome });
		await vi.waitFor(() => expect(bench.test.model.activeCalls).toBe(ROUTES.length), { timeout: 10_000 });
		if (moment === 'from the middle of the answer on') end = begin();
		if (moment === 'until the middle of the answer') {
			expect(await storeCheck()).toMatchObject({ ok: reason === null, reason });
			end?.();
			end = undefined;
		}
		open();
		const traces = await checked;
		if (end) expect(await storeCheck()).toMatchObject({ ok: reason === null, reason });
		end?.();
		end = undefined;
		await expectStored(traces);
	} finally {
		open();
		end?.();
	}
});

/** Asserts that the store has the traces as they were told, soon. */
async function expectStored(traces: readonly Trace[]): Promise<void> {
	await vi.waitFor(
		async () => expect(await storeCheck()).toMatchObject({ ok: true, traces_waiting: 0, traces_lost: 0 }),
		{ timeout: 10_000, interval: 20 }
	);
	const stored = await bench.json<TraceSummary[]>(`/traces?limit=${traces.length}`);
	expect(stored.map(({ trace_id }) => trace_id).toSorted()).toEqual(
		traces.map(({ trace_id }) => trace_id).toSorted()
	);
	for (const trace of traces) expect(await bench.json<Trace>(`/traces/${trace.trace_id}`)).toEqual(trace);
}
