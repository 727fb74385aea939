import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AskEvent } from '#lib/contract/ask.ts';
import { searchResponseSchema } from '#lib/contract/search.ts';
import { statsSchema } from '#lib/contract/stats.ts';
import { traceSchema, type Trace } from '#lib/contract/trace.ts';
import { answer, errorStatus, resetAfter, truncate, type Script } from '../fixtures/model-server.ts';
import { naiveStats } from '../fixtures/naive-stats.ts';
import {
	chosenIds,
	detailsOf,
	recomputeDrop,
	tokensOf,
	type PassageText
} from '../fixtures/recompute-ledger.ts';
import { allEvents, startHttpTest, traceIdOf, type HttpTest } from './setup.ts';

const RUNS = 200;
const AT_ONCE = 8;
/** So few that not all passages of the small index have room. */
const SOURCE_TOKENS = 110;

const SUBJECTS = ['apple trees', 'pear trees', 'mooring lines', 'the fees', 'cherry pruning', 'submarines'];

interface Planned {
	question: string;
	library: 'orchard' | 'harbor' | null;
	limit: number;
	script: Script;
}

/** Random questions with random fates: all kinds of answers, and every fourth fails in some way. */
function plan(): Planned[] {
	const text = fc.array(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 8 });
	const good = fc
		.tuple(text, fc.nat(4), fc.boolean())
		.map(([tokens, cited, tellsUsage]) =>
			answer([...tokens, ` [${cited}]`], tellsUsage ? {} : { usage: null })
		);
	const bad = fc.oneof(
		fc.constantFrom<Script>(errorStatus(400), errorStatus(401)),
		text.map((tokens) => truncate(tokens)),
		text.map((tokens) => resetAfter(tokens))
	);
	const planned = fc.record({
		question: fc.constantFrom(...SUBJECTS).map((subject) => `What should I know about ${subject}?`),
		library: fc.constantFrom('orchard' as const, 'harbor' as const, null),
		limit: fc.integer({ min: 1, max: 6 }),
		script: fc.oneof({ weight: 3, arbitrary: good }, { weight: 1, arbitrary: bad })
	});
	return fc.sample(planned, { numRuns: RUNS, seed: 7 });
}

let test: HttpTest;
const streams: { traceId: string; limit: number; events: AskEvent[] }[] = [];
const traces: Trace[] = [];
/** Of the whole index, by id. */
const passages = new Map<string, PassageText>();

beforeAll(async () => {
	test = await startHttpTest({ env: { SOURCE_TOKENS: String(SOURCE_TOKENS) } });
	const planned = plan();
	const workers = Array.from({ length: AT_ONCE }, async () => {
		for (let next = planned.pop(); next; next = planned.pop()) {
			const { script, ...input } = next;
			test.model.queue(script);
			const events = await allEvents(await test.post('/ask/stream', input));
			streams.push({
				traceId: traceIdOf(events[0]!),
				limit: input.limit,
				events: events.map(({ event }) => event)
			});
		}
	});
	await Promise.all(workers);
	const search = await test.post('/search', { question: SUBJECTS.join(', '), limit: 50 });
	const { results } = searchResponseSchema.parse(await search.json());
	for (const result of results) passages.set(result.chunk_id, result);
	for (const { traceId } of streams) traces.push(traceSchema.parse(await test.json(`/traces/${traceId}`)));
});
afterAll(() => test?.[Symbol.asyncDispose]());

/** Time covered by the steps, the plain way: how many microseconds lie in any of them. */
function coveredMs(steps: Trace['steps']): number {
	const edges = [
		...new Set(steps.flatMap(({ start_ms, duration_ms }) => [start_ms, start_ms + duration_ms]))
	].sort((a, b) => a - b);
	return edges.slice(1).reduce((sum, end, index) => {
		const start = edges[index]!;
		const middle = (start + end) / 2;
		const isCovered = steps.some(
			(step) => step.start_ms <= middle && middle <= step.start_ms + step.duration_ms
		);
		return isCovered ? sum + end - start : sum;
	}, 0);
}

