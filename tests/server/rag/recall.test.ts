import { expect, it } from 'vitest';
import { FeatureReranker } from '#lib/server/model/feature-reranker.ts';
import { findPassages } from '#lib/server/rag/find.ts';
import type { RetrievalRequest } from '#lib/server/rag/retrieve.ts';
import { OramaIndex } from '#lib/server/search/orama.ts';
import { TraceRecorder } from '#lib/server/trace/recorder.ts';
import { passage } from '../../fixtures/passages.ts';

const { signal } = new AbortController();

/** An index of pages, each a list of the texts of its passages; ids are `<page>-<place>`. */
async function indexOf(pages: Record<string, string[]>): Promise<OramaIndex> {
	const index = OramaIndex.create(null);
	await index.add(
		Object.entries(pages).flatMap(([page, texts]) =>
			texts.map((text, position) => ({
				position,
				chunk: passage({
					chunk_id: `${page}-${position}`,
					document: `${page}.md`,
					title: page,
					heading_path: [`${page} ${position}`],
					text
				})
			}))
		)
	);
	return index;
}

async function find(index: OramaIndex, request: Partial<RetrievalRequest> & { question: string }) {
	const knowledge = { index, embedder: null };
	const engine = { knowledge: () => knowledge, reranker: new FeatureReranker() };
	const trace = new TraceRecorder({ question: request.question, library: null, limit: 5 }, 'eval', '');
	const found = await findPassages(engine, knowledge, { library: null, ...request }, trace, signal);
	return { ids: found.map((each) => each.chunk_id), trace: trace.pending() };
}

it('takes in the passages of the best pages that share no word with the question, and the ledger says so', async () => {
	const index = await indexOf({
		quay: ['Mooring a boat at the quay.', 'Tie it twice.'],
		weather: ['Rain and wind.', 'Sun.']
	});
	const { ids, trace } = await find(index, { question: 'mooring a boat' });
	expect(ids).toContain('quay-1');
	const row = trace.candidates.find(({ chunk_id }) => chunk_id === 'quay-1')!;
	expect(row.bm25).toBeNull();
	expect(row.pages?.rank).toBeGreaterThan(0);
	expect(trace.steps.find(({ name }) => name === 'retrieval_pages')?.details.n_results).toBe(2);
});

it('searches the parts of a question apart, shows each in the trace, and finds what the whole drowns', async () => {
	const noise = Array.from(
		{ length: 200 },
		(_, at) => `The harbour master counts boats, ropes and gulls: ${at}.`
	);
	const index = await indexOf({
		noise,
		depth: ['anchor_depth must be set before mooring.']
	});
	const question = [
		'The harbour master counts boats and ropes and gulls. The harbour master counts them again.',
		'KeyError: anchor_depth missing'
	].join('\n');
	const { ids, trace } = await find(index, { question });
	expect(ids.slice(0, 20)).toContain('depth-0');
	const details = trace.steps.find(({ name }) => name === 'retrieval_parts')!.details;
	expect(details.parts).toEqual([
		{ kind: 'error', text: 'KeyError: anchor_depth missing', n_results: 1 },
		{ kind: 'identifiers', n_results: 1 },
		expect.objectContaining({ kind: 'sentence', n_results: 40 }),
		expect.objectContaining({ kind: 'sentence', n_results: 40 })
	]);
	expect(trace.candidates.find(({ chunk_id }) => chunk_id === 'depth-0')?.parts?.rank).toBeLessThan(5);
});

it('searches a follow-up as it was typed, too: a bad rewriting loses nothing', async () => {
	const index = await indexOf({
		ferries: Array.from({ length: 200 }, (_, at) => `A ferry timetable for island ${at}.`),
		pontoon: ['A pontoon floats on barrels.']
	});
	const question = 'ferry timetable for the island';
	const { ids } = await find(index, { question });
	expect(ids).not.toContain('pontoon-0');
	const { ids: both, trace } = await find(index, { question, typed: 'and a pontoon?' });
	expect(both.slice(0, 20)).toContain('pontoon-0');
	const { parts } = trace.steps.find(({ name }) => name === 'retrieval_parts')!.details;
	expect(parts).toContainEqual({ kind: 'typed', text: 'and a pontoon?', n_results: 1 });
});
