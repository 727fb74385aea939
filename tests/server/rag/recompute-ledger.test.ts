import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Chunk } from '#lib/contract/chunk.ts';
import { traceSchema, type Trace } from '#lib/contract/trace.ts';
import { parseConfig } from '#lib/server/config.ts';
import { ingest } from '#lib/server/ingest/ingest.ts';
import { createServices } from '#lib/server/services.ts';
import { SqliteTraceStore } from '#lib/server/store/sqlite.ts';
import {
	chosenIds,
	detailsOf,
	recomputeDrop,
	recomputeFusion,
	recomputeRerank,
	storedRanks,
	tokensOf
} from '../../fixtures/recompute-ledger.ts';
import { tempFolder, type TempFolder } from '../../fixtures/temp-folder.ts';

const WORDS =
	`apple pear quince orchard ladder basket winter summer prune graft root bark blossom frost harvest cider press barrel cellar
	wasp hedge gate soil loam compost mulch seed sapling nursery market`.split(/\s+/);
const QUESTIONS = [
	{ question: 'How do I prune an apple tree in winter?', library: null, limit: 50 },
	{ question: 'Which soil does a pear sapling need after the frost?', library: 'orchard', limit: 5 },
	{ question: 'cider press and barrel in the cellar', library: 'cellar', limit: 20 },
	{
		question: 'Can wasps harm the harvest? I have seen some at the hedge near the gate.',
		library: null,
		limit: 1
	},
	{ question: 'zxqv wkjh', library: null, limit: 50 }
];

/** Pages of chosen words, so many that not all of them are reranked. */
function pages(library: string, count: number): Record<string, string> {
	const word = (at: number) => WORDS[at % WORDS.length]!;
	return Object.fromEntries(
		Array.from({ length: count }, (_, page) => {
			const text = Array.from({ length: 30 }, (_, at) => word(page * 7 + at * (1 + (page % 11)))).join(' ');
			return [`${library}/${page}.md`, `# ${word(page)} and ${word(page * 3 + 1)}\n\n${text} tree.\n`];
		})
	);
}

let folder: TempFolder;
const traces: Trace[] = [];
const passages = new Map<string, Chunk>();

beforeAll(async () => {
	folder = await tempFolder({ ...pages('orchard', 200), ...pages('cellar', 140) });
	const config = parseConfig({ DATA_DIR: join(folder.path, 'data') });
	const services = await createServices(config);
	const { signal } = new AbortController();
	const ids: string[] = [];
	try {
		for (const library of ['orchard', 'cellar']) {
			const sources = [join(folder.path, library)];
			await ingest({ corpus: services.corpus, sources, library, prune: true, signal });
		}
		await services.publish(() => {}, signal);
		for (const asked of QUESTIONS) {
			const run = services.runs.start(asked, 'ask');
			ids.push((await run.finished).trace_id);
		}
		for (const { chunk } of services.corpus.passages(null)) passages.set(chunk.chunk_id, chunk);
	} finally {
		await services.close();
	}
	// Only what the file holds counts: it is read by a store that has seen none of the runs.
	const store = new SqliteTraceStore(config.DATA_DIR);
	for (const id of ids) traces.push(traceSchema.parse(await store.get(id)));
	store.close();
});
afterAll(() => folder?.[Symbol.asyncDispose]());

describe.each(QUESTIONS.map(({ question }, at) => ({ question, at })))(
	'the stored trace of $question',
	({ at }) => {
		it('gives the ranks and scores of fusion again, from the ranks of both searches', () => {
			const trace = traces[at]!;
			expect(recomputeFusion(trace)).toEqual(storedRanks(trace, 'fusion'));
			expect(trace.candidates.filter((row) => row.fusion)).toHaveLength(trace.candidates.length);
		});

		it('gives the ranks and scores of the reranker again, from features and weights', () => {
			const trace = traces[at]!;
			const stored = storedRanks(trace, 'rerank');
			const recomputed = recomputeRerank(trace);
			expect(recomputed.map(([id, { rank }]) => [id, rank])).toEqual(
				stored.map(([id, { rank }]) => [id, rank])
			);
			recomputed.forEach(([, { score }], place) => expect(score).toBeCloseTo(stored[place]![1].score, 9));
		});

		it('has ranks from 1 without a gap, in the order of the scores', () => {
			for (const stage of ['semantic', 'bm25', 'fusion', 'rerank'] as const) {
				const ranks = storedRanks(traces[at]!, stage);
				expect(ranks.map(([, { rank }]) => rank)).toEqual(ranks.map((_, place) => place + 1));
				const scores = ranks.map(([, { score }]) => score);
				expect(scores).toEqual(scores.toSorted((a, b) => b - a));
			}
		});

		it('says of every row what became of it, as the other parts of the trace say', () => {
			const trace = traces[at]!;
			const cited = trace.sources
				.filter(({ n }) => trace.citations.includes(n))
				.flatMap((source) => source.chunk_ids);
			const asked = { passages, limit: QUESTIONS[at]!.limit };
			for (const row of trace.candidates) {
				expect(recomputeDrop(trace, row, asked), row.chunk_id).toContain(row.dropped_at);
				expect(row.in_context).toBe(row.dropped_at === null);
				expect(row.cited).toBe(cited.includes(row.chunk_id));
			}
			for (const name of ['semantic', 'bm25'] as const) {
				const ranked = storedRanks(trace, name).length;
				expect(detailsOf(trace, `retrieval_${name}`).n_results).toBe(ranked);
			}
			expect(detailsOf(trace, 'fusion_rrf').n_candidates).toBe(trace.candidates.length);
			expect(detailsOf(trace, 'reranking').n_output).toBe(storedRanks(trace, 'rerank').length);
		});

		it('gives what the sources take of the budget again, from their passages', () => {
			const trace = traces[at]!;
			const given = chosenIds(trace).map((id) => passages.get(id)!);
			const { source_tokens, room_tokens, ...counts } = detailsOf(trace, 'source_selection');
			if (trace.status === 'refused') return expect(given).toEqual([]);
			expect(source_tokens).toBe(given.reduce((sum, passage) => sum + tokensOf(passage), 0));
			expect(source_tokens).toBeLessThanOrEqual(Number(room_tokens));
			const droppedAt = (reason: string) =>
				trace.candidates.filter((row) => row.dropped_at === reason).length;
			expect(counts).toEqual({
				n_sources: trace.sources.length,
				n_redundant: droppedAt('redundant'),
				n_limit: droppedAt('limit'),
				n_budget: droppedAt('budget')
			});
		});
	}
);

it('has met every fate: answered and refused, given and out for each reason', () => {
	const fates = new Set(
		traces.flatMap((trace) => trace.candidates.map((row) => row.dropped_at ?? 'in_context'))
	);
	expect([...fates]).toEqual(
		expect.arrayContaining(['in_context', 'fusion_rrf', 'evidence_gate', 'redundant', 'limit', 'budget'])
	);
	expect(new Set(traces.map((trace) => trace.status))).toEqual(new Set(['success', 'refused']));
});

it('stays small: the ledger of hundreds of rows takes at most 700 bytes a row', () => {
	for (const { candidates } of traces) {
		expect(JSON.stringify(candidates).length).toBeLessThan(700 * candidates.length + 2);
	}
});
