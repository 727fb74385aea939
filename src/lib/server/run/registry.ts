import type { AskRequest } from '#lib/contract/ask.ts';
import type { RouteName, Trace, TraceStatus } from '#lib/contract/trace.ts';
import type { Config } from '#lib/server/config.ts';
import { AppError } from '#lib/server/error.ts';
import { TracePrivacy } from '#lib/server/privacy/trace-privacy.ts';
import type { AnswerPipeline } from '#lib/server/rag/answer.ts';
import type { TraceStore } from '#lib/server/store/trace-store.ts';
import { requireLibrary } from './admission.ts';
import { Allowance } from './allowance.ts';
import { AnswerQueue } from './answer-queue.ts';
import type { ConversationMemory } from './conversation-memory.ts';
import type { ListenOptions, RunEvents } from './event-log.ts';
import { Journal } from './journal.ts';
import { KnownRuns } from './known-runs.ts';
import { LiveTraces } from './live-traces.ts';
import { replayLog } from './replay.ts';
import { Run, type RunContext } from './run.ts';
import { UpstreamLog } from './upstream-log.ts';

export interface RunRegistryOptions {
	pipeline: AnswerPipeline;
	store: TraceStore;
	config: Pick<Config, 'RESUME_GRACE_MS' | 'MAX_CONCURRENT_ANSWERS' | 'MAX_QUEUE'> &
		Partial<Pick<Config, 'MAX_QUEUE_WAIT_MS'>>;
	/** What one client, and everybody together, may ask; absent sets no limit. */
	allowance?: Allowance | undefined;
	/** Names of the libraries that can be asked now, from the index being served; empty when nothing is indexed. */
	libraries(): readonly string[];
	/** What is kept of texts; absent keeps everything. */
	privacy?: TracePrivacy | undefined;
	/** Takes down the turns of conversations where the store has no text; absent when it has. */
	conversations?: ConversationMemory | undefined;
}

/** A run as one listener has joined it. */
export interface Attachment {
	events: RunEvents;
	/** False when the listener already has the terminal event. */
	hasMore: boolean;
}

/** All runs of this process: starts them, finds them, stops them. */
export class RunRegistry {
	/** Traces as they begin and end. */
	readonly live = new LiveTraces();
	/** What is kept of texts. */
	readonly privacy: TracePrivacy;
	readonly #context: RunContext;
	readonly #store: TraceStore;
	readonly #libraries: () => readonly string[];
	readonly #allowance: Allowance;
	readonly #conversations: ConversationMemory | undefined;
	readonly #runs = new KnownRuns();
	readonly #upstreamLog = new UpstreamLog();
	#isClosing = false;

