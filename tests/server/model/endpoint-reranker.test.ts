import { describe, expect, it } from 'vitest';
import { EndpointReranker, type EndpointRerankerOptions } from '#lib/server/model/endpoint-reranker.ts';
import { passage } from '../../fixtures/passages.ts';
import {
	errorStatus,
	json,
	silence,
	startModelServer,
	type ModelServer,
	type Scripted
} from '../../fixtures/model-server.ts';

const { signal } = new AbortController();
const candidates = ['dogs bark', 'a cat purrs', 'the cat'].map((text, at) => ({
	chunk: passage({ chunk_id: `c${at}`, title: 'Animals', heading_path: ['Pets'], text }),
	features: {}
}));

function connect(model: ModelServer, given: Partial<EndpointRerankerOptions> = {}): EndpointReranker {
	return new EndpointReranker({
		url: `${model.url}/rerank`,
		apiKey: 'sk-canary-0123456789',
		model: 'test-reranker',
		retryPolicy: { retries: 1, firstDelayMs: 1 },
		...given
	});
}

describe('rerank endpoint', () => {
	it('sends the question and the passages with their headings', async () => {
		await using model = await startModelServer();
		const order = await connect(model).rerank('cat purrs', candidates, signal);
		expect(order.map(({ chunk_id }) => chunk_id)).toEqual(['c1', 'c2', 'c0']);
		expect(model.calls[0]).toMatchObject({
			headers: { authorization: 'Bearer sk-canary-0123456789' },
			body: {
				model: 'test-reranker',
				query: 'cat purrs',
				documents: ['Animals > Pets\n\ndogs bark', expect.any(String), expect.any(String)]
			}
		});
	});

	it.each<[name: string, body: unknown]>([
		[
			'Cohere and Jina',
			{
				results: [
					{ index: 2, relevance_score: 0.9 },
					{ index: 0, relevance_score: 0.5 },
					{ index: 1, relevance_score: 0.1 }
				]
			}
		],
		[
			'TEI',
			[
				{ index: 0, score: 0.5 },
				{ index: 1, score: 0.1 },
				{ index: 2, score: 0.9 }
			]
		]
	])('reads the answer of %s', async (_name, body) => {
		await using model = await startModelServer({ rerank: json(body) });
		expect(await connect(model).rerank('q', candidates, signal)).toEqual([
			{ chunk_id: 'c2', score: 0.9 },
			{ chunk_id: 'c0', score: 0.5 },
			{ chunk_id: 'c1', score: 0.1 }
		]);
	});

	it('puts passages that were not scored last, in their order', async () => {
		await using model = await startModelServer({
			rerank: json({ results: [{ index: 2, relevance_score: -3 }] })
		});
		const order = await connect(model).rerank('q', candidates, signal);
		expect(order.map(({ chunk_id }) => chunk_id)).toEqual(['c2', 'c0', 'c1']);
		expect(order[1]!.score).toBeLessThan(order[0]!.score);
	});

	it('calls the passages texts where the endpoint wants that, and remembers it', async () => {
		const rerank: Scripted = (call) =>
			call.body!.texts ? json([{ index: 1, score: 1 }]) : errorStatus(422, 'missing field `texts`');
		await using model = await startModelServer({ rerank });
		const reranker = connect(model);
		for (let n = 0; n < 2; n++) {
			const [best] = await reranker.rerank('q', candidates, signal);
			expect(best!.chunk_id).toBe('c1');
		}
		expect(model.calls.map(({ body }) => Object.keys(body!).includes('texts'))).toEqual([false, true, true]);
	});

	it('asks nothing about nothing', async () => {
		await using model = await startModelServer();
		expect(await connect(model).rerank('q', [], signal)).toEqual([]);
		expect(model.calls).toEqual([]);
	});

	it.each<[name: string, script: Scripted, code: string, calls: number]>([
		['a refused key', errorStatus(401), 'upstream_auth', 1],
		['a failure', errorStatus(500), 'upstream_5xx', 2],
		['a rate limit', errorStatus(429, undefined, { 'retry-after': '90' }), 'upstream_rate_limited', 1],
		['a closed connection', [{ do: 'reset' }], 'upstream_reset', 2],
		['no ranking', json({ answer: 42 }), 'upstream_malformed', 1],
		['an empty ranking', json({ results: [] }), 'upstream_malformed', 1],
		['a passage that was not sent', json([{ index: 3, score: 1 }]), 'upstream_malformed', 1],
		['a score that is no number', json([{ index: 0, score: null }]), 'upstream_malformed', 1],
		['no JSON', [{ do: 'respond', body: '<html>' }], 'upstream_malformed', 1]
	])('%s is one of our errors', async (_name, rerank, code, calls) => {
		await using model = await startModelServer({ rerank });
		await expect(connect(model).rerank('q', candidates, signal)).rejects.toMatchObject({
			code,
			message: expect.not.stringContaining('scripted')
		});
		expect(model.calls).toHaveLength(calls);
	});

	it('gives up on silence and closes the connection', async () => {
		await using model = await startModelServer({ rerank: silence });
		const reranker = connect(model, { timeoutMs: 400 });
		await expect(reranker.rerank('q', candidates, signal)).rejects.toMatchObject({
			code: 'upstream_timeout'
		});
		expect((await model.calls[0]!.closed).by).toBe('client');
	});

	it('stops when the signal fires', async () => {
		await using model = await startModelServer({ rerank: silence });
		const controller = new AbortController();
		const arrived = model.nextCall();
		const ranking = connect(model).rerank('q', candidates, controller.signal);
		const refused = expect(ranking).rejects.toMatchObject({ code: 'cancelled' });
		const call = await arrived;
		controller.abort();
		await refused;
		expect((await call.closed).by).toBe('client');
	});
});
