import type { AskEvent, AskRequest } from '#lib/contract/ask.ts';
import type { Source } from '#lib/contract/chunk.ts';
import type { RouteName, Trace } from '#lib/contract/trace.ts';
import { AppError, cancelledError, throwIfCancelled, toAppError } from '#lib/server/error.ts';
import type { TracePrivacy } from '#lib/server/privacy/trace-privacy.ts';
import type { AnswerOutcome, AnswerPart, AnswerPipeline } from '#lib/server/rag/answer.ts';
import { TraceRecorder } from '#lib/server/trace/recorder.ts';
import type { AnswerQueue, Place, Release } from './answer-queue.ts';
import { AnswerText } from './answer-text.ts';
import { Attendance } from './attendance.ts';
import { EventLog, type ListenOptions, type RunEvents } from './event-log.ts';
import { logFailure } from './failure-log.ts';
import type { Journal } from './journal.ts';
import { doneOf, sourcesEvent } from './trace-events.ts';

/** A stopped pipeline that has not come to its end after this long is left behind. */
const SETTLE_MS = 100;

/** Whoever has left what waits for them for so long did not just lose a connection. In milliseconds. */
const SLOW_READER_MS = 500;

/** What a run works with. */
export interface RunContext {
	pipeline: AnswerPipeline;
	queue: AnswerQueue;
	journal: Journal;
	privacy: TracePrivacy;
	/** How long it goes on when nobody listens, in milliseconds; 0 stops it at once. */
	resumeGraceMs: number;
}

/**
 * One answering of one question. It lives on the server, whoever listens: events are kept in order, any number of
 * listeners read them from any place, and it ends by itself, when it is cancelled, or when nobody has listened for the
 * grace time. Exactly one terminal event (`done` or `error`) comes last, after the trace has been stored.
 */
export class Run {
	/** Also the id of its trace. */
	readonly traceId: string = crypto.randomUUID();
	readonly request: AskRequest;
	/** Who asks; undefined where nobody told. */
	readonly client: string | undefined;
	/** The finished trace as who asked may see it, once the terminal event is out; never rejects. */
	readonly finished: Promise<Trace>;
	readonly #context: RunContext;
	readonly #recorder: TraceRecorder;
	readonly #log: EventLog;
	readonly #place: Place;
	readonly #stop = new AbortController();
	readonly #text: AnswerText;
	readonly #attendance: Attendance;
	readonly #wasStored: boolean;
	#own: Trace | null = null;
	#kept: Trace | null = null;
	#failure: AppError | null = null;

