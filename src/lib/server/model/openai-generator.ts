import type { OpenAI } from 'openai';
import type { Usage } from '#lib/contract/trace.ts';
import { throwIfCancelled } from '#lib/server/error.ts';
import { round } from '#lib/server/trace/interval.ts';
import type { StepDetails } from '#lib/server/trace/recorder.ts';
import { ChatAnswer } from './chat-answer.ts';
import { connectEarly } from './endpoint-agent.ts';
import { endpointFetch, readBody } from './endpoint-fetch.ts';
import { EventStreamReader, type ServerSentEvent } from './event-stream.ts';
import type { GenerationContext, GenerationRequest, GenerationResult, Generator } from './generator.ts';
import { createOpenAiClient, type OpenAiConnection } from './openai-client.ts';
import { refusedParameter, RequestParameters, type OptionalParameter } from './request-parameters.ts';
import { DEFAULT_RETRY_POLICY, withRetries, type RetryPolicy } from './retry.ts';
import { TimeLimits } from './time-limits.ts';
import { estimateUsage } from './token-usage.ts';
import { atEndpoint, explainBrokenStream, explainFailure, type Endpoint } from './upstream-error.ts';

export interface OpenAiGeneratorOptions extends OpenAiConnection {
	model: string;
	/** Longest wait for the headers of the response, for each try, in milliseconds; none of its own when it is left out. */
	headersTimeoutMs?: number;
	/** Longest wait for the first token of answer or reasoning, for each try, in milliseconds. */
	firstTokenTimeoutMs: number;
	/** Longest silence between two tokens, in milliseconds. Comments and empty chunks are silence. */
	idleTimeoutMs: number;
	/** Longest whole call with all tries and pauses, in milliseconds. */
	answerTimeoutMs: number;
	/** Upper bound of an answer in tokens, where the request names none. */
	maxTokens?: number;
	/** Never sent, for servers that do not say that they refuse them. */
	omitParameters?: readonly OptionalParameter[];
	/** Takes an answer with text that ends with `[DONE]` and no finish reason. */
	doneIsEnough?: boolean;
	/** For a model whose reasoning has a closing tag only; found out where it is left out. */
	startsInReasoning?: boolean;
	retryPolicy?: RetryPolicy;
}

/** Room for a long answer and for the reasoning that some models count with it. */
const DEFAULT_MAX_TOKENS = 4096;

/** How long to wait for the usage that may follow the finish reason, in milliseconds: the answer itself is complete. */
const USAGE_GRACE_MS = 2000;
/** How long to wait for more text after a finish reason that came together with some, in milliseconds. */
const FINISH_GRACE_MS = 5000;
/** How long to wait for the end of the stream after its end marker, so that the connection can be used again. */
const CLOSE_GRACE_MS = 50;

/**
 * Writes answers with any server that speaks OpenAI's streaming chat completions.
 *
 * The package makes the request; its stream is read here from the bytes, because it ends normally on streams that were cut
 * off and on errors sent with status 200. An answer is one only with a finish reason. A failed request is repeated at most
 * twice and only before the answer has begun; every try is counted in the step's details.
 */
export class OpenAiGenerator implements Generator {
	readonly model: string;
	readonly builtIn = false;
	readonly #options: OpenAiGeneratorOptions;
	readonly #client: OpenAI;
	readonly #endpoint: Endpoint;
	/** Whether the closing tag of its reasoning has come without an opening one; remembered, so that only the first answer shows reasoning. */
	#startsInReasoning: boolean;
	/** What this server has refused so far; remembered so that only the first answer pays for it. */
	readonly #parameters: RequestParameters;

