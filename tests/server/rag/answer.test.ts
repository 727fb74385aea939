import { describe, expect, it } from 'vitest';
import type { AskRequest } from '#lib/contract/ask.ts';
import type { Chunk } from '#lib/contract/chunk.ts';
import { NO_USAGE, type Usage } from '#lib/contract/trace.ts';
import { AppError } from '#lib/server/error.ts';
import { createAnswerPipeline } from '#lib/server/rag/answer.ts';
import type { AnswerOutcome, AnswerPart } from '#lib/server/rag/answer-part.ts';
import type { AnswerEngine } from '#lib/server/rag/engine.ts';
import { ExtractiveGenerator } from '#lib/server/model/extractive-generator.ts';
import { sharedVector } from '#lib/server/model/question-vectors.ts';
import type { SearchIndex } from '#lib/server/search/passage-index.ts';
import { unionLength } from '#lib/server/trace/interval.ts';
import { TraceRecorder } from '#lib/server/trace/recorder.ts';
import { passage } from '../../fixtures/passages.ts';
import { scriptedGenerator } from '../../fixtures/scripted-generator.ts';

const reported: Usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, source: 'reported' };
const question: AskRequest = { question: 'How do I post?', limit: 2 };

/** An index whose two searches return given orders. */
function indexOf(chunks: Chunk[], orders: { text: number[]; semantic: number[] }): SearchIndex {
	const hits = (order: number[]) =>
		order.map((at, rank) => ({ chunk_id: chunks[at]?.chunk_id ?? '', score: 10 - rank }));
	const placed = chunks.map((chunk) => ({ chunk, position: 0 }));
	return {
		size: chunks.length,
		embeddingModel: 'test',
		searchText: async () => hits(orders.text),
		searchVector: async () => hits(orders.semantic),
		searchPages: async () => [],
		features: async (_asked, ids) => new Map(ids.map((id) => [id, { body: 1 }])),
		questionWords: async () => [],
		librarySize: () => 0,
		unheldLanguage: async () => null,
		get: async (ids) => ids.flatMap((id) => placed.find(({ chunk }) => chunk.chunk_id === id) ?? []),
		section: async (id) => placed.filter(({ chunk }) => chunk.chunk_id === id),
		libraries: () => ['demo']
	};
}

function engineOf(index: SearchIndex, generator = scriptedGenerator(['Use ', '`post` [1].'])) {
	const engine: AnswerEngine = {
		knowledge: () => ({
			index,
			embedder: {
				model: 'test',
				dimensions: 1,
				inProcess: true,
				embedPassages: async (texts) => texts.map(() => new Float32Array([1])),
				embedQuestion: async () => sharedVector(new Float32Array([1]))
			}
		}),
		reranker: {
			model: 'test-reranker',
			rerank: async (_question, candidates) =>
				candidates.map(({ chunk }, at) => ({ chunk_id: chunk.chunk_id, score: 1 / (at + 1) }))
		},
		generator,
		prices: { cost: () => null } as unknown as AnswerEngine['prices'],
		sourceTokens: 3000,
		contextTokens: 16_384,
		turns: () => []
	};
	return { engine, generator };
}

/** Runs the pipeline to its end the way a run does. */
async function run(engine: AnswerEngine, request = question, signal = new AbortController().signal) {
	const trace = new TraceRecorder(request, 'ask', 'trace');
	const parts: AnswerPart[] = [];
	let outcome: AnswerOutcome | undefined;
	let error: unknown;
	try {
		outcome = await createAnswerPipeline(engine)(request, trace, (part) => parts.push(part), signal);
	} catch (thrown) {
		error = thrown;
	}
	return { parts, outcome, error, trace: trace.finish({ status: outcome?.status ?? 'error' }) };
}

