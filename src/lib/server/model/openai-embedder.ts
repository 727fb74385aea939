import type { OpenAI } from 'openai';
import { throwIfCancelled } from '#lib/server/error.ts';
import type { Embedder, PassageText, QuestionText } from './embedder.ts';
import { splitBatches, type BatchLimits } from './embedding-batch.ts';
import { readVectors } from './embedding-vector.ts';
import { createOpenAiClient, type OpenAiConnection } from './openai-client.ts';
import { sharedVector, type QuestionVectors } from './question-vectors.ts';
import { DEFAULT_RETRY_POLICY, withRetries, type RetryPolicy } from './retry.ts';
import { TimeLimits } from './time-limits.ts';
import { atEndpoint, explainFailure, type Endpoint } from './upstream-error.ts';

export interface OpenAiEmbedderOptions extends OpenAiConnection {
	model: string;
	/** What one request may hold. */
	batch?: BatchLimits;
	/** False leaves `encoding_format` out, for servers that refuse it. */
	asksForFloat?: boolean;
	/** Longest wait for the vectors of one batch with all tries, in milliseconds. */
	batchTimeoutMs?: number;
	/** Longest wait for the vector of a question, in milliseconds: a reader is waiting. */
	questionTimeoutMs?: number;
	retryPolicy?: RetryPolicy;
}

const BATCH_TIMEOUT_MS = 120_000;
const QUESTION_TIMEOUT_MS = 10_000;

/** Embeds with any server that speaks OpenAI's `/embeddings`. */
export class OpenAiEmbedder implements Embedder {
	readonly model: string;
	readonly inProcess = false;
	readonly #options: OpenAiEmbedderOptions;
	readonly #client: OpenAI;
	readonly #endpoint: Endpoint;
	#dimensions = 0;

	constructor(options: OpenAiEmbedderOptions) {
		this.model = options.model;
		this.#options = options;
		this.#client = createOpenAiClient(options);
		this.#endpoint = {
			name: 'embeddings',
			address: this.#client.baseURL,
			model: options.model,
			apiKey: options.apiKey
		};
	}

	/** Known from the first vector on; every later one must have the same length. */
	get dimensions(): number {
		return this.#dimensions;
	}

	/**
	 * Texts of white space alone, which servers refuse, get the vector of a placeholder.
	 * @throws AppError `upstream_*`; `upstream_malformed` when a vector is not what it should be.
	 */
	async embedPassages(passages: readonly PassageText[], signal: AbortSignal): Promise<Float32Array[]> {
		const texts = passages.map((passage) => passage.text);
		const vectors: Float32Array[] = [];
		const timeoutMs = this.#options.batchTimeoutMs ?? BATCH_TIMEOUT_MS;
		for (const batch of splitBatches(texts, this.#options.batch)) {
			vectors.push(...(await this.#embed(batch, timeoutMs, signal)));
		}
		return vectors;
	}

	async embedQuestion({ text }: QuestionText, signal: AbortSignal): Promise<QuestionVectors> {
		const timeoutMs = this.#options.questionTimeoutMs ?? QUESTION_TIMEOUT_MS;
		const [vector] = await this.#embed([text], timeoutMs, signal);
		return sharedVector(vector!);
	}

	async #embed(texts: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<Float32Array[]> {
		throwIfCancelled(signal);
		const limits = new TimeLimits(signal, timeoutMs, 'embeddings');
		const { asksForFloat = true } = this.#options;
		// The package's own method asks for base64 unless told otherwise, which some servers answer wrongly.
		const body = {
			model: this.model,
			input: texts.map(placeholder),
			...(asksForFloat && { encoding_format: 'float' })
		};
		try {
			const response = await withRetries(
				() => this.#client.post('/embeddings', { body, signal: limits.signal }),
				{
					policy: this.#options.retryPolicy ?? DEFAULT_RETRY_POLICY,
					signal: limits.signal,
					remainingMs: () => limits.remainingMs(),
					explain: (thrown) => explainFailure(thrown, this.#endpoint)
				}
			);
			const vectors = readVectors(response, texts.length, this.#dimensions);
			this.#dimensions = vectors[0]?.length ?? this.#dimensions;
			return vectors;
		} catch (thrown) {
			throw atEndpoint(limits.reason() ?? thrown, this.#endpoint);
		} finally {
			limits.end();
		}
	}
}

/** The API refuses empty inputs; a dot stands for nothing. */
function placeholder(text: string): string {
	return text.trim() === '' ? '.' : text;
}