	constructor(options: OpenAiGeneratorOptions) {
		this.model = options.model;
		this.#options = options;
		this.#client = createOpenAiClient(options, endpointFetch);
		this.#endpoint = {
			name: 'model',
			address: this.#client.baseURL,
			model: options.model,
			apiKey: options.apiKey
		};
		this.#startsInReasoning = options.startsInReasoning ?? false;
		this.#parameters = new RequestParameters(options.omitParameters);
	}

	prepare(): void {
		connectEarly(new URL(this.#client.baseURL));
	}

	async generate(
		request: GenerationRequest,
		{ signal, details, onText, onUnfinished }: GenerationContext
	): Promise<GenerationResult> {
		throwIfCancelled(signal);
		const limits = new TimeLimits(signal, this.#options.answerTimeoutMs, this.#endpoint.name);
		const answer = new ChatAnswer(this.#endpoint, {
			doneIsEnough: this.#options.doneIsEnough,
			startsInReasoning: this.#startsInReasoning
		});
		const spent = () => ({ usage: usageOf(request, answer), model: answer.model ?? this.model });
		let isTaken = false;
		let isWhole = false;
		try {
			const response = await this.#request(request, limits, details);
			isTaken = true;
			await this.#read(response, answer, limits, onText);
			throwIfCancelled(signal);
			const finishReason = answer.conclude();
			isWhole = true;
			return { finishReason, writingMs: answer.writingMs, ...spent() };
		} catch (thrown) {
			if (limits.expired) details.timeout = limits.expired;
			throw atEndpoint(limits.reason() ?? thrown, this.#endpoint);
		} finally {
			this.#startsInReasoning ||= answer.isReasoningUnopened;
			if (answer.reasoningCharacters > 0) {
				details.reasoning_characters = answer.reasoningCharacters;
				details.reasoning_ms = round(answer.reasoningMs);
			}
			if (answer.warnings.size > 0) details.warnings = [...answer.warnings];
			limits.end();
			if (isTaken && !isWhole) onUnfinished?.(spent());
		}
	}

	/** Sends the request until its answer begins, leaving out what the server refuses. */
	async #request(request: GenerationRequest, limits: TimeLimits, details: StepDetails): Promise<Response> {
		const parameters = this.#parameters.copy();
		const retries: { code: string; status: number | null; delay_ms: number; said: string }[] = [];
		let attempts = 0;
		const send = async (): Promise<Response> => {
			for (;;) {
				const body = this.#body(request, parameters);
				details.attempts = attempts += 1;
				const sending = () =>
					this.#client.chat.completions.create(body, { signal: limits.signal }).asResponse();
				try {
					return await this.#untilHeaders(sending, limits);
				} catch (thrown) {
					const refused = limits.signal.aborted ? null : refusedParameter(thrown, { ...body });
					if (!refused) throw thrown;
					parameters.refuse(refused);
				}
			}
		};
		const response = await withRetries(send, {
			policy: this.#options.retryPolicy ?? DEFAULT_RETRY_POLICY,
			signal: limits.signal,
			remainingMs: () => limits.remainingMs(),
			explain: (thrown) => explainFailure(thrown, this.#endpoint),
			onRetry: ({ error, status }, delay) => {
				const said = error.endpoint?.said ?? '';
				retries.push({ code: error.code, status, delay_ms: Math.round(delay), said });
				details.retries = retries;
			}
		});
		// Only now is it known that leaving them out helped.
		for (const parameter of parameters.refused) this.#parameters.refuse(parameter);
		if (parameters.refused.length > 0) details.fallbacks = [...parameters.refused];
		return response;
	}

	/** Waits for the headers; what that took is taken off the wait for the first token that begins with them. */
	async #untilHeaders(send: () => Promise<Response>, limits: TimeLimits): Promise<Response> {
		const { firstTokenTimeoutMs, headersTimeoutMs = Infinity } = this.#options;
		const sentAt = performance.now();
		if (headersTimeoutMs < firstTokenTimeoutMs) limits.expect('headers', headersTimeoutMs);
		else limits.expect('first_token', firstTokenTimeoutMs);
		const response = await limits.during(send());
		limits.expect('first_token', firstTokenTimeoutMs, firstTokenTimeoutMs - (performance.now() - sentAt));
		return response;
	}

	/** Tells the text of the answer as its bytes come; ends when the stream does or nothing more is needed of it. */
	async #read(
		response: Response,
		answer: ChatAnswer,
		limits: TimeLimits,
		onText: (piece: string) => void
	): Promise<void> {
		const stream = new EventStreamReader();
		let signs = 0;
		const take = (events: ServerSentEvent[], isEnd: boolean): void => {
			const { isOver, finished, done } = answer;
			for (const event of events) {
				const text = answer.take(event, isEnd);
				if (!text) continue;
				onText(text);
				// The caller may have cancelled while it held the piece.
				const reason = limits.reason();
				if (reason) throw reason;
			}
			if (answer.done && !done) limits.linger(CLOSE_GRACE_MS);
			else if (answer.isOver && !isOver) limits.linger(USAGE_GRACE_MS);
			else if (answer.finished && (!finished || answer.signsOfLife > signs)) {
				// Text may follow. Where it did before, it may take as long as any.
				const { idleTimeoutMs } = this.#options;
				const hasGoneOn = answer.warnings.has('finish_taken_back');
				limits.linger(hasGoneOn ? idleTimeoutMs : Math.min(FINISH_GRACE_MS, idleTimeoutMs));
			} else if (answer.signsOfLife > signs) limits.expect('idle', this.#options.idleTimeoutMs);
			signs = answer.signsOfLife;
		};
		const reading = readBody(response, limits.signal, (bytes) => take(stream.push(bytes), false));
		const broken = await limits.during(reading);
		// Of an answer that is complete, only the rest of its stream could not be read.
		const isComplete = answer.finished || answer.done;
		if (broken !== null && !isComplete) throw explainBrokenStream(broken, this.#endpoint);
		take(stream.end(), true);
		const last = answer.end();
		if (last) onText(last);
		if (!stream.plainText) return;
		const text = answer.takeWhole(stream.plainText);
		if (text) onText(text);
	}

	#body(
		{ messages, temperature, maxTokens }: GenerationRequest,
		parameters: RequestParameters
	): OpenAI.ChatCompletionCreateParamsStreaming {
		return {
			model: this.model,
			messages: parameters.messages(messages),
			stream: true,
			...parameters.body({
				temperature,
				maxTokens: maxTokens ?? this.#options.maxTokens ?? DEFAULT_MAX_TOKENS,
				// OpenAI's own newer models know only this name; most other servers know only the other one.
				preferred: this.#options.baseUrl ? 'max_tokens' : 'max_completion_tokens'
			})
		};
	}
}

function usageOf({ messages }: GenerationRequest, answer: ChatAnswer): Usage {
	if (answer.usage) return answer.usage;
	const promptCharacters = messages.reduce((sum, { content }) => sum + content.length, 0);
	return estimateUsage(promptCharacters, answer.characters + answer.reasoningCharacters);
}
