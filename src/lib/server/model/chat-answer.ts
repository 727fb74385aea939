import type { Usage } from '#lib/contract/trace.ts';
import { AppError } from '#lib/server/error.ts';
import { readChunk } from './chat-chunk.ts';
import type { ServerSentEvent } from './event-stream.ts';
import { ThinkFilter } from './think-filter.ts';
import { knownWords, malformedMessage, redact, wordsOf, type Endpoint } from './upstream-error.ts';

export interface ChatAnswerOptions {
	/** Takes an answer with text that ends with `[DONE]` and no finish reason, as some servers send it; its reason is then `unknown`. */
	doneIsEnough?: boolean | undefined;
	/** For a model whose reasoning has a closing tag only. */
	startsInReasoning?: boolean | undefined;
}

/** Something odd that did not harm the answer; shown in the trace. */
export type AnswerWarning =
	| 'tool_call_ignored'
	| 'text_after_finish'
	| 'finish_taken_back'
	| 'broken_after_finish'
	| 'not_streamed'
	| 'no_finish_reason';

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
	readonly #think: ThinkFilter;
	/** Index of the choice that is read, once one has come. */
	#choice: number | null = null;
	/** A finish reason came together with text: more text takes it back, for some servers send one with every word. */
	#mayGoOn = false;
	#separateReasoning = 0;
	/** Moments of the first and the last piece of reasoning. */
	#reasoning: { from: number; to: number } | null = null;
	/** Moments of the first and the last piece of text or reasoning. */
	#writing: { from: number; to: number } | null = null;
	/** With what words the model declined to answer. */
	#refusal = '';
	/** As it was last named, before redaction: every chunk says it again. */
	#modelSaid: string | null = null;
	/** White space before the first word, until it is known whether a word comes. */
	#blank = '';

	constructor(
		endpoint: Endpoint,
		{ doneIsEnough = false, startsInReasoning = false }: ChatAnswerOptions = {}
	) {
		this.#endpoint = endpoint;
		this.#doneIsEnough = doneIsEnough;
		this.#think = new ThinkFilter({ startsInReasoning });
	}

	get finished(): boolean {
		return this.finishReason !== null;
	}

	/** Whether it is certain that no more text comes. */
	get isOver(): boolean {
		return this.finished && !this.#mayGoOn;
	}

	/** Whether reasoning was closed by a tag that was never opened. */
	get isReasoningUnopened(): boolean {
		return this.#think.isUnopened;
	}

	/** Milliseconds from the first to the last piece of text or reasoning. */
	get writingMs(): number {
		return this.#writing ? this.#writing.to - this.#writing.from : 0;
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
			if (!this.finished) throw this.#malformed(data);
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
			throw this.#malformed(body);
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
		if (reason === 'content_filter' || (this.#refusal !== '' && this.characters === 0)) {
			throw new AppError(
				'content_filter',
				'The model or its content filter declined to answer. Put the question differently.',
				{ endpoint: wordsOf(this.#endpoint, this.#refusal) }
			);
		}
		if (reason === null) {
			// Text and the end marker: a server that gives no reasons, which a setting takes.
			const isMarked = this.done && this.characters > 0;
			throw new AppError(
				'upstream_truncated',
				isMarked
					? 'The model endpoint ended the answer without a finish reason. If it never gives one, set REQUIRE_FINISH_REASON=false.'
					: 'The model endpoint ended the answer too early. Ask again.',
				{ endpoint: wordsOf(this.#endpoint) }
			);
		}
		if (TOOL_REASONS.includes(reason)) {
			throw new AppError(
				'upstream_malformed',
				'The model called a tool instead of answering, though it was offered none. Ask again or choose another model.',
				{ endpoint: wordsOf(this.#endpoint) }
			);
		}
		if (reason === 'insufficient_system_resource') {
			throw new AppError('upstream_5xx', 'The model endpoint ran out of resources. Try again later.', {
				endpoint: wordsOf(this.#endpoint)
			});
		}
		if (this.characters > 0) return reason;
		throw new AppError(
			'no_content',
			reason === 'length' && this.reasoningCharacters > 0
				? 'The model used all of its tokens for reasoning and wrote no answer. Ask for less, or choose another model.'
				: 'The model wrote no answer. Ask again.',
			{ endpoint: wordsOf(this.#endpoint) }
		);
	}

	#takeDone(): string {
		this.done = true;
		this.#mayGoOn = false;
		const text = this.#afterBlank(this.#think.end());
		if (!this.finished && this.#doneIsEnough && this.characters > 0) {
			this.finishReason = 'unknown';
			this.warnings.add('no_finish_reason');
		}
		return text;
	}

	#takeChunk(value: unknown, isError: boolean): string {
		const reading = readChunk(value, this.#choice);
		this.#choice ??= reading.choice;
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
		const isText = reading.content !== '' || reading.reasoning !== '';
		if (this.isOver) {
			if (reading.content) this.warnings.add('text_after_finish');
			return '';
		}
		if (this.finished && isText) this.warnings.add('finish_taken_back');
		if (isText) {
			this.signsOfLife += 1;
			const now = performance.now();
			if (this.#writing) this.#writing.to = now;
			else this.#writing = { from: now, to: now };
		}
		const reasoned = this.reasoningCharacters;
		this.#separateReasoning += reading.reasoning.length;
		this.#refusal += reading.refusal;
		if (reading.callsTool) this.warnings.add('tool_call_ignored');
		let text = reading.reasoning && this.#think.release();
		text += reading.content && this.#think.push(reading.content);
		if (this.isReasoningUnopened && this.characters > 0) throw this.#unopened();
		if (reading.finishReason !== null) {
			this.finishReason = reading.finishReason;
			this.#mayGoOn = isText;
			if (!this.#mayGoOn) text += this.#think.end();
		}
		if (this.reasoningCharacters > reasoned) {
			const now = performance.now();
			this.#reasoning = { from: this.#reasoning?.from ?? now, to: now };
		}
		return this.#afterBlank(text);
	}

	/** The last text, once nothing more comes. */
	end(): string {
		return this.finished ? this.#afterBlank(this.#think.end()) : '';
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
			{ endpoint: wordsOf(this.#endpoint, said), facts: knownWords(said) }
		);
	}

	#malformed(said: string): AppError {
		return new AppError('upstream_malformed', malformedMessage(this.#endpoint), {
			endpoint: wordsOf(this.#endpoint, said)
		});
	}

	#unopened(): AppError {
		return new AppError(
			'upstream_malformed',
			'The reasoning of the model came without its opening tag, so it looked like the answer. Ask again: from now on everything before </think> is left out.',
			{ endpoint: wordsOf(this.#endpoint) }
		);
	}
}
