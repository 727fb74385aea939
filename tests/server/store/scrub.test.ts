import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SqliteTraceStore } from '#lib/server/store/sqlite.ts';
import { answered, demoSource, pendingTrace } from '../../fixtures/traces.ts';
import { tempFolder } from '../../fixtures/temp-folder.ts';

/** How the lives of some traces went, one number each: how long their texts were, and which of them was next to grow. */
const lives = fc.array(fc.nat(6000), { minLength: 5, maxLength: 40 });

const patience = () => AbortSignal.timeout(20_000);

/** Everything that the files of a folder hold. */
function contents(folder: string): string {
	return readdirSync(folder)
		.map((name) => readFileSync(join(folder, name), 'latin1'))
		.join('\n');
}

/** Fills a store with traces that grow in turns; every text of a trace holds its canary. */
function fill(store: SqliteTraceStore, lengths: readonly number[]): { traceId: string; canary: string }[] {
	const filled = lengths.map((length, index) => {
		const canary = `canary-${index}-of-${lengths.length}-end`;
		const trace = pendingTrace({
			question: `Where is ${canary}?`,
			timestamp: new Date(index * 1000).toISOString()
		});
		store.create(trace);
		return { trace, canary, length, traceId: trace.trace_id };
	});
	for (const { traceId, canary, length } of filled.toSorted((a, b) => a.length - b.length)) {
		store.saveProgress(new Map([[traceId, `${canary} `.repeat(length / 40)]]));
	}
	for (const { trace, canary, length } of filled) {
		const ended = answered(trace, {
			answer: `${canary} `.repeat(length / 20),
			sources: [{ ...demoSource, text: canary }],
			prompt: [{ role: 'user', content: canary }],
			steps: [
				{
					name: 'llm_generation',
					start_ms: 0,
					duration_ms: 1,
					status: 'success',
					details: { warning: canary }
				}
			]
		});
		store.finalise({ trace: ended, tokenLengths: [] });
		store.saveFeedback({ trace_id: trace.trace_id, rating: 'down', comment: `First ${canary}` });
		store.saveFeedback({ trace_id: trace.trace_id, rating: 'down', comment: canary });
	}
	return filled;
}

describe('a deleted trace', () => {
	it('is in no file any more, while the store is open', async () => {
		await fc.assert(
			fc.asyncProperty(lives, fc.nat(3), async (lengths, kept) => {
				await using folder = await tempFolder();
				const store = new SqliteTraceStore(folder.path);
				const filled = fill(store, lengths);
				expect(contents(folder.path)).toContain(filled[0]!.canary);
				const gone = filled
					.filter((_, index) => index % 4 !== kept)
					.toSorted((a, b) => a.canary.localeCompare(b.canary));
				for (const { traceId } of gone) expect(store.delete(traceId)).toBe(true);
				await store.erased(patience());
				const left = contents(folder.path);
				for (const { canary } of gone) expect(left).not.toContain(canary);
				store.close();
			}),
			{ numRuns: 8 }
		);
	});

	it('is in no file any more when it was deleted by its age', async () => {
		await fc.assert(
			fc.asyncProperty(lives, async (lengths) => {
				await using folder = await tempFolder();
				const store = new SqliteTraceStore(folder.path);
				const filled = fill(store, lengths);
				await store.deleteBefore(new Date((lengths.length - 2) * 1000));
				const left = contents(folder.path);
				for (const { canary } of filled.slice(0, -2)) expect(left).not.toContain(canary);
				expect(left).toContain(filled.at(-1)!.canary);
				store.close();
			}),
			{ numRuns: 8 }
		);
	});

	it('that somebody is reading meanwhile is out of the files as soon as they have left', async () => {
		await using folder = await tempFolder();
		const store = new SqliteTraceStore(folder.path);
		using reader = new DatabaseSync(join(folder.path, 'traces.sqlite'));
		const [gone] = fill(store, [500, 500]);
		reader.exec('BEGIN; SELECT count(*) FROM traces');
		expect(store.delete(gone!.traceId)).toBe(true);
		const given = new AbortController();
		const waiting = store.erased(given.signal);
		given.abort();
		await waiting;
		expect(contents(folder.path)).toContain(gone!.canary);
		reader.exec('COMMIT');
		await store.erased(patience());
		expect(contents(folder.path)).not.toContain(gone!.canary);
		store.close();
	});

	it('is taken out of the files by whoever opens the store next, when that could not be done before', async () => {
		await using folder = await tempFolder();
		const store = new SqliteTraceStore(folder.path);
		const reader = new DatabaseSync(join(folder.path, 'traces.sqlite'));
		const [gone] = fill(store, [500, 500]);
		reader.exec('BEGIN; SELECT count(*) FROM traces');
		store.delete(gone!.traceId);
		store.close();
		expect(contents(folder.path)).toContain(gone!.canary);
		reader.exec('COMMIT');
		const next = new SqliteTraceStore(folder.path);
		await next.erased(patience());
		expect(contents(folder.path)).not.toContain(gone!.canary);
		next.close();
		reader.close();
	});
});
