import type { AskError, AskEvent, AskInput, Done } from '#lib/contract/ask.ts';
import type { Source } from '#lib/contract/chunk.ts';
import type { Trace } from '#lib/contract/trace.ts';
import { CitelightError, type AskRun, type CitelightClient } from '#lib/client/index.ts';

/** `waiting` until the first token, `streaming` until the end; then one of the others, for good. */
export type TurnStatus = 'waiting' | 'streaming' | 'answered' | 'refused' | 'stopped' | 'failed';

/** What went wrong, as a page shows it. */
export interface Failure {
	code: AskError['code'] | CitelightError['code'];
	message: string;
	retryable: boolean;
}

/** Tokens are shown at most this often: about once a frame, however fast they come. */
const FRAME_MS = 16;

export interface TurnOptions {
	/** The library that is asked; null for all. */
	library: string | null;
	answerAnyway?: boolean;
}

/** A source that a reader has opened. */
export interface OpenPassage {
	turn: Turn;
	/** Number of the source. */
	n: number;
	/** The sentence that cites it, where it was opened from one. */
	sentence: string | null;
	/** Finds the button that opened it, also when the answer has been made anew. */
	again: () => HTMLElement | null;
}

/** A question and its answer, from asking to the trace that is left of it. */
export class Turn {
	readonly question: string;
	readonly library: string | null;
	/** Whether an answer is wanted even where the evidence gate would refuse. */
	readonly answerAnyway: boolean;
	status = $state<TurnStatus>('waiting');
	answer = $state('');
	/** How many answers come before this one; null when it does not wait for its turn. */
	ahead = $state<number | null>(null);
	/** The connection was lost and is being tried again; the answer goes on at the server. */
	reconnecting = $state(false);
	sources = $state.raw<Source[]>([]);
	/** Whether the sources were looked up by their words alone, because the embeddings endpoint failed. */
	keywordOnly = $state(false);
	/** Numbers of the sources that the answer cites; known at the end. */
	citations = $state.raw<number[]>([]);
	failure = $state.raw<Failure | null>(null);
	done = $state.raw<Done | null>(null);
	traceId = $state<string | null>(null);
	/** The record of the run; null until it could be fetched, after the end. */
	trace = $state.raw<Trace | null>(null);
	/** Whether the page of the trace opens for this reader, as far as is known. */
	traceOpens = $state(false);

	readonly #client: CitelightClient;
	readonly #left = new AbortController();
	#run: AskRun | null = null;
	#pending = '';
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor(client: CitelightClient, question: string, { library, answerAnyway = false }: TurnOptions) {
		this.#client = client;
		this.question = question;
		this.library = library;
		this.answerAnyway = answerAnyway;
	}

	get running(): boolean {
		return this.status === 'waiting' || this.status === 'streaming';
	}

	/** Asks and follows the answer to its end; never throws. @param conversation_id of the turns before this one. */
	async follow(conversation_id: string | null): Promise<void> {
		const input: AskInput = { question: this.question, library: this.library };
		if (this.answerAnyway) input.answer_anyway = true;
		if (conversation_id) input.conversation_id = conversation_id;
		try {
			this.#run = this.#client.ask(input, {
				signal: this.#left.signal,
				onQueued: (ahead) => (this.ahead = ahead),
				onConnection: (isOpen) => (this.reconnecting = !isOpen)
			});
			this.#run.trace_id.then(
				(id) => (this.traceId = id),
				() => {}
			);
			for await (const event of this.#run) {
				if (event.type === 'sources') this.#take(event);
				else if (event.type === 'token') this.#write(event.data);
				else if (event.type === 'done') this.#finish(event.data);
				else this.#fail(event.data);
			}
		} catch (thrown) {
			this.#fail(toFailure(thrown, this.#left.signal.aborted));
		}
		await this.#fetchTrace();
	}

	/** Stops the answer on the server; what was written stays. */
	async stop(): Promise<void> {
		try {
			await this.#run?.stop();
		} catch {
			// The server is out of reach: letting go makes it stop by itself.
			this.leave();
		}
	}

	/** Lets go of the answer without waiting for anything. */
	leave(): void {
		this.#left.abort();
	}

	/** Saves what the reader thinks of the answer with its trace. */
	async rate(rating: 'up' | 'down', comment: string | null): Promise<void> {
		if (this.traceId) await this.#client.feedback({ trace_id: this.traceId, rating, comment });
	}

	#take({ data, keyword_only }: Extract<AskEvent, { type: 'sources' }>): void {
		this.sources = data;
		this.keywordOnly = keyword_only ?? false;
	}

	#write(token: string): void {
		this.#pending += token;
		this.#timer ??= setTimeout(() => this.#flush(), FRAME_MS);
	}

	#flush(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		if (this.#pending === '') return;
		this.answer += this.#pending;
		this.#pending = '';
		if (this.status === 'waiting') this.status = 'streaming';
	}

	#finish(done: Done): void {
		this.#flush();
		this.done = done;
		this.traceId = done.trace_id;
		this.citations = done.citations;
		this.status = done.finish_reason === 'refused' ? 'refused' : 'answered';
	}

	#fail(failure: Failure & { trace_id?: string }): void {
		this.#flush();
		if (!this.running) return;
		this.traceId = failure.trace_id || this.traceId;
		this.failure = failure;
		this.status = failure.code === 'cancelled' ? 'stopped' : 'failed';
	}

	async #fetchTrace(): Promise<void> {
		if (!this.traceId || this.#left.signal.aborted) return;
		try {
			this.trace = await this.#client.traces.get(this.traceId);
			this.traceOpens = true;
			if (!this.done) this.citations = this.trace.citations;
		} catch (thrown) {
			// The answer stands without its figures.
			this.traceOpens = !(thrown instanceof CitelightError && thrown.code === 'forbidden');
		}
	}
}

function toFailure(thrown: unknown, left: boolean): Failure {
	if (left) return { code: 'cancelled', message: 'The answer was stopped.', retryable: true };
	if (thrown instanceof CitelightError) {
		const { code, message, retryable } = thrown;
		return { code, message, retryable };
	}
	return { code: 'internal', message: 'The page could not show the answer.', retryable: true };
}
