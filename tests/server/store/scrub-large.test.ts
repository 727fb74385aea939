import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Trace } from '#lib/contract/trace.ts';
import { SqliteTraceStore } from '#lib/server/store/sqlite.ts';
import { answered, demoSource, pendingTrace } from '../../fixtures/traces.ts';
import { tempFolder } from '../../fixtures/temp-folder.ts';

const MB = 1024 * 1024;
const PLACES = ['question', 'passage', 'answer', 'prompt', 'conversation', 'comment'] as const;
const canary = (place: (typeof PLACES)[number], id: string) => `canary-${place}-of-${id}-end`;
const patience = () => AbortSignal.timeout(20_000);
const dayOf = (index: number) => new Date(Date.UTC(2026, 0, 1 + index)).toISOString();

interface Life {
	trace: Trace;
	/** How long its answer gets, in repetitions of its canary. */
	length: number;
}

/** Traces that are answered all at once, their texts growing in turns; the event loop gets its turns, so that checkpoints go on. */
async function live(
	store: SqliteTraceStore,
	count: number,
	flushes: number,
	length: (index: number) => number
) {
	const lives: Life[] = Array.from({ length: count }, (_, index) => {
		const id = `life-${count}-${index}`;
		const given = { trace_id: id, timestamp: dayOf(index), conversation_id: canary('conversation', id) };
		const trace = pendingTrace({ ...given, question: `Where is ${canary('question', id)}?` });
		store.create(trace);
		return { trace, length: length(index) };
	});
	const answerOf = ({ trace, length }: Life, share: number) =>
		`${canary('answer', trace.trace_id)} `.repeat(Math.ceil(length * share));
	for (let flush = 1; flush <= flushes; flush += 1) {
		for (const life of lives)
			store.saveProgress(new Map([[life.trace.trace_id, answerOf(life, flush / flushes)]]));
		await setImmediate();
	}
	for (const life of lives) {
		const { trace_id } = life.trace;
		const sources = [{ ...demoSource, text: canary('passage', trace_id).repeat(20) }];
		store.saveSources(trace_id, sources);
		const prompt: Trace['prompt'] = [{ role: 'user', content: canary('prompt', trace_id).repeat(20) }];
		const trace = answered(life.trace, { answer: answerOf(life, 1), sources, prompt });
		store.finalise({ trace, tokenLengths: [] });
		store.saveFeedback({ trace_id, rating: 'down', comment: canary('comment', trace_id) });
	}
	return lives.map(({ trace }) => trace.trace_id);
}

/** The canaries of some traces that are in some file, by the name of the file. */
function foundIn(folder: string, ids: readonly string[]): string[] {
	return readdirSync(folder).flatMap((name) => {
		const bytes = readFileSync(join(folder, name));
		const all = ids.flatMap((id) => PLACES.map((place) => canary(place, id)));
		return all.filter((text) => bytes.includes(text)).map((text) => `${name}: ${text}`);
	});
}

function isWhole(folder: string): boolean {
	using database = new DatabaseSync(join(folder, 'traces.sqlite'), { timeout: 5000 });
	return database.prepare('PRAGMA integrity_check').get()?.integrity_check === 'ok';
}

it.each([
	[
		'by its id',
		async (store: SqliteTraceStore, gone: readonly string[]) => gone.forEach((id) => store.delete(id))
	],
	[
		'by its age',
		(store: SqliteTraceStore, gone: readonly string[]) => store.deleteBefore(new Date(dayOf(gone.length)))
	]
])(
	'of a long answer, deleted %s while others go on and somebody reads, nothing is left in any file',
	async (_, remove) => {
		await using folder = await tempFolder();
		const store = new SqliteTraceStore(folder.path);
		using reader = new DatabaseSync(join(folder.path, 'traces.sqlite'));
		const first = await live(store, 12, 20, (index) => (index === 0 ? 40_000 : 4000));
		expect(statSync(join(folder.path, 'traces.sqlite-wal')).size).toBeGreaterThan(4 * MB);
		const [gone, kept] = [first.slice(0, 6), first.slice(6)];
		const before = kept.map((id) => store.get(id));

		reader.exec('BEGIN; SELECT count(*) FROM traces');
		const writing = live(store, 8, 20, () => 4000);
		const removed = remove(store, gone);
		await writing;
		expect(foundIn(folder.path, gone)).not.toEqual([]);
		reader.exec('COMMIT');
		const stillWriting = live(store, 9, 20, () => 4000);
		await removed;
		await store.erased(patience());
		expect(foundIn(folder.path, gone)).toEqual([]);
		await stillWriting;

		expect(foundIn(folder.path, gone)).toEqual([]);
		expect(kept.map((id) => store.get(id))).toEqual(before);
		expect(isWhole(folder.path)).toBe(true);
		store.close();
	}
);

it('of small traces in a large store, whose rows SQLite has moved about, nothing is left in any file', async () => {
	await using folder = await tempFolder();
	const store = new SqliteTraceStore(folder.path);
	await live(store, 120, 2, () => 1000);
	// Fifty at a time, of which now this one grows, now that one.
	const traces = Array.from({ length: 1500 }, (_, index) => {
		const id = `small-${index}`;
		return pendingTrace({
			trace_id: id,
			question: `Where is ${canary('question', id)}? ${'more '.repeat((index * 7) % 20)}`
		});
	});
	const [random] = fc.sample(fc.infiniteStream(fc.nat()), { seed: 5, numRuns: 1 });
	const next = (below: number) => Number(random!.next().value) % below;
	const growing: { trace: Trace; length: number; end: number }[] = [];
	for (let started = 0; started < traces.length || growing.length > 0;) {
		if (growing.length < 50 && started < traces.length) {
			const trace = traces[started]!;
			store.create(trace);
			growing.push({ trace, length: 0, end: next(15) });
			started += 1;
		}
		const at = next(growing.length);
		const one = growing[at]!;
		const { trace_id } = one.trace;
		one.length += 1 + next(one.end + 1);
		const answer = `${canary('answer', trace_id)} `.repeat(Math.min(one.length, one.end));
		store.saveProgress(new Map([[trace_id, answer]]));
		if (one.length < one.end) continue;
		store.finalise({ trace: answered(one.trace, { answer, candidates: [] }), tokenLengths: [] });
		growing.splice(at, 1);
	}
	expect(statSync(join(folder.path, 'traces.sqlite-wal')).size).toBeGreaterThan(4 * MB);
	const ids = traces.map(({ trace_id }) => trace_id);
	const gone = ids.filter((_, index) => index % 4 === 0);
	const kept = ids.filter((_, index) => index % 4 !== 0);
	const before = kept.map((id) => store.get(id));
	for (const id of gone) store.delete(id);
	await store.erased(patience());
	expect(foundIn(folder.path, gone)).toEqual([]);
	expect(kept.map((id) => store.get(id))).toEqual(before);
	expect(isWhole(folder.path)).toBe(true);
	store.close();
});