	/**
	 * Accepts the question: its place (or place in the queue) is taken and its trace exists when this returns.
	 * @param client who asks; clients take turns in the queue.
	 * @throws AppError `overloaded` before anything else has been done.
	 */
	constructor(request: AskRequest, route: RouteName, context: RunContext, client?: string) {
		this.client = client;
		context.queue.requireRoom(client);
		this.request = request;
		this.#context = context;
		this.#recorder = new TraceRecorder(request, route, this.traceId);
		this.#log = new EventLog((count, untakenMs) => this.#attendance.changed(count, untakenMs));
		this.#text = new AnswerText(context.privacy, (answer) =>
			context.journal.saveProgress(this.traceId, answer)
		);
		this.#wasStored = context.journal.create(this.trace, request.subject);
		this.#attendance = new Attendance(context.resumeGraceMs, (untakenMs) => this.cancel(deserted(untakenMs)));
		this.#place = context.queue.join(this.#stop.signal, client);
		this.finished = this.#live();
	}

	/** The trace as it stands and is kept, for anybody who may see traces. */
	get trace(): Trace {
		return this.#kept ?? this.#keptSoFar();
	}

	/** The trace as it stands, for who asked. */
	get own(): Trace {
		return this.#own ?? this.#context.privacy.shown(this.#recorder.pending());
	}

	get isFinished(): boolean {
		return this.#own !== null;
	}

	/** How many answers come before this one; null when it does not wait for its turn (any more). */
	get ahead(): number | null {
		return this.#place.ahead();
	}

	/** Why it failed, when it did. */
	get failure(): AppError | null {
		return this.#failure;
	}

	/** Sequence number of the newest event; 0 before the first. */
	get lastSeq(): number {
		return this.#log.lastSeq;
	}

	/** Listens from a place on: what was missed first, then live. Counts as a listener at once. */
	events(options?: ListenOptions): RunEvents {
		return this.#log.listen(options);
	}

	/** Stops the run at once; a finished run stays as it is. */
	cancel(reason = new AppError('cancelled', 'The answer was stopped.')): void {
		this.#stop.abort(reason);
	}

	async #live(): Promise<Trace> {
		const { signal } = this.#stop;
		const left = Promise.withResolvers<never>();
		let settleTimer: ReturnType<typeof setTimeout> | undefined;
		const onAbort = () => {
			settleTimer = setTimeout(() => left.reject(cancelledError(signal)), SETTLE_MS);
		};
		signal.addEventListener('abort', onAbort, { once: true });
		const answering = this.#answer(signal);
		// When it is left behind nobody hears of its failure.
		answering.catch(() => {});
		try {
			const outcome = await Promise.race([answering, left.promise]);
			return this.#succeed(outcome);
		} catch (thrown) {
			return this.#fail(signal.aborted ? cancelledError(signal) : thrown);
		} finally {
			signal.removeEventListener('abort', onAbort);
			clearTimeout(settleTimer);
		}
	}

	async #answer(signal: AbortSignal): Promise<AnswerOutcome> {
		const release = await this.#turn();
		const tell = (part: AnswerPart) => {
			throwIfCancelled(signal);
			this.#publish(part);
		};
		try {
			return await this.#context.pipeline(this.request, this.#recorder, tell, signal);
		} finally {
			release();
		}
	}

	/** Waits for the turn; the waiting is a step of its own, which is not there when there was none. */
	#turn(): Promise<Release> {
		const { granted } = this.#place;
		const { ahead } = this;
		if (ahead === null) return granted;
		return this.#recorder.step('queue', ({ details }) => {
			details.n_ahead = ahead;
			return granted;
		});
	}

	#publish(part: AnswerPart): void {
		if (this.isFinished) return;
		if (part.type === 'token') this.#publishText(this.#text.push(part.data));
		else this.#publishSources(part.data);
	}

	#publishText(data: string): void {
		if (data === '') return;
		this.#recorder.markFirstToken();
		this.#log.append({ type: 'token', data });
	}

	#publishSources(sources: Source[]): void {
		const { privacy, journal } = this.#context;
		const { steps, ...pending } = this.#recorder.pending();
		const trace = { ...pending, answer: null, steps: [], prompt: [], candidates: [], sources };
		journal.saveSources(this.traceId, privacy.kept(trace).sources);
		this.#log.append(privacy.shownEvent(sourcesEvent(sources, steps)));
	}

	#keptSoFar(): Trace {
		const kept = this.#context.privacy.kept({ ...this.#recorder.pending(), answer: null });
		return { ...kept, answer: this.#text.kept };
	}

	#succeed({ status, finishReason }: AnswerOutcome): Trace {
		this.#publishText(this.#text.end());
		const trace = this.#recorder.finish({ status });
		return this.#end(trace, { type: 'done', data: doneOf(trace, finishReason) });
	}

	#fail(thrown: unknown): Trace {
		const error = toAppError(thrown);
		if (error.code === 'internal') logFailure('answering', error.cause ?? error);
		this.#failure = error;
		this.#publishText(this.#text.end());
		const { code, message } = error;
		const trace = this.#recorder.finish({ status: statusOf(error), error: { code, message } });
		return this.#end(trace, { type: 'error', data: error.toAskError(this.traceId) });
	}

	#end(trace: Trace, terminal: AskEvent): Trace {
		this.#attendance.end();
		const { privacy, journal } = this.#context;
		this.#own = privacy.shown(trace);
		// Where sentences stand in the answer as it was told.
		if (terminal.type === 'done') terminal.data.support = this.#own.support;
		const kept = privacy.keptRun(this.#own, this.#text.tokenLengths);
		this.#kept = kept.trace;
		// Stored first, so that a client that sees the terminal event can read the trace.
		journal.finalise(kept, this.#wasStored, this.request.subject);
		this.#log.append(privacy.shownEvent(terminal));
		this.#log.close();
		return this.#own;
	}
}

function statusOf({ code }: AppError): 'cancelled' | 'interrupted' | 'error' {
	if (code === 'cancelled') return 'cancelled';
	return code === 'server_shutdown' ? 'interrupted' : 'error';
}

function deserted(untakenMs: number): AppError {
	const why =
		untakenMs < SLOW_READER_MS
			? 'nobody was listening any more.'
			: `its reader had taken nothing for ${(untakenMs / 1000).toFixed(1)} s (slow_reader).`;
	return new AppError('cancelled', `The answer was stopped because ${why}`);
}
