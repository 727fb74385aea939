import { setImmediate } from 'node:timers';
import { expect, it } from 'vitest';
import { FeatureReranker } from '#lib/server/model/feature-reranker.ts';
import { findPassages } from '#lib/server/rag/find.ts';
import { TraceRecorder } from '#lib/server/trace/recorder.ts';
import { passage } from '../../fixtures/passages.ts';
import { PlainIndex } from '../../fixtures/plain-index.ts';

const request = { question: 'walrus', library: null };
const passages = [{ position: 0, chunk: passage({ chunk_id: 'a', text: 'The walrus.' }) }];

/** An index in which searching takes long. */
class LargeIndex extends PlainIndex {
	override searchText(...given: Parameters<PlainIndex['searchText']>) {
		work(6);
		return super.searchText(...given);
	}
}

function work(milliseconds: number): void {
	const until = performance.now() + milliseconds;
	while (performance.now() < until);
}

function find(signal: AbortSignal) {
	const knowledge = { index: new LargeIndex(null, passages), embedder: null };
	const engine = { knowledge: () => knowledge, reranker: new FeatureReranker() };
	const trace = new TraceRecorder({ ...request, limit: 5 }, 'eval', '');
	return { trace, found: findPassages(engine, knowledge, request, trace, signal) };
}

it('gives everything else on the event loop a turn between recall and reranking when recall took long', async () => {
	const { trace, found } = find(new AbortController().signal);
	const stepsDone: number[] = [];
	let isOver = false;
	const look = () => {
		stepsDone.push(trace.pending().steps.length);
		if (!isOver) setImmediate(look);
	};
	setImmediate(look);
	const result = await found.finally(() => (isOver = true));
	expect(result.map(({ chunk }) => chunk.chunk_id)).toEqual(['a']);
	expect(stepsDone).toContain(1);
});

it('stops between two stages when told', async () => {
	const controller = new AbortController();
	const { trace, found } = find(controller.signal);
	setImmediate(() => controller.abort());
	await expect(found).rejects.toMatchObject({ code: 'cancelled' });
	expect(trace.pending().steps.map(({ name }) => name)).toEqual(['retrieval_bm25']);
});
