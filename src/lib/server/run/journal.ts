import type { Source } from '#lib/contract/chunk.ts';
import type { Trace } from '#lib/contract/trace.ts';
import { isHopeless, storeTroubleOf, type StoreTrouble } from '#lib/server/store/store-trouble.ts';
import type { StoredRun, TraceStore } from '#lib/server/store/trace-store.ts';
import { RepeatedFailureLog } from './failure-log.ts';

/** Traces that wait for the store at most: one takes up to some hundred kilobytes. */
const MOST_WAITING = 500;
const RETRY_MS = 1000;
/** How long catching up may hold up everything else at a time. */
const SLICE_MS = 5;
/** How long texts are gathered, to be saved in one transaction: many small ones would cost more than what they write. */
const GATHER_MS = 50;

/** A trace that the store has not taken yet. */
interface Waiting {
	trace: Trace;
	subject: string | null;
	isCreated: boolean;
	/** Once it has ended. */
	run: StoredRun | null;
}

export interface JournalOptions {
	/** Traces that may wait for the store; beyond it the oldest is lost. Default 500. */
	mostWaiting?: number;
	/** Time between two tries while the store fails, in milliseconds. Default 1,000. */
	retryMs?: number;
}

/**
 * Writes runs to the store without ever failing them: an answer goes on when the disk is full, and its trace waits in memory
 * until the store works again. While it is locked it is tried once in a while only, so that this holds nobody up.
 */
export class Journal {
	readonly #store: TraceStore;
	readonly #mostWaiting: number;
	readonly #retryMs: number;
	/** In the order of acceptance. */
	readonly #waiting = new Map<string, Waiting>();
	/** Running ones whose row could only be made later. */
	readonly #createdLate = new Set<string>();
	#failures = 0;
	#lost = 0;
	#trouble: StoreTrouble | null = null;
	readonly #log = new RepeatedFailureLog();
	#timer: ReturnType<typeof setTimeout> | undefined;
	/** Texts that are about to be saved, by trace id. */
	#progress = new Map<string, string>();
	#progressTimer: ReturnType<typeof setTimeout> | undefined;

	constructor(store: TraceStore, { mostWaiting = MOST_WAITING, retryMs = RETRY_MS }: JournalOptions = {}) {
		this.#store = store;
		this.#mostWaiting = mostWaiting;
		this.#retryMs = retryMs;
	}

	/** Writes that failed since the start; those that were put off meanwhile do not count. */
	get failures(): number {
		return this.#failures;
	}

	/** Traces that will never be stored. */
	get lost(): number {
		return this.#lost;
	}

	/** Traces that the store has not taken yet. */
	get waiting(): number {
		return this.#waiting.size;
	}

	/** Why the last write failed; null when it did not. */
	get trouble(): StoreTrouble | null {
		return this.#trouble;
	}

