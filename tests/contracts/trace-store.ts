import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { statsSchema, type Stats } from '#lib/contract/stats.ts';
import { traceSchema, traceSummarySchema, type Trace } from '#lib/contract/trace.ts';
import type { TraceStore } from '#lib/server/store/trace-store.ts';
import { naiveStats } from '../fixtures/naive-stats.ts';
import { answered, arbitraryTrace, demoSource, listRequest, pendingTrace, step } from '../fixtures/traces.ts';

/** A store to test, empty, and how to get rid of it. */
export interface StoreUnderTest {
	store: TraceStore;
	remove(): void;
}

const minute = 60_000;
const now = new Date('2026-02-05T18:00:00.000Z');
const ago = (milliseconds: number) => new Date(now.getTime() - milliseconds).toISOString();
const all = { window: 'all' } as const;

/** What every trace store does. */
export function describeTraceStore(name: string, open: () => StoreUnderTest): void {
	describe(`${name} as a trace store`, () => {
		let store: TraceStore;
		let remove: () => void;
		beforeEach(() => ({ store, remove } = open()));
		afterEach(() => remove());

		/** Stores a trace and ends it as given. */
		function keep(given: Partial<Trace> = {}, pending: Partial<Trace> = {}): Trace {
			const accepted = pendingTrace(pending);
			const ended = answered(accepted, given);
			store.create(accepted);
			store.finalise({ trace: ended, tokenLengths: [] });
			return ended;
		}
		const idsOf = async (given: Parameters<typeof listRequest>[0] = {}) =>
			(await store.list(listRequest(given))).map((trace) => trace.trace_id);

		describe('the life of a trace', () => {
			it('keeps a pending trace from acceptance on', () => {
				const trace = pendingTrace({ library_filter: 'demo', conversation_id: 'talk' });
				store.create(trace);
				expect(store.get(trace.trace_id)).toEqual(trace);
			});

			it('gives an ended trace back whole, as the contract has it', () => {
				const accepted = pendingTrace({ library_filter: 'demo', route: 'ask_stream' });
				store.create(accepted);
				const ended = answered(accepted);
				store.finalise({ trace: ended, tokenLengths: [4, 11] });
				const kept = store.get(ended.trace_id);
				expect(kept).toEqual(ended);
				expect(traceSchema.parse(kept)).toEqual(ended);
			});

			it('keeps an error', () => {
				const error = { code: 'upstream_timeout', message: 'The model did not answer in time.' } as const;
				const ended = keep({ status: 'error', error, answer: null });
				expect(store.get(ended.trace_id)).toMatchObject({ status: 'error', error, answer: null });
			});

			it('ends a trace once: the second end returns false and changes nothing', () => {
				const ended = keep();
				const again = { ...ended, status: 'error' as const, answer: 'other', total_duration_ms: 9999 };
				expect(store.finalise({ trace: again, tokenLengths: [] })).toBe(false);
				expect(store.get(ended.trace_id)).toEqual(ended);
			});

			it('does not end what was never accepted', () => {
				const trace = answered(pendingTrace());
				expect(store.finalise({ trace, tokenLengths: [] })).toBe(false);
				expect(store.get(trace.trace_id)).toBeNull();
			});

			it('refuses a second trace with the same id and keeps the first', async () => {
				const trace = pendingTrace();
				store.create(trace);
				expect(() => store.create({ ...trace, question: 'Another?' })).toThrow(
					expect.objectContaining({ name: 'AppError', code: 'storage_failed' })
				);
				expect(store.get(trace.trace_id)?.question).toBe(trace.question);
				expect(await store.list(listRequest())).toHaveLength(1);
			});

			it('saves the text so far, until the end', () => {
				const trace = pendingTrace();
				store.create(trace);
				store.saveProgress(new Map([[trace.trace_id, 'Use']]));
				store.saveProgress(new Map([[trace.trace_id, 'Use `po']]));
				expect(store.get(trace.trace_id)).toEqual({ ...trace, answer: 'Use `po' });
				const ended = answered(trace);
				store.finalise({ trace: ended, tokenLengths: [] });
				store.saveProgress(new Map([[trace.trace_id, 'too late']]));
				expect(store.get(trace.trace_id)?.answer).toBe(ended.answer);
			});

			it('saves the sources as soon as they are known, until the end', () => {
				const trace = pendingTrace();
				store.create(trace);
				store.saveSources(trace.trace_id, [demoSource]);
				store.saveProgress(new Map([[trace.trace_id, 'Use']]));
				expect(store.get(trace.trace_id)).toEqual({ ...trace, answer: 'Use', sources: [demoSource] });
				const ended = answered(trace);
				store.finalise({ trace: ended, tokenLengths: [] });
				store.saveSources(trace.trace_id, []);
				expect(store.get(trace.trace_id)?.sources).toEqual(ended.sources);
			});

			it('saves the texts of several traces, and takes no notice of unknown and ended ones among them', () => {
				const [one, two] = [pendingTrace(), pendingTrace()];
				store.create(one);
				const ended = keep();
				store.create(two);
				store.saveProgress(
					new Map([
						['nobody', 'text'],
						[one.trace_id, 'Use'],
						[ended.trace_id, 'too late'],
						[two.trace_id, 'Call']
					])
				);
				expect(store.get('nobody')).toBeNull();
				expect(store.get(one.trace_id)?.answer).toBe('Use');
				expect(store.get(ended.trace_id)?.answer).toBe(ended.answer);
				expect(store.get(two.trace_id)?.answer).toBe('Call');
			});

			it('is untouched by later changes to what went in or came out', async () => {
				const ended = keep();
				const before = structuredClone(ended);
				ended.steps.length = 0;
				ended.sources[0] = { ...demoSource, text: 'changed' };
				const read = store.get(ended.trace_id);
				read?.candidates.splice(0);
				(await store.list(listRequest()))[0]?.steps.splice(0);
				expect(store.get(before.trace_id)).toEqual(before);
			});

			it('keeps any text exactly', () => {
				const text = fc.string({ unit: 'grapheme', maxLength: 60 });
				fc.assert(
					fc.property(text, text, text, (question, answer, heading) => {
						const source = { ...demoSource, heading_path: [heading, '\u2028', '"'], text: answer };
						const ended = keep({ answer: `${answer}.`, sources: [source] }, { question: `${question}?` });
						expect(store.get(ended.trace_id)).toEqual(ended);
					}),
					{ numRuns: 50 }
				);
			});
		});

		describe('replay', () => {
			it('gives the lengths of the tokens, so that every event can be made again', () => {
				const accepted = pendingTrace();
				const tokens = ['Use ', '`post`', ' [1]', '.'];
				const trace = answered(accepted, { answer: tokens.join('') });
				store.create(accepted);
				store.finalise({ trace, tokenLengths: tokens.map((token) => token.length) });
				const run = store.getRun(trace.trace_id);
				let at = 0;
				expect(run?.tokenLengths.map((length) => run.trace.answer?.slice(at, (at += length)))).toEqual(
					tokens
				);
			});

			it('counts text whose tokens are not known as one token', () => {
				const trace = pendingTrace();
				store.create(trace);
				expect(store.getRun(trace.trace_id)?.tokenLengths).toEqual([]);
				store.saveProgress(new Map([[trace.trace_id, 'Use `po']]));
				expect(store.getRun(trace.trace_id)?.tokenLengths).toEqual([7]);
			});

			it('knows nothing of unknown runs', () => {
				expect(store.getRun('nobody')).toBeNull();
			});
		});

		describe('the list', () => {
			it('is newest first; of the same moment, last inserted first', async () => {
				const old = keep({}, { timestamp: ago(2 * minute) });
				const first = keep({}, { timestamp: ago(minute) });
				const second = keep({}, { timestamp: ago(minute) });
				const late = keep({}, { timestamp: ago(3 * minute) });
				expect(await idsOf()).toEqual([second, first, old, late].map((trace) => trace.trace_id));
			});

			it('shows summaries in the contract’s shape, without prompt and candidates', async () => {
				const ended = keep();
				const [summary] = await store.list(listRequest());
				expect(summary).toEqual(traceSummarySchema.parse(ended));
				expect(summary).not.toHaveProperty('candidates');
				expect(summary).not.toHaveProperty('prompt');
			});

			it('keeps to the limit', async () => {
				const ids = Array.from({ length: 5 }, () => keep().trace_id).reverse();
				expect(await idsOf({ limit: 3 })).toEqual(ids.slice(0, 3));
			});

			it('filters by library; the word null selects questions over all libraries', async () => {
				const everywhere = keep().trace_id;
				const python = keep({}, { library_filter: 'python' }).trace_id;
				expect(await idsOf({ library: 'python' })).toEqual([python]);
				expect(await idsOf({ library: 'null' })).toEqual([everywhere]);
				expect(await idsOf({ library: 'pyth' })).toEqual([]);
			});

			it('filters by status', async () => {
				const refused = keep({ status: 'refused' }).trace_id;
				keep();
				const pending = pendingTrace();
				store.create(pending);
				expect(await idsOf({ status: 'refused' })).toEqual([refused]);
				expect(await idsOf({ status: 'pending' })).toEqual([pending.trace_id]);
			});

			it('filters by evidence, also of a library or a status', async () => {
				const thin = keep({ evidence: 'thin' }).trace_id;
				const python = keep({ evidence: 'thin' }, { library_filter: 'python' }).trace_id;
				const refused = keep({ evidence: 'thin', status: 'refused', refused_by: 'model' }).trace_id;
				const good = keep({ evidence: 'good' }).trace_id;
				keep({ evidence: null, status: 'refused', refused_by: 'gate' });
				expect(await idsOf({ evidence: 'good' })).toEqual([good]);
				expect(await idsOf({ evidence: 'thin' })).toEqual([refused, python, thin]);
				expect(await idsOf({ evidence: 'thin', library: 'python' })).toEqual([python]);
				expect(await idsOf({ evidence: 'thin', status: 'refused' })).toEqual([refused]);
				expect(await idsOf({ evidence: 'thin', q: 'endpoint', limit: 2 })).toEqual([refused, python]);
			});

			it('filters by the least time taken, which pending traces have not', async () => {
				store.create(pendingTrace());
				keep({ total_duration_ms: 99.999 });
				const slow = keep({ total_duration_ms: 100 }).trace_id;
				expect(await idsOf({ min_ms: 100 })).toEqual([slow]);
				expect(await idsOf({ min_ms: 0 })).toHaveLength(2);
			});

			it.each([
				['part of the question', 'endpoint', 'Make an endpoint now?'],
				['any case', 'ENDPOINT', 'Make an Endpoint now?'],
				['any case of any alphabet', 'ÜBERSICHT ж', 'Zur Übersicht Ж?'],
				['a percent sign as itself', '100%', 'Is it 100% sure?'],
				['an underscore as itself', 'a_b', 'What is a_b?'],
				['a backslash and quotes as themselves', `\\'"`, `Escape \\'" how?`]
			])('searches for %s', async (_what, q, question) => {
				const found = keep({}, { question }).trace_id;
				keep({}, { question: 'Is it 100 or axb?' });
				expect(await idsOf({ q })).toEqual([found]);
			});

			it('combines filters', async () => {
				const both = keep({}, { library_filter: 'python', question: 'What is asyncio?' }).trace_id;
				keep({}, { library_filter: 'python', question: 'What is a list?' });
				keep({}, { library_filter: 'fastapi', question: 'What is asyncio?' });
				expect(await idsOf({ library: 'python', q: 'asyncio', status: 'success', min_ms: 1 })).toEqual([
					both
				]);
			});

			it('says so when the cursor names no trace', async () => {
				await expect(store.list(listRequest({ before: 'nobody' }))).rejects.toThrow(
					expect.objectContaining({ name: 'AppError', code: 'invalid_request' })
				);
			});

			it('pages without repeating or skipping a trace, whatever is inserted meanwhile', async () => {
				await fc.assert(
					fc.asyncProperty(
						fc.array(fc.nat(5), { minLength: 1, maxLength: 25 }),
						fc.integer({ min: 1, max: 7 }),
						fc.array(fc.nat(5), { minLength: 1, maxLength: 10 }),
						async (ages, limit, arriving) => {
							const conversation_id = crypto.randomUUID();
							const library_filter = conversation_id;
							const there = ages.map((age) => keep({}, { timestamp: ago(age * minute), library_filter }));
							const expected = there
								.map((trace, number) => ({ trace, number }))
								.sort(
									(a, b) =>
										Date.parse(b.trace.timestamp) - Date.parse(a.trace.timestamp) || b.number - a.number
								)
								.map(({ trace }) => trace.trace_id);
							const arrivals = [...arriving];
							const seen: string[] = [];
							for (;;) {
								const before = seen.at(-1);
								const page = await idsOf({ limit, library: library_filter, ...(before && { before }) });
								seen.push(...page);
								if (page.length < limit) break;
								const age = arrivals.pop();
								// New traces are accepted now, so they sort before everything that is there.
								if (age !== undefined) keep({}, { timestamp: ago(-minute * (6 - age)), library_filter });
							}
							expect(seen).toEqual(expected);
						}
					),
					{ numRuns: 25 }
				);
			});
		});

		describe('turns of a conversation', () => {
			it('are the question that it is named after and its follow-ups, oldest first', () => {
				const first = keep({ answer: 'A1' }, { question: 'Q1', timestamp: ago(3 * minute) });
				const talk = first.trace_id;
				keep({ answer: 'A2' }, { question: 'Q2', conversation_id: talk, timestamp: ago(2 * minute) });
				keep({ answer: 'other' }, { question: 'Other', conversation_id: 'other' });
				keep({ answer: 'A3' }, { question: 'Q3', conversation_id: talk, timestamp: ago(minute) });
				expect(store.turns(talk, 10)).toEqual([
					{ question: 'Q1', answer: 'A1' },
					{ question: 'Q2', answer: 'A2' },
					{ question: 'Q3', answer: 'A3' }
				]);
				expect(store.turns(talk, 2).map((turn) => turn.question)).toEqual(['Q2', 'Q3']);
			});

			it('are finished ones only', () => {
				const conversation_id = 'talk';
				store.create(pendingTrace({ conversation_id }));
				keep({ status: 'cancelled' }, { conversation_id });
				keep({ status: 'error' }, { conversation_id });
				keep({ status: 'refused', answer: 'No.' }, { conversation_id, question: 'Off topic?' });
				expect(store.turns(conversation_id, 5)).toEqual([{ question: 'Off topic?', answer: 'No.' }]);
			});
		});

		describe('feedback', () => {
			it('is kept with the trace; a second rating replaces the first', () => {
				const { trace_id } = keep();
				expect(store.saveFeedback({ trace_id, rating: 'down', comment: 'Wrong page.' })).toBe(true);
				expect(store.get(trace_id)?.feedback).toEqual({ rating: 'down', comment: 'Wrong page.' });
				store.saveFeedback({ trace_id, rating: 'up' });
				expect(store.get(trace_id)?.feedback).toEqual({ rating: 'up', comment: null });
			});

			it('given while the answer still comes survives its end', () => {
				const trace = pendingTrace();
				store.create(trace);
				store.saveFeedback({ trace_id: trace.trace_id, rating: 'up' });
				store.finalise({ trace: answered(trace), tokenLengths: [] });
				expect(store.get(trace.trace_id)?.feedback).toEqual({ rating: 'up', comment: null });
			});

			it('on an unknown trace is refused', () => {
				expect(store.saveFeedback({ trace_id: 'nobody', rating: 'up' })).toBe(false);
			});
		});

		describe('deletion', () => {
			it('takes a trace out of everything', async () => {
				const { trace_id } = keep();
				const other = keep();
				expect(store.delete(trace_id)).toBe(true);
				expect(store.delete(trace_id)).toBe(false);
				expect(store.get(trace_id)).toBeNull();
				expect(await idsOf()).toEqual([other.trace_id]);
				const stats = await store.stats(all, now);
				expect(stats.total_queries).toBe(1);
				expect(stats.steps.llm_generation?.count).toBe(1);
			});

			it('by age takes however many there are', async () => {
				for (let made = 0; made < 35; made += 1) keep({}, { timestamp: ago(minute) });
				expect(await store.deleteBefore(now)).toBe(35);
				expect(await idsOf()).toEqual([]);
			});

			it('by age takes the older ones, but none that is still running', async () => {
				const old = keep({}, { timestamp: ago(2 * minute) });
				const edge = keep({}, { timestamp: ago(minute) });
				const running = pendingTrace({ timestamp: ago(3 * minute) });
				store.create(running);
				expect(await store.deleteBefore(new Date(ago(minute)))).toBe(1);
				expect(store.get(old.trace_id)).toBeNull();
				expect(await idsOf()).toEqual([edge.trace_id, running.trace_id]);
			});

			it('by subject takes all of theirs, also one that is still running, and nobody else’s', async () => {
				const others = [keep(), keep()].map(({ trace_id }) => trace_id);
				const theirs = Array.from({ length: 12 }, (_, made) => {
					const pending = pendingTrace({ timestamp: ago(made * minute) });
					store.create(pending, 'jane');
					if (made > 0) store.finalise({ trace: answered(pending), tokenLengths: [] });
					return pending.trace_id;
				});
				const john = pendingTrace({ timestamp: ago(30 * minute) });
				store.create(john, 'john');
				expect((await store.deleteSubject('jane')).toSorted()).toEqual(theirs.toSorted());
				expect((await idsOf()).toSorted()).toEqual([...others, john.trace_id].toSorted());
				expect(await store.deleteSubject('jane')).toEqual([]);
				expect(await store.deleteSubject('Jane')).toEqual([]);
			});
		});

		describe('statistics', () => {
			it('of an empty store have no figures, rather than zeros', async () => {
				const stats = await store.stats(all, now);
				expect(statsSchema.parse(stats)).toEqual(stats);
				expect(stats).toMatchObject({
					total_queries: 0,
					avg_latency_ms: null,
					p95_latency_ms: null,
					cost_usd: null,
					tokens: { prompt: null, completion: null },
					bottleneck: null,
					steps: {},
					series: []
				});
			});

			it('split an answer into rewriting, retrieval, generation and the rest', async () => {
				const steps = [
					step('query_rewriting', 0, 30),
					step('retrieval_semantic', 30, 40),
					step('retrieval_bm25', 40, 40),
					step('fusion_rrf', 90, 5),
					step('llm_generation', 100, 100)
				];
				keep({ steps, total_duration_ms: 210 });
				const stats = await store.stats(all, now);
				expect(stats).toMatchObject({
					avg_rewriting_ms: 30,
					avg_retrieval_ms: 55,
					avg_generation_ms: 100,
					avg_latency_ms: 210
				});
				expect(stats.bottleneck).toBe('generation');
				expect(stats.series.find((point) => point.queries > 0)).toMatchObject({
					avg_rewriting_ms: 30,
					avg_other_ms: 25
				});
			});

			it('count every trace, but average finished answers only', async () => {
				store.create(pendingTrace());
				keep({ status: 'cancelled', total_duration_ms: 9000, cost_usd: 0.5 });
				keep({
					status: 'refused',
					total_duration_ms: 10,
					steps: [step('retrieval_bm25', 0, 8)],
					cost_usd: null
				});
				keep({ total_duration_ms: 30 }, { library_filter: 'python' });
				const stats = await store.stats(all, now);
				expect(stats.total_queries).toBe(4);
				expect(stats.statuses).toEqual({ pending: 1, cancelled: 1, refused: 1, success: 1 });
				expect(stats.queries_per_library).toEqual({ null: 3, python: 1 });
				expect(stats.avg_latency_ms).toBe(20);
				expect(stats.p99_latency_ms).toBe(30);
				expect(stats.steps.retrieval_bm25).toEqual({
					count: 2,
					avg_ms: 10,
					p50_ms: 8,
					p95_ms: 12,
					p99_ms: 12
				});
				expect(stats.steps.llm_generation?.count).toBe(1);
				expect(stats.cost_usd).toBe(0.5125);
				expect(stats.unpriced_queries).toBe(1);
			});

			it('follow a later rating', async () => {
				const { trace_id } = keep();
				store.saveFeedback({ trace_id, rating: 'down' });
				expect((await store.stats(all, now)).feedback).toEqual({ up: 0, down: 1 });
			});

			it('cover the window up to now, both ends included', async () => {
				keep({}, { timestamp: ago(60 * minute) });
				keep({}, { timestamp: ago(60 * minute + 1) });
				keep({}, { timestamp: ago(0) });
				keep({}, { timestamp: ago(-1) });
				const stats = await store.stats({ window: '1h' }, now);
				expect(stats.total_queries).toBe(2);
				expect(stats.series).toHaveLength(60);
				expect([stats.series.at(0)?.queries, stats.series.at(-1)?.queries]).toEqual([1, 1]);
				expect((await store.stats(all, now)).total_queries).toBe(4);
			});

			it('of one library leave out the others', async () => {
				keep({ total_duration_ms: 50 });
				keep({ total_duration_ms: 70 }, { library_filter: 'python' });
				const python = await store.stats({ window: 'all', library: 'python' }, now);
				expect(python).toMatchObject({ total_queries: 1, avg_latency_ms: 70 });
				expect(python.steps.llm_generation?.count).toBe(1);
				const everywhere = await store.stats({ window: 'all', library: 'null' }, now);
				expect(everywhere).toMatchObject({ total_queries: 1, avg_latency_ms: 50 });
			});

			it('equal a plain recomputation from the full traces', async () => {
				const hours = 60 * minute;
				const request = fc.record({
					window: fc.constantFrom('1h', '24h', '7d', 'all'),
					library: fc.option(fc.constantFrom('fastapi', 'python', 'null', 'it’s_100%'), { nil: undefined })
				});
				const traces = fc
					.constantFrom(hours, 20 * hours, 400 * hours)
					.chain((span) => fc.array(arbitraryTrace(now, span), { maxLength: 30 }));
				await fc.assert(
					fc.asyncProperty(traces, request, async (given, { window, library }) => {
						const { store, remove } = open();
						try {
							for (const trace of given) {
								store.create({ ...trace, status: 'pending', feedback: null });
								store.finalise({ trace, tokenLengths: [] });
								if (trace.feedback)
									store.saveFeedback({ trace_id: trace.trace_id, rating: trace.feedback.rating });
							}
							const listed = await store.list(listRequest({ limit: 200 }));
							const full = listed.map(({ trace_id }) => store.get(trace_id));
							const kept = full.filter((trace) => trace !== null);
							expect(kept).toHaveLength(given.length);
							const stats = await store.stats({ window, library }, now);
							const { series, ...figures } = stats;
							expectClose(figures, naiveStats(kept, { window, library }, now));
							expectWholeSeries(stats);
							expect(statsSchema.parse(stats).series).toEqual(series);
						} finally {
							remove();
						}
					}),
					{ numRuns: 60 }
				);
			});
		});

		it('can be closed twice', () => {
			store.close();
			store.close();
		});
	});
}

