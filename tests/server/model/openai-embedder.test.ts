import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitBatches } from '#lib/server/model/embedding-batch.ts';
import { OpenAiEmbedder, type OpenAiEmbedderOptions } from '#lib/server/model/openai-embedder.ts';
import {
	errorStatus,
	json,
	silence,
	startModelServer,
	type ModelServer,
	type Scripted
} from '../../fixtures/model-server.ts';

const { signal } = new AbortController();

function connect(model: ModelServer, given: Partial<OpenAiEmbedderOptions> = {}): OpenAiEmbedder {
	return new OpenAiEmbedder({
		baseUrl: model.url,
		apiKey: 'sk-canary-0123456789',
		model: 'test-embedding',
		retryPolicy: { retries: 2, firstDelayMs: 1 },
		...given
	});
}

const question = { text: 'a', library: null };
const passages = (...texts: string[]) =>
	texts.map((text) => ({ library: 'any', text, heading: '', body: text, code: '' }));

/** Answers every call with these embeddings. */
function vectors(...embeddings: unknown[]): Scripted {
	return json({ data: embeddings.map((embedding, index) => ({ index, embedding })) });
}

function lengthOf(vector: Float32Array): number {
	return Math.hypot(...vector);
}

describe('embeddings', () => {
	it('asks for floats and gives vectors of unit length', async () => {
		await using model = await startModelServer({ embeddings: vectors([3, 4]) });
		const embedder = connect(model);
		expect(embedder.dimensions).toBe(0);
		const asked = await embedder.embedQuestion({ text: 'cat', library: null }, signal);
		expect(asked.dimensions).toBe(2);
		expect([...asked.of('any')!]).toEqual([expect.closeTo(0.6), expect.closeTo(0.8)]);
		expect(embedder.dimensions).toBe(2);
		expect(model.calls[0]).toMatchObject({
			path: '/v1/embeddings',
			body: { model: 'test-embedding', input: ['cat'], encoding_format: 'float' }
		});
		expect(model.calls[0]!.body).not.toHaveProperty('dimensions');
	});

	it('sends at most 256 texts at once and keeps their order', async () => {
		await using model = await startModelServer();
		const texts = Array.from({ length: 600 }, (_, n) => String.fromCodePoint(97 + (n % 8)));
		const embedder = connect(model);
		const all = await embedder.embedPassages(passages(...texts), signal);
		expect(model.calls.map(({ body }) => (body!.input as string[]).length)).toEqual([256, 256, 88]);
		expect(all).toHaveLength(600);
		expect(all[9]).toEqual(all[1]);
		expect(all[9]).not.toEqual(all[2]);
		expect(all.every((vector) => Math.abs(lengthOf(vector) - 1) < 1e-6)).toBe(true);
	});

	it('leaves encoding_format out and sends fewer texts at once where that is set', async () => {
		await using model = await startModelServer();
		const embedder = connect(model, { asksForFloat: false, batch: { inputs: 2, tokens: 1000 } });
		await embedder.embedPassages(passages('a', 'b', 'c'), signal);
		expect(model.calls.map(({ body }) => body)).toEqual([
			{ model: 'test-embedding', input: ['a', 'b'] },
			{ model: 'test-embedding', input: ['c'] }
		]);
	});

	it('puts vectors in order by their index', async () => {
		await using model = await startModelServer({
			embeddings: json({
				data: [
					{ index: 1, embedding: [0, 2] },
					{ index: 0, embedding: [2, 0] }
				]
			})
		});
		const [first, second] = await connect(model).embedPassages(passages('a', 'b'), signal);
		expect([...first!, ...second!]).toEqual([1, 0, 0, 1]);
	});

	it('takes the order as it comes when there is no index', async () => {
		await using model = await startModelServer({
			embeddings: json({ data: [{ embedding: [2, 0] }, { embedding: [0, 2] }] })
		});
		const [first] = await connect(model).embedPassages(passages('a', 'b'), signal);
		expect([...first!]).toEqual([1, 0]);
	});

	it('never sends an empty text, yet returns a vector for each', async () => {
		await using model = await startModelServer();
		const all = await connect(model).embedPassages(passages('', 'cat', ' \n'), signal);
		expect(all).toHaveLength(3);
		for (const input of model.calls[0]!.body!.input as string[]) expect(input).toMatch(/\S/);
	});

	it('asks nothing for nothing', async () => {
		await using model = await startModelServer();
		expect(await connect(model).embedPassages([], signal)).toEqual([]);
		expect(model.calls).toEqual([]);
	});

	it.each<[name: string, script: Scripted, said: RegExp]>([
		['too few', vectors([1, 0]), /1 vectors for 2 inputs/],
		['of different lengths', vectors([1, 0], [1]), /1 values, expected 2 \(base64\/float mismatch\?\)/],
		['zeros', vectors([1, 0], [0, 0]), /zeros/],
		['no numbers', vectors([1, 0], [1, null]), /no finite number/],
		['texts', vectors('AAAA', 'AAAA'), /no list of numbers/],
		['empty', vectors([], []), /no list of numbers/],
		[
			'twice for the same input',
			json({
				data: [
					{ index: 0, embedding: [1] },
					{ index: 0, embedding: [1] }
				]
			}),
			/two vectors/
		],
		[
			'for an input that was not sent',
			json({
				data: [
					{ index: 0, embedding: [1] },
					{ index: 7, embedding: [1] }
				]
			}),
			/index/
		],
		['not there', json({ error: null }), /no list of vectors/],
		['not even JSON', [{ do: 'respond', body: '<html>' }], /valid answer/]
	])('refuses vectors that are %s', async (_name, script, said) => {
		await using model = await startModelServer({ embeddings: script });
		await expect(connect(model).embedPassages(passages('a', 'b'), signal)).rejects.toMatchObject({
			code: 'upstream_malformed',
			message: expect.stringMatching(said)
		});
		expect(model.calls).toHaveLength(1);
	});

	it('refuses vectors of another length than before', async () => {
		let dimensions = 3;
		await using model = await startModelServer({
			embeddings: () => json({ data: [{ index: 0, embedding: Array<number>(dimensions).fill(1) }] })
		});
		const embedder = connect(model);
		await embedder.embedQuestion(question, signal);
		dimensions = 12;
		await expect(embedder.embedQuestion(question, signal)).rejects.toMatchObject({
			code: 'upstream_malformed',
			message: expect.stringContaining('12 values, expected 3')
		});
	});

	it('tries again after a failure that may pass', async () => {
		let calls = 0;
		await using model = await startModelServer({
			embeddings: () => (++calls < 3 ? errorStatus(503) : json({ data: [{ index: 0, embedding: [1] }] }))
		});
		expect([...(await connect(model).embedQuestion(question, signal)).of('any')!]).toEqual([1]);
		expect(model.calls).toHaveLength(3);
	});

	it.each([
		[401, 'upstream_auth', 1],
		[404, 'upstream_bad_request', 1],
		[500, 'upstream_5xx', 3]
	])('%i is %s', async (status, code, calls) => {
		await using model = await startModelServer({ embeddings: errorStatus(status) });
		await expect(connect(model).embedQuestion(question, signal)).rejects.toMatchObject({
			code,
			message: expect.stringContaining('embeddings endpoint')
		});
		expect(model.calls).toHaveLength(calls);
	});

	it('gives up on silence and closes the connection', async () => {
		await using model = await startModelServer({ embeddings: silence });
		const embedder = connect(model, { questionTimeoutMs: 400 });
		await expect(embedder.embedQuestion(question, signal)).rejects.toMatchObject({
			code: 'upstream_timeout'
		});
		expect((await model.calls[0]!.closed).by).toBe('client');
	});

	it('stops when the signal fires, and sends nothing when it has', async () => {
		await using model = await startModelServer({ embeddings: silence });
		const controller = new AbortController();
		const arrived = model.nextCall();
		const embedding = connect(model).embedPassages(passages('a'), controller.signal);
		const refused = expect(embedding).rejects.toMatchObject({ code: 'cancelled' });
		const call = await arrived;
		controller.abort();
		await refused;
		expect((await call.closed).by).toBe('client');
		await expect(connect(model).embedQuestion(question, controller.signal)).rejects.toMatchObject({
			code: 'cancelled'
		});
		expect(model.calls).toHaveLength(1);
	});
});

describe('batches', () => {
	it('hold every text once, in order, within both bounds', () => {
		const sizes = fc.array(fc.oneof(fc.nat(500), fc.constantFrom(100_000, 399_999, 450_000)), {
			maxLength: 700
		});
		fc.assert(
			fc.property(sizes, (lengths) => {
				const texts = lengths.map((length) => 'x'.repeat(length));
				for (const batch of splitBatches(texts, { inputs: 3, tokens: 50 })) {
					expect(batch.length).toBeLessThanOrEqual(3);
					const tokens = batch.reduce((sum, text) => sum + Math.ceil(text.length / 4), 0);
					expect(batch.length === 1 || tokens <= 50).toBe(true);
				}
				const batches = [...splitBatches(texts)];
				expect(batches.flat()).toEqual(texts);
				for (const batch of batches) {
					expect(batch.length).toBeGreaterThan(0);
					expect(batch.length).toBeLessThanOrEqual(256);
					const tokens = batch.reduce((sum, text) => sum + Math.ceil(text.length / 4), 0);
					expect(batch.length === 1 || tokens <= 100_000).toBe(true);
				}
			}),
			{ numRuns: 30 }
		);
	});
});
