import { describe, expect, it } from 'vitest';
import type { AskRequest } from '#lib/contract/ask.ts';
import { NO_USAGE, type Usage } from '#lib/contract/trace.ts';
import { AppError } from '#lib/server/error.ts';
import type { Generator } from '#lib/server/model/generator.ts';
import { PriceList } from '#lib/server/model/prices.ts';
import { createAnswerPipeline } from '#lib/server/rag/answer.ts';
import type { AnswerEngine } from '#lib/server/rag/engine.ts';
import { TraceRecorder } from '#lib/server/trace/recorder.ts';
import { passage } from '../../fixtures/passages.ts';

const request: AskRequest = { question: 'And the other one?', limit: 2, conversation_id: 'talk' };
const usage = (prompt: number, completion: number): Usage => ({
	prompt_tokens: prompt,
	completion_tokens: completion,
	total_tokens: prompt + completion,
	source: 'reported'
});

interface Call {
	text?: string;
	usage: Usage;
	fail?: AppError;
}

/** A model whose first call rewrites and whose second one answers. */
function modelOf(...calls: Call[]): Generator {
	return {
		model: 'priced',
		builtIn: false,
		async generate(_request, { onText, onUnfinished }) {
			const { text, usage, fail } = calls.shift()!;
			if (text) onText(text);
			if (fail) onUnfinished?.({ usage, model: 'priced' });
			if (fail) throw fail;
			return { finishReason: 'stop', usage, model: 'priced' };
		}
	};
}

async function answer(generator: Generator, searchText?: AnswerEngine['knowledge']) {
	const found = passage({ text: 'The other one.' });
	const engine: AnswerEngine = {
		knowledge:
			searchText ??
			(() => ({
				index: {
					size: 1,
					embeddingModel: null,
					searchText: async () => [{ chunk_id: found.chunk_id, score: 1 }],
					searchVector: async () => [],
					searchPages: async () => [],
					features: async (_asked, ids) => new Map(ids.map((id) => [id, { body: 1 }])),
					questionWords: async () => [],
					librarySize: () => 0,
					unheldLanguage: async () => null,
					get: async () => [{ chunk: found, position: 0 }],
					section: async () => [{ chunk: found, position: 0 }],
					libraries: () => ['demo']
				},
				embedder: null
			})),
		reranker: { model: 'none', rerank: async () => [{ chunk_id: found.chunk_id, score: 1 }] },
		generator,
		prices: new PriceList({ priced: { input: 1_000_000, output: 2_000_000 } }),
		sourceTokens: 3000,
		contextTokens: 16_384,
		turns: () => [{ question: 'Which one?', answer: 'This one.' }]
	};
	const trace = new TraceRecorder(request, 'ask', 'trace');
	const { signal } = new AbortController();
	await createAnswerPipeline(engine)(request, trace, () => {}, signal).catch(() => {});
	return trace.finish({ status: 'success' });
}

describe('what a follow-up has cost', () => {
	it('is the rewriting and the answer together', async () => {
		const model = modelOf(
			{ text: 'Which other one?', usage: usage(3, 1) },
			{ text: 'It.', usage: usage(5, 2) }
		);
		expect(await answer(model)).toMatchObject({ usage: usage(8, 3), cost_usd: 14 });
	});

	it('has in it a rewriting that failed after the model had begun', async () => {
		const fail = new AppError('upstream_reset', 'Gone.');
		const model = modelOf({ text: 'Which', usage: usage(3, 1), fail }, { text: 'It.', usage: usage(5, 2) });
		expect(await answer(model)).toMatchObject({ usage: usage(8, 3), cost_usd: 14 });
	});

	it('is the rewriting alone when nothing was asked after it', async () => {
		const broken = () => {
			throw new AppError('retrieval_failed', 'Broken.');
		};
		const unheldLanguage = async () => null;
		const index = { searchText: broken, searchVector: broken, unheldLanguage } as never;
		const model = modelOf({ text: 'Which other one?', usage: usage(3, 1) });
		const trace = await answer(model, () => ({ index, embedder: null }));
		expect(trace).toMatchObject({ usage: usage(3, 1), cost_usd: 5 });
	});

	it('is not known when no model was called', async () => {
		const fail = new AppError('upstream_connect', 'Nobody there.');
		const model: Generator = {
			model: 'priced',
			builtIn: false,
			generate: () => Promise.reject(fail)
		};
		expect(await answer(model)).toMatchObject({ usage: NO_USAGE, cost_usd: null });
	});
});