	constructor(options: RunRegistryOptions) {
		const { pipeline, store, config, libraries, privacy = new TracePrivacy() } = options;
		this.privacy = privacy;
		this.#store = store;
		this.#libraries = libraries;
		this.#allowance = options.allowance ?? new Allowance();
		this.#conversations = options.conversations;
		this.#context = {
			pipeline,
			journal: new Journal(store),
			privacy,
			queue: new AnswerQueue(config.MAX_CONCURRENT_ANSWERS, config.MAX_QUEUE, config.MAX_QUEUE_WAIT_MS),
			resumeGraceMs: config.RESUME_GRACE_MS
		};
	}

	/**
	 * Starts answering; the trace exists when this returns. A request whose `idempotency_key` is known joins the run that
	 * the first one started. When nobody ever listens, the run stops after the grace time.
	 * @param client who asks, see `clientName`: limits are by client, clients take turns in the queue, and the keys of requests are
	 * those of an API key.
	 * @throws AppError before anything was started: `unknown_library`, `index_not_ready`, `overloaded`, `rate_limited`,
	 * `server_shutdown`, or `invalid_request` when the key belongs to another question.
	 */
	start(request: AskRequest, route: RouteName, client?: string): Run {
		const known = this.#runs.sameRequest(request, client);
		if (known) return known;
		this.requireRoom(client);
		requireLibrary(request.library, this.#libraries());
		const settle = this.#allowance.take(client);
		const run = new Run(request, route, this.#context, client);
		this.#runs.add(run);
		this.live.publish(run.trace);
		void run.finished.then(() => {
			settle(run.own);
			// Who asks at a terminal reads there what went wrong.
			if (route !== 'cli' && route !== 'eval') this.#upstreamLog.note(run.trace, run.failure);
			this.live.publish(run.trace);
			this.#conversations?.remember(run.own);
			if (!this.#isClosing) this.#runs.finished(run);
		});
		return run;
	}

	/**
	 * Checks that a new run would be taken.
	 * @throws AppError `overloaded`, `rate_limited`, `index_not_ready` or `server_shutdown`.
	 */
	requireRoom(client?: string): void {
		if (this.#isClosing) throw shuttingDown();
		requireLibrary(null, this.#libraries());
		this.#context.queue.requireRoom(client);
		this.#allowance.require(client);
	}

	/**
	 * Counts a search, which costs as much of a client's rate as a question.
	 * @throws AppError `rate_limited`.
	 */
	countSearch(client: string | undefined): void {
		this.#allowance.takeSearch(client);
	}

	/** A run that is going on or has ended within the last minute. */
	get(traceId: string): Run | undefined {
		return this.#runs.get(traceId);
	}

	/**
	 * Listens to a run, live or stored, from a place on. Never starts anything.
	 * @returns null when there is no such run, or its events were not kept.
	 */
	attach(traceId: string, options: ListenOptions = {}): Attachment | null {
		const { after = 0 } = options;
		const run = this.#runs.get(traceId);
		if (run) {
			return { events: run.events(options), hasMore: !run.isFinished || after < run.lastSeq };
		}
		const stored = this.#context.journal.findRun(traceId) ?? this.#store.getRun(traceId);
		const log = stored && replayLog(stored, after);
		return log ? { events: log.listen(options), hasMore: after < log.lastSeq } : null;
	}

	/**
	 * Stops a run at once and waits until its trace is stored.
	 * @returns how it ended, also when it had ended before; null when there is no such run.
	 */
	async cancel(traceId: string): Promise<TraceStatus | null> {
		const run = this.#runs.get(traceId);
		if (!run) return (this.unstored(traceId) ?? this.#store.get(traceId))?.status ?? null;
		run.cancel();
		return (await run.finished).status;
	}

	/**
	 * Forgets a run, so that nothing of it is left in memory; one that is going on is stopped first, and its trace stored.
	 * @returns false when there is no such run.
	 */
	async forget(traceId: string): Promise<boolean> {
		const run = this.#runs.get(traceId);
		run?.cancel();
		await run?.finished;
		this.#conversations?.forget(traceId);
		if (run) this.#runs.drop(run);
		const wasWaiting = this.#context.journal.forget(traceId);
		return run !== undefined || wasWaiting;
	}

	/** Ids of the runs of a subject that are in memory, whether they go on, have ended or wait for the store. */
	ofSubject(subject: string): string[] {
		return [...new Set([...this.#runs.ofSubject(subject), ...this.#context.journal.ofSubject(subject)])];
	}

	/** The trace of a run that the store has not taken yet; null when there is none. */
	unstored(traceId: string): Trace | null {
		return this.#context.journal.find(traceId);
	}

	/** How busy it is and whether traces can be stored, for readiness checks. */
	load() {
		const { queue, journal } = this.#context;
		return {
			libraries: this.#libraries().length,
			isClosing: this.#isClosing,
			running: queue.running,
			queued: queue.waiting,
			store: {
				failures: journal.failures,
				waiting: journal.waiting,
				lost: journal.lost,
				trouble: journal.trouble
			}
		};
	}

	/**
	 * Refuses new runs from now on. Those that wait for their turn end with `server_shutdown`; those going on too, unless they
	 * come to their end within the grace time. Resolves when all traces are stored.
	 * @param graceMs in milliseconds.
	 */
	async close(graceMs = 0): Promise<void> {
		this.#isClosing = true;
		const runs = this.#runs.close();
		const ended = Promise.all(runs.map((run) => run.finished));
		const stop = (each: readonly Run[]) => each.forEach((run) => run.cancel(shuttingDown()));
		stop(graceMs > 0 ? runs.filter((run) => run.ahead !== null) : runs);
		const timer = setTimeout(stop, graceMs, runs);
		await ended;
		clearTimeout(timer);
		this.#context.journal.close();
	}
}

/** Time after which another process may have taken over, in seconds. */
const RETRY_AFTER_SHUTDOWN_S = 5;

function shuttingDown(): AppError {
	return new AppError('server_shutdown', 'The server is shutting down. Ask again later.', {
		retryAfterSeconds: RETRY_AFTER_SHUTDOWN_S
	});
}