	/** False when it is not stored yet. */
	create(trace: Trace, subject: string | null = null): boolean {
		if (this.#attempt(() => this.#store.create(trace, subject))) return true;
		this.#wait({ trace, subject, isCreated: false, run: null });
		return false;
	}

	/** Saves the text so far, a moment later and together with that of others. */
	saveProgress(traceId: string, answer: string): void {
		const waiting = this.#waiting.get(traceId);
		if (waiting) waiting.trace = { ...waiting.trace, answer };
		else {
			this.#progress.set(traceId, answer);
			this.#progressTimer ??= setTimeout(() => this.#saveGathered(), GATHER_MS);
		}
	}

	saveSources(traceId: string, sources: Source[]): void {
		const waiting = this.#waiting.get(traceId);
		if (waiting) waiting.trace = { ...waiting.trace, sources };
		else this.#attempt(() => this.#store.saveSources(traceId, sources));
	}

	/**
	 * Ends the trace in the store.
	 * @param wasCreated what `create` returned.
	 * @param subject what `create` was given.
	 */
	finalise(run: StoredRun, wasCreated: boolean, subject: string | null = null): void {
		const { trace } = run;
		this.#progress.delete(trace.trace_id);
		const isCreated = this.#createdLate.delete(trace.trace_id) || wasCreated;
		const waiting = this.#waiting.get(trace.trace_id) ?? { trace, subject, isCreated, run };
		waiting.run = run;
		if (!this.#attempt(() => this.#put(waiting))) this.#wait(waiting);
		else this.#waiting.delete(trace.trace_id);
	}

	/** A trace that waits for the store, as it will be kept. */
	find(traceId: string): Trace | null {
		const waiting = this.#waiting.get(traceId);
		return waiting ? (waiting.run?.trace ?? waiting.trace) : null;
	}

	/** A run that has ended and waits for the store; null when there is none. */
	findRun(traceId: string): StoredRun | null {
		return this.#waiting.get(traceId)?.run ?? null;
	}

	/** Ids of the traces of a subject that wait for the store. */
	ofSubject(subject: string): string[] {
		return [...this.#waiting].filter(([, waiting]) => waiting.subject === subject).map(([id]) => id);
	}

	/** False when no such trace waits. */
	forget(traceId: string): boolean {
		return this.#waiting.delete(traceId);
	}

	/** Tries to store what waits, a few milliseconds at a time, and goes on later with what is left. */
	catchUp(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		const until = performance.now() + SLICE_MS;
		for (const waiting of this.#waiting.values()) {
			if (!this.#catchUpWith(waiting)) return this.#later(this.#retryMs);
			if (performance.now() > until) break;
		}
		if (this.#waiting.size > 0) this.#later(0);
		else this.#trouble = null;
	}

	/** One last try for everything that waits; to be called before the store is closed. */
	close(): void {
		this.#saveGathered();
		clearTimeout(this.#timer);
		for (const waiting of this.#waiting.values()) if (!this.#catchUpWith(waiting)) break;
		clearTimeout(this.#timer);
	}

	#saveGathered(): void {
		clearTimeout(this.#progressTimer);
		this.#progressTimer = undefined;
		const answers = this.#progress;
		this.#progress = new Map();
		if (answers.size > 0) this.#attempt(() => this.#store.saveProgress(answers));
	}

	/** False when the store still fails. */
	#catchUpWith(waiting: Waiting): boolean {
		const id = waiting.trace.trace_id;
		try {
			this.#put(waiting);
			this.#trouble = null;
			if (!waiting.run) this.#createdLate.add(id);
		} catch (thrown) {
			this.#failed(thrown);
			if (!isHopeless(thrown)) return false;
			this.#lost += 1;
		}
		this.#waiting.delete(id);
		return true;
	}

	#put(waiting: Waiting): void {
		if (!waiting.isCreated) {
			const { run, trace, subject } = waiting;
			this.#store.create(run ? { ...run.trace, status: 'pending', answer: null } : trace, subject);
			waiting.isCreated = true;
		}
		if (waiting.run) this.#store.finalise(waiting.run);
	}

	#attempt(write: () => void): boolean {
		// Each try would cost the patience for the lock: one for all of them, in `catchUp`.
		if (this.#trouble === 'locked') return false;
		try {
			write();
			this.#trouble = null;
			return true;
		} catch (thrown) {
			this.#failed(thrown);
			this.#later(this.#retryMs);
			return false;
		}
	}

	#wait(waiting: Waiting): void {
		const id = waiting.trace.trace_id;
		this.#waiting.set(id, waiting);
		if (this.#waiting.size > this.#mostWaiting) {
			const oldest = this.#waiting.entries().find(([, { run }]) => run !== null)?.[0] ?? id;
			this.#waiting.delete(oldest);
			this.#lost += 1;
		}
		this.#later(this.#retryMs);
	}

	#later(delayMs: number): void {
		if (this.#timer) return;
		this.#timer = setTimeout(() => this.catchUp(), delayMs);
		this.#timer.unref();
	}

	#failed(thrown: unknown): void {
		this.#failures += 1;
		this.#trouble = storeTroubleOf(thrown);
		this.#log.note(`storing a trace (${this.#failures} failed so far)`, thrown);
	}
}
