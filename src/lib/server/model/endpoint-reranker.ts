import { z } from 'zod';
import { APIError } from 'openai';
import type { Chunk } from '#lib/contract/chunk.ts';
import { AppError, throwIfCancelled } from '#lib/server/error.ts';
import type { RerankCandidate, Reranked, Reranker } from './reranker.ts';
import { withRetries, type RetryPolicy } from './retry.ts';
import { TimeLimits } from './time-limits.ts';
import { atEndpoint, explainFailure, type Endpoint } from './upstream-error.ts';

export interface EndpointRerankerOptions {
	/** The whole address, such as `https://api.jina.ai/v1/rerank`. */
	url: string;
	apiKey?: string | undefined;
	/** Model to name in the request; servers with one model need none. */
	model?: string | undefined;
	/** Longest wait with all tries, in milliseconds: a reader is waiting. */
	timeoutMs?: number;
	retryPolicy?: RetryPolicy;
}

const TIMEOUT_MS = 10_000;
/** One repetition: the run goes on without a reranker sooner than a reader loses patience. */
const RETRY_POLICY: RetryPolicy = { retries: 1, firstDelayMs: 200 };

/** Cohere and Jina answer an object with `relevance_score`, text-embeddings-inference a list with `score`. */
const resultSchema = z.union([
	z.object({ index: z.int().nonnegative(), relevance_score: z.number() }),
	z.object({ index: z.int().nonnegative(), score: z.number() })
]);
const responseSchema = z.union([
	z.object({ results: z.array(resultSchema) }).transform(({ results }) => results),
	z.array(resultSchema)
]);

/** Orders passages with a `/rerank` endpoint as Cohere, Jina and text-embeddings-inference (TEI) offer it. */
export class EndpointReranker implements Reranker {
	readonly model: string;
	readonly #options: EndpointRerankerOptions;
	readonly #endpoint: Endpoint;
	/** What the endpoint calls the list of passages: TEI says `texts`, the others `documents`. */
	#listName: 'documents' | 'texts' = 'documents';

	constructor(options: EndpointRerankerOptions) {
		this.model = options.model ?? 'rerank-endpoint';
		this.#options = options;
		const { url: address, model, apiKey } = options;
		this.#endpoint = { name: 'rerank', address, model, apiKey };
	}

	/**
	 * All candidates, best first; those that the endpoint did not score come last, in their order.
	 * @throws AppError `upstream_*`, or `cancelled` when the signal fired.
	 */
	async rerank(
		question: string,
		candidates: readonly RerankCandidate[],
		signal: AbortSignal
	): Promise<Reranked[]> {
		throwIfCancelled(signal);
		if (candidates.length === 0) return [];
		const limits = new TimeLimits(signal, this.#options.timeoutMs ?? TIMEOUT_MS, 'rerank');
		try {
			const documents = candidates.map(({ chunk }) => asDocument(chunk));
			const body = await withRetries(() => this.#post(question, documents, limits.signal), {
				policy: this.#options.retryPolicy ?? RETRY_POLICY,
				signal: limits.signal,
				remainingMs: () => limits.remainingMs(),
				explain: (thrown) => explainFailure(thrown, this.#endpoint)
			});
			return order(candidates, readScores(body, candidates.length));
		} catch (thrown) {
			throw atEndpoint(limits.reason() ?? thrown, this.#endpoint);
		} finally {
			limits.end();
		}
	}

	async #post(question: string, documents: readonly string[], signal: AbortSignal): Promise<unknown> {
		const { url, apiKey, model } = this.#options;
		const listName = this.#listName;
		const response = await fetch(url, {
			method: 'POST',
			signal,
			headers: {
				'content-type': 'application/json',
				...(apiKey && { authorization: `Bearer ${apiKey}` })
			},
			body: JSON.stringify({
				query: question,
				[listName]: documents,
				...(listName === 'texts' ? { truncate: true } : { top_n: documents.length }),
				...(model && { model })
			})
		});
		if (response.ok) return response.json();
		const said = await response.text();
		if ([400, 422].includes(response.status) && listName === 'documents' && said.includes('texts')) {
			this.#listName = 'texts';
			return this.#post(question, documents, signal);
		}
		throw APIError.generate(response.status, { error: { message: said } }, undefined, response.headers);
	}
}

function asDocument({ title, heading_path, text }: Chunk): string {
	return `${[title, ...heading_path].join(' > ')}\n\n${text}`;
}

/** Score by position of the candidate. */
function readScores(body: unknown, count: number): Map<number, number> {
	const parsed = responseSchema.safeParse(body);
	const results = parsed.success ? parsed.data : null;
	if (!results || results.length === 0 || results.some(({ index }) => index >= count)) {
		throw new AppError(
			'upstream_malformed',
			'The rerank endpoint sent something that is not a ranking. Check RERANK_URL: it must be the whole address of a Cohere, Jina or TEI style endpoint.'
		);
	}
	return new Map(
		results.map((result) => [result.index, 'score' in result ? result.score : result.relevance_score])
	);
}

function order(candidates: readonly RerankCandidate[], scores: ReadonlyMap<number, number>): Reranked[] {
	const worst = Math.min(...scores.values());
	return candidates
		.map(({ chunk }, position) => ({ chunk_id: chunk.chunk_id, score: scores.get(position) ?? worst - 1 }))
		.sort((a, b) => b.score - a.score);
}