/** Equal but for the rounding of averages to microseconds. */
function expectClose(actual: unknown, expected: unknown, path = 'stats'): void {
	if (typeof actual === 'number' && typeof expected === 'number') {
		expect(Math.abs(actual - expected), path).toBeLessThanOrEqual(0.00051);
	} else if (typeof actual === 'object' && actual && typeof expected === 'object' && expected) {
		expect(Object.keys(actual).sort(), path).toEqual(Object.keys(expected).sort());
		for (const [key, value] of Object.entries(actual)) {
			expectClose(value, (expected as Record<string, unknown>)[key], `${path}.${key}`);
		}
	} else {
		expect(actual, path).toEqual(expected);
	}
}

/** Every counted trace is in exactly one bucket, and the buckets are equal and without gaps. */
function expectWholeSeries({ series, total_queries, window }: Stats): void {
	expect(series.reduce((sum, point) => sum + point.queries, 0)).toBe(total_queries);
	const starts = series.map((point) => Date.parse(point.start));
	const widths = new Set(starts.slice(1).map((start, at) => start - (starts[at] ?? NaN)));
	expect(widths.size).toBeLessThanOrEqual(1);
	if (window === 'all') expect(series.length).toBeLessThanOrEqual(60);
	else expect(series).toHaveLength({ '1h': 60, '24h': 48, '7d': 84 }[window]);
}
