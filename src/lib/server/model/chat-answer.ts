import type { Usage } from '#lib/contract/trace.ts';
import { AppError } from '#lib/server/error.ts';
import { readChunk } from './chat-chunk.ts';
import type { ServerSentEvent } from './event-stream.ts';
import { ThinkFilter } from './think-filter.ts';
import { knownWords, malformedMessage, redact, type Endpoint } from './upstream-error.ts';

/** Something odd that did not harm the answer; shown in the trace. */
export type AnswerWarning =
	'tool_call_ignored' | 'text_after_finish' | 'broken_after_finish' | 'not_streamed' | 'no_finish_reason';

const TOOL_REASONS = ['tool_calls', 'function_call'];

/**
 * Puts a streamed chat completion together: which text of each event belongs to the answer, and, when nothing more
 * comes, whether it was a whole answer. It is one only when the model gave a finish reason and wrote something.
 */
export class ChatAnswer {
	finishReason: string | null = null;
	/** The last that was reported; servers send it cumulatively. */
	usage: Usage | null = null;
	/** As the server names the model; null until it does. */
	model: string | null = null;
	/** The end marker came: nothing more will. */
	done = false;
	/** Counts the events that bore text or reasoning; comments and empty deltas are no sign of life. */
	signsOfLife = 0;
	characters = 0;
	readonly warnings = new Set<AnswerWarning>();
	readonly #endpoint: Endpoint;
	readonly #doneIsEnough: boolean;
	readonly #think = new ThinkFilter();
	#separateReasoning = 0;
	/** Moments of the first and the last piece of reasoning. */
	#reasoning: { from: number; to: number } | null = null;
	#refused = false;
	/** As it was last named, before redaction: every chunk says it again. */
	#modelSaid: string | null = null;
	/** White space before the first word, until it is known whether a word comes. */
	#blank = '';

	/**
	 * @param doneIsEnough takes an answer with text that ends with `[DONE]` and no finish reason, as some servers send it;
	 * its reason is then `unknown`.
	 */
	constructor(endpoint: Endpoint, { doneIsEnough = false } = {}) {
		this.#endpoint = endpoint;
		this.#doneIsEnough = doneIsEnough;
	}

	get finished(): boolean {
		return this.finishReason !== null;
	}

	/** Length of all reasoning so far, separate and inline. */
	get reasoningCharacters(): number {
		return this.#separateReasoning + this.#think.removedCharacters;
	}

	/** Milliseconds from the first to the last piece of reasoning. */
	get reasoningMs(): number {
		return this.#reasoning ? this.#reasoning.to - this.#reasoning.from : 0;
	}

	/**
	 * Takes the next event and gives the text that it adds to the answer; empty when it adds none.
	 * @param cutOff the stream ended inside this event: when it cannot be read, the answer is cut off, not malformed.
	 * @throws AppError `upstream_error_event` when it reports an error, `upstream_malformed` when it is no JSON.
	 */
	take({ name, data }: ServerSentEvent, cutOff = false): string {
		if (data.startsWith('[DONE]') && !this.done) return this.#takeDone();
		if (this.done || data.trim() === '') return '';
		let value: unknown;
		try {
			value = JSON.parse(data);
		} catch {
			if (cutOff) return '';
			if (name === 'error' && !this.finished) throw this.#reported(data);
			if (!this.finished) throw this.#malformed();
			this.warnings.add('broken_after_finish');
			return '';
		}
		return this.#takeChunk(value, name === 'error');
	}

	/**
	 * Takes a body that was not streamed: servers that ignore `stream` send the whole completion, others an error with
	 * status 200.
	 * @throws as `take` does.
	 */
	takeWhole(body: string): string {
		let value: unknown;
		try {
			value = JSON.parse(body);
		} catch {
			throw this.#malformed();
		}
		this.warnings.add('not_streamed');
		const isCompletion = typeof value === 'object' && value !== null && 'choices' in value;
		return this.#takeChunk(value, !isCompletion);
	}

	/**
	 * Judges the answer when nothing more comes.
	 * @returns its finish reason.
	 * @throws AppError `upstream_truncated`, `content_filter`, `no_content` and others when it is not a whole answer.
	 */
	conclude(): string {
		const reason = this.finishReason;
		if (reason === 'content_filter' || (this.#refused && this.characters === 0)) {
			throw new AppError(
				'content_filter',
				'The model or its content filter declined to answer. Put the question differently.'
			);
		}
		if (reason === null) {
			throw new AppError('upstream_truncated', 'The model endpoint ended the answer too early. Ask again.');
		}
		if (TOOL_REASONS.includes(reason)) {
			throw new AppError(
				'upstream_malformed',
				'The model called a tool instead of answering, though it was offered none. Ask again or choose another model.'
			);
		}
		if (reason === 'insufficient_system_resource') {
			throw new AppError('upstream_5xx', 'The model endpoint ran out of resources. Try again later.');
		}
		if (this.characters > 0) return reason;
		throw new AppError(
			'no_content',
			reason === 'length' && this.reasoningCharacters > 0
				? 'The model used all of its tokens for reasoning and wrote no answer. Ask for less, or choose another model.'
				: 'The model wrote no answer. Ask again.'
		);
	}

	#takeDone(): string {
		this.done = true;
		if (this.finished || !this.#doneIsEnough) return '';
		const text = this.#afterBlank(this.#think.end());
		if (this.characters > 0) {
			this.finishReason = 'unknown';
			this.warnings.add('no_finish_reason');
		}
		return text;
	}

	#takeChunk(value: unknown, isError: boolean): string {
		const reading = readChunk(value);
		if (reading.error !== null || isError) {
			if (!this.finished) throw this.#reported(reading.error ?? 'error without a message');
			this.warnings.add('broken_after_finish');
			return '';
		}
		this.usage = reading.usage ?? this.usage;
		if (reading.model && reading.model !== this.#modelSaid) {
			this.#modelSaid = reading.model;
			this.model = redact(reading.model, this.#endpoint);
		}
		if (this.finished) {
			if (reading.content) this.warnings.add('text_after_finish');
			return '';
		}
		if (reading.content || reading.reasoning) this.signsOfLife += 1;
		const reasoned = this.reasoningCharacters;
		this.#separateReasoning += reading.reasoning.length;
		if (reading.refusal) this.#refused = true;
		if (reading.callsTool) this.warnings.add('tool_call_ignored');
		let text = reading.content && this.#think.push(reading.content);
		if (reading.finishReason !== null) {
			this.finishReason = reading.finishReason;
			text += this.#think.end();
		}
		if (this.reasoningCharacters > reasoned) {
			const now = performance.now();
			this.#reasoning = { from: this.#reasoning?.from ?? now, to: now };
		}
		return this.#afterBlank(text);
	}

	/** Holds back white space before the first word, and drops it where it only separated reasoning from the answer. */
	#afterBlank(text: string): string {
		if (this.characters === 0 && text !== '') {
			if (text.trim() === '') {
				this.#blank += text;
				return '';
			}
			text = this.reasoningCharacters > 0 ? (this.#blank + text).trimStart() : this.#blank + text;
		}
		this.characters += text.length;
		return text;
	}

	#reported(said: string): AppError {
		return new AppError(
			'upstream_error_event',
			'The model endpoint reported an error while it answered. Ask again.',
			{ cause: new Error(redact(said, this.#endpoint)), facts: knownWords(said) }
		);
	}

	#malformed(): AppError {
		return new AppError('upstream_malformed', malformedMessage(this.#endpoint));
	}
}