describe('the answer pipeline', () => {
	const chunks = [passage(), passage(), passage(), passage()];
	const index = indexOf(chunks, { text: [0, 1, 2], semantic: [1, 3] });

	it('lets the generator prepare itself before passages are looked for, and asks it afterwards', async () => {
		const order: string[] = [];
		const { engine, generator } = engineOf({
			...index,
			searchText: async (...asked) => {
				order.push('search');
				return index.searchText(...asked);
			}
		});
		generator.prepare = () => order.push(`prepare, ${generator.requests.length} requests`);
		await run(engine);
		expect(order).toEqual(['prepare, 0 requests', 'search']);
		expect(generator.requests.length).toBe(1);
	});

	it('leaves out what the context window has no room for, and the ledger says where', async () => {
		const chunks = Array.from({ length: 3 }, (_, at) => passage({ text: `${at} ${'word '.repeat(450)}` }));
		const { engine, generator } = engineOf(indexOf(chunks, { text: [0, 1, 2], semantic: [] }));
		const asked = { ...question, limit: 3 };
		const { trace, parts } = await run({ ...engine, contextTokens: 2048 }, asked);
		expect(parts[0]).toMatchObject({ type: 'sources', data: [{ n: 1 }] });
		const step = trace.steps.find(({ name }) => name === 'prompt_building');
		expect(step?.details).toMatchObject({ n_sources: 1, n_sources_cut: 2, room_tokens: 1536 });
		expect(trace.candidates.map((row) => row.dropped_at)).toEqual([
			null,
			'prompt_building',
			'prompt_building'
		]);
		expect(generator.requests[0]?.maxTokens).toBe(512);
	});

	it('keeps what a model was sent, and nothing where none was', async () => {
		const { engine, generator } = engineOf(index);
		const { trace } = await run(engine);
		expect(trace.prompt).toEqual(generator.requests[0]!.messages);
		const quoted = await run({ ...engine, generator: new ExtractiveGenerator() });
		expect(quoted.outcome?.status).toBe('success');
		expect(quoted.trace.prompt).toEqual([]);
	});

	it('yields the sources once, before any token, and the text in order', async () => {
		const { parts, outcome } = await run(engineOf(index).engine);
		expect(parts.map((part) => part.type)).toEqual(['sources', 'token', 'token']);
		expect(parts.slice(1).map((part) => part.data)).toEqual(['Use ', '`post` [1].']);
		expect(outcome).toEqual({ status: 'success', finishReason: 'stop' });
	});

	it('records its steps in order, each inside the total', async () => {
		const { trace } = await run(engineOf(index).engine);
		expect(trace.steps.map((step) => step.name)).toEqual([
			'retrieval_bm25',
			'query_embedding',
			'retrieval_semantic',
			'retrieval_pages',
			'fusion_rrf',
			'reranking',
			'evidence_gate',
			'source_selection',
			'prompt_building',
			'llm_generation'
		]);
		expect(unionLength(trace.steps) + (trace.unaccounted_ms ?? NaN)).toBeCloseTo(
			trace.total_duration_ms ?? NaN,
			2
		);
	});

	it('has the same passages in the ledger as in context, in the sources and in the prompt', async () => {
		const { parts, trace } = await run(engineOf(index).engine);
		const sources = parts[0]?.type === 'sources' ? parts[0].data : [];
		const inContext = trace.candidates.filter((candidate) => candidate.in_context);
		expect(sources).toHaveLength(2);
		expect(inContext.map((candidate) => candidate.chunk_id).toSorted()).toEqual(
			sources.map((source) => source.chunk_id).toSorted()
		);
		for (const source of sources) expect(trace.prompt.at(-1)?.content).toContain(source.text);
	});

	it('keeps the losers: every candidate with its rank at each stage and where it was dropped', async () => {
		const { trace } = await run(engineOf(index).engine);
		expect(trace.candidates).toHaveLength(4);
		const second = trace.candidates.find((candidate) => candidate.chunk_id === chunks[1]?.chunk_id);
		expect(second).toMatchObject({
			bm25: { rank: 2 },
			semantic: { rank: 1 },
			fusion: { rank: 1 },
			rerank: { rank: 1 }
		});
		for (const candidate of trace.candidates) {
			expect(candidate.dropped_at).toBe(candidate.in_context ? null : 'limit');
		}
	});

	it('counts as cited only what was given', async () => {
		const { engine } = engineOf(index, scriptedGenerator(['Yes [2], and [7].']));
		const { trace, parts } = await run(engine);
		expect(trace.citations).toEqual([2]);
		const sources = parts[0]?.type === 'sources' ? parts[0].data : [];
		expect(trace.candidates.filter((candidate) => candidate.cited).map((c) => c.chunk_id)).toEqual([
			sources[1]?.chunk_id
		]);
	});

	it('calls no model when nothing was found, and says so', async () => {
		const { engine, generator } = engineOf(indexOf([], { text: [], semantic: [] }));
		const { parts, outcome, trace } = await run(engine);
		expect(outcome?.status).toBe('refused');
		expect(generator.requests).toEqual([]);
		expect(parts[0]).toEqual({ type: 'sources', data: [] });
		expect(trace.answer).toMatch(/does not cover/);
		expect(trace.steps.map((step) => step.name)).not.toContain('llm_generation');
	});

	it.each([
		['no model was called', { builtIn: true }, 0],
		['the price is known', { usage: reported }, 0.5],
		['the server reported no tokens', {}, null]
	] as const)('knows the cost when %s', async (_, script, expected) => {
		const { engine } = engineOf(index, scriptedGenerator(['Yes [1].'], script));
		const prices = { cost: (_model: string, usage: Usage) => (usage.source === 'missing' ? null : 0.5) };
		const { trace } = await run({ ...engine, prices: prices as AnswerEngine['prices'] });
		expect(trace.cost_usd).toBe(expected);
	});

	it.each([
		['what it has cost is known', { spent: reported }, reported, 0.5],
		['nothing is known', {}, NO_USAGE, null]
	] as const)('of a failed answer keeps tokens and cost when %s', async (_, script, usage, cost) => {
		const fail = new AppError('upstream_reset', 'Gone.');
		const { engine } = engineOf(index, scriptedGenerator(['Yes'], { ...script, fail }));
		const prices = { cost: (_model: string, given: Usage) => (given.source === 'missing' ? null : 0.5) };
		const { trace } = await run({ ...engine, prices: prices as AnswerEngine['prices'] });
		expect(trace).toMatchObject({ answer: 'Yes', usage, cost_usd: cost });
	});

	it('goes on with full text when the embedder fails, and the step says so', async () => {
		const { engine } = engineOf(index);
		const { embedder } = engine.knowledge();
		const broken: AnswerEngine = {
			...engine,
			knowledge: () => ({
				index,
				embedder: embedder && {
					...embedder,
					inProcess: false,
					embedQuestion: async () => {
						throw new AppError('upstream_connect', 'down');
					}
				}
			})
		};
		const { outcome, trace } = await run(broken);
		expect(outcome?.status).toBe('success');
		expect(trace.steps.find((step) => step.name === 'query_embedding')).toMatchObject({
			status: 'skipped',
			details: { error: 'upstream_connect' }
		});
		expect(trace.steps.map((step) => step.name)).not.toContain('retrieval_semantic');
	});

	it('keeps the fused order when the reranker fails, and the step says so', async () => {
		const { engine } = engineOf(index);
		const broken: AnswerEngine = {
			...engine,
			reranker: {
				model: 'down',
				rerank: async () => {
					throw new AppError('upstream_timeout', 'slow');
				}
			}
		};
		const { outcome, trace } = await run(broken);
		expect(outcome?.status).toBe('success');
		expect(trace.steps.find((step) => step.name === 'reranking')).toMatchObject({ status: 'skipped' });
		expect(trace.candidates.every((candidate) => candidate.rerank === null)).toBe(true);
		expect(trace.candidates[0]).toMatchObject({ in_context: true, fusion: { rank: 1 } });
	});

	it('says of what the reranker did not give back that it was dropped there', async () => {
		const { engine } = engineOf(index);
		const { model, rerank } = engine.reranker;
		const choosy = {
			model,
			rerank: async (...given: Parameters<typeof rerank>) => (await rerank(...given)).slice(0, 1)
		};
		const { trace } = await run({ ...engine, reranker: choosy });
		expect(trace.candidates.map((row) => row.dropped_at)).toEqual([
			null,
			'reranking',
			'reranking',
			'reranking'
		]);
	});

	it('keeps the text so far, with its citations, when the model fails in the middle', async () => {
		const failing = scriptedGenerator(['Half [1]'], { fail: new AppError('upstream_reset', 'gone') });
		const { error, trace } = await run(engineOf(index, failing).engine);
		expect(error).toMatchObject({ code: 'upstream_reset' });
		expect(trace.answer).toBe('Half [1]');
		expect(trace.citations).toEqual([1]);
		expect(trace.steps.at(-1)).toMatchObject({ name: 'llm_generation', status: 'error' });
	});

	it('ends the generation when nothing more is wanted', async () => {
		const { engine, generator } = engineOf(index);
		const trace = new TraceRecorder(question, 'ask', 'trace');
		const tell = ({ type }: AnswerPart) => {
			if (type === 'token') throw new AppError('cancelled', 'That is enough.');
		};
		const { signal } = new AbortController();
		await expect(createAnswerPipeline(engine)(question, trace, tell, signal)).rejects.toThrow('enough');
		expect(generator.closed).toBe(1);
	});

	it('never ends as a success once the signal has fired', async () => {
		const controller = new AbortController();
		const { engine, generator } = engineOf(index);
		const trace = new TraceRecorder(question, 'ask', 'trace');
		const tell = ({ type }: AnswerPart) => type === 'token' && controller.abort();
		await expect(
			createAnswerPipeline(engine)(question, trace, tell, controller.signal)
		).rejects.toMatchObject({ code: 'cancelled' });
		expect(generator.closed).toBe(1);
		expect(trace.finish({ status: 'cancelled' }).steps.at(-1)?.status).toBe('cancelled');
	});

	it('gives each source once even when two passages have the same text', async () => {
		const twins = [passage({ text: 'Same text.' }), passage({ text: 'Same  text.' }), passage()];
		const { parts } = await run(engineOf(indexOf(twins, { text: [0, 1, 2], semantic: [] })).engine);
		const sources = parts[0]?.type === 'sources' ? parts[0].data : [];
		expect(sources.map((source) => source.chunk_id)).toEqual([twins[0]?.chunk_id, twins[2]?.chunk_id]);
	});
});