describe(`${RUNS} random runs`, () => {
	it('are all kept, and had fates of several kinds', () => {
		expect(traces).toHaveLength(RUNS);
		const statuses = new Set(traces.map((trace) => trace.status));
		expect([...statuses]).toEqual(expect.arrayContaining(['success', 'error']));
		expect(statuses).not.toContain('pending');
	});

	it('have times that add up: steps, as a union, and the unaccounted rest are the total', () => {
		for (const trace of traces) {
			const sum = coveredMs(trace.steps) + trace.unaccounted_ms!;
			expect(Math.abs(sum - trace.total_duration_ms!)).toBeLessThan(1);
			for (const step of trace.steps) {
				expect(step.start_ms + step.duration_ms).toBeLessThanOrEqual(trace.total_duration_ms! + 0.01);
			}
		}
	});

	it('have ledgers whose rows in context are the sources that were sent and the prompt', () => {
		for (const { traceId, events } of streams) {
			const trace = traces.find(({ trace_id }) => trace_id === traceId)!;
			const [first] = events;
			const sent = first?.type === 'sources' ? first.data : [];
			const inContext = trace.candidates.filter((candidate) => candidate.in_context);
			expect(inContext.map(({ chunk_id }) => chunk_id).toSorted()).toEqual(
				sent.flatMap(({ chunk_ids }) => chunk_ids).toSorted()
			);
			expect(trace.sources).toEqual(sent);
			const prompt = trace.prompt.map(({ content }) => content).join('\n');
			for (const { text } of sent) expect(prompt).toContain(text);
			for (const { chunk_id, cited } of inContext) {
				const source = sent.find(({ chunk_ids }) => chunk_ids.includes(chunk_id))!;
				expect(cited).toBe(trace.citations.includes(source.n));
			}
			for (const candidate of trace.candidates) {
				expect(candidate.in_context).toBe(candidate.dropped_at === null);
			}
		}
	});

	it('have ledgers that say truly why a passage was not given, within budget and limit', () => {
		for (const { traceId, limit, events } of streams) {
			const trace = traces.find(({ trace_id }) => trace_id === traceId)!;
			for (const row of trace.candidates) {
				expect(recomputeDrop(trace, row, { passages, limit }), row.chunk_id).toContain(row.dropped_at);
			}
			const [first] = events;
			const sent = first?.type === 'sources' ? first.data : [];
			expect(sent.length).toBeLessThanOrEqual(limit);
			const taken = chosenIds(trace).reduce((sum, id) => sum + tokensOf(passages.get(id)!), 0);
			expect(taken).toBe(detailsOf(trace, 'source_selection').source_tokens ?? 0);
			if (sent.length > 1) expect(taken).toBeLessThanOrEqual(SOURCE_TOKENS);
		}
		const fates = new Set(traces.flatMap(({ candidates }) => candidates.map((row) => row.dropped_at)));
		expect([...fates]).toEqual(expect.arrayContaining([null, 'limit', 'budget']));
	});

	it('end as their streams did, word for word', () => {
		for (const { traceId, events } of streams) {
			const trace = traces.find(({ trace_id }) => trace_id === traceId)!;
			const text = events.map((event) => (event.type === 'token' ? event.data : '')).join('');
			expect(trace.answer ?? '').toBe(text);
			const terminals = events.filter(({ type }) => type === 'done' || type === 'error');
			expect(terminals).toEqual([events.at(-1)]);
			const [terminal] = terminals;
			if (terminal?.type === 'done') expect(terminal.data.total_ms).toBe(trace.total_duration_ms);
			if (terminal?.type === 'error') expect(terminal.data.code).toBe(trace.error!.code);
		}
	});

	it.each(['', '?library=orchard', '?library=null', '?window=24h'])(
		'give /stats%s what a recomputation from /traces gives',
		async (query) => {
			const { series: _series, ...stats } = statsSchema.parse(await test.json(`/stats${query}`));
			const { window = 'all', library } = Object.fromEntries(new URLSearchParams(query)) as {
				window?: 'all' | '24h';
				library?: string;
			};
			expectClose(stats, naiveStats(traces, { window, library }, new Date()));
		}
	);
});

/** Equal but for the last digits of sums that were added in another order. */
function expectClose(actual: unknown, expected: unknown, path = 'stats'): void {
	if (typeof actual === 'number' && typeof expected === 'number') {
		expect(Math.abs(actual - expected), `${path}: ${actual} and ${expected}`).toBeLessThan(0.002);
	} else if (
		typeof actual === 'object' &&
		actual !== null &&
		typeof expected === 'object' &&
		expected !== null
	) {
		expect(Object.keys(actual).toSorted(), path).toEqual(Object.keys(expected).toSorted());
		for (const [key, value] of Object.entries(actual)) {
			expectClose(value, (expected as Record<string, unknown>)[key], `${path}.${key}`);
		}
	} else {
		expect(actual, path).toEqual(expected);
	}
}
