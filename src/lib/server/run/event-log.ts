import type { AskEvent } from '#lib/contract/ask.ts';
import { wakeTogether } from './wake-together.ts';

/** An event of a run with its place in the run, counted from 1. */
export interface RunEvent {
	seq: number;
	event: AskEvent;
}

export interface ListenOptions {
	/** Events up to and with this sequence number are left out; 0 or absent means from the start. */
	after?: number | undefined;
	/** When it fires, the listener leaves. */
	signal?: AbortSignal | undefined;
}

/** The events of one run as one listener reads them: to be iterated, or taken in batches. */
export interface RunEvents extends AsyncIterableIterator<RunEvent> {
	/**
	 * Waits until there is something new, then gives all of it, at most `limit` events. Empty means that it is over: the
	 * terminal event has been given, or the listener has left. Never rejects.
	 */
	nextBatch(limit?: number): Promise<RunEvent[]>;
	/** Stops listening; what is being waited for ends. */
	leave(): void;
}

/**
 * @param count of those who listen now.
 * @param untakenMs how long something had waited for the one who has just left, in milliseconds; 0 when nothing had.
 */
export type OnListeners = (count: number, untakenMs: number) => void;

/**
 * Everything a run has told so far, kept in order, and those who listen. A listener is only a place in the log, so a
 * slow one costs no memory and never holds up the run.
 */
export class EventLog {
	readonly #events: AskEvent[] = [];
	readonly #firstSeq: number;
	readonly #listeners = new Set<LogListener>();
	readonly #onListeners: OnListeners;
	#closed = false;
	#change: PromiseWithResolvers<void> | null = null;

	/**
	 * @param onListeners is told whenever a listener comes or leaves before the log is closed.
	 * @param firstSeq sequence number of the first event.
	 */
	constructor(onListeners: OnListeners = () => {}, firstSeq = 1) {
		this.#onListeners = onListeners;
		this.#firstSeq = firstSeq;
	}

	/** A closed log of these events, for replay. */
	static of(events: readonly AskEvent[], firstSeq = 1): EventLog {
		const log = new EventLog(undefined, firstSeq);
		for (const event of events) log.append(event);
		log.close();
		return log;
	}

	/** True when nothing more will come. */
	get closed(): boolean {
		return this.#closed;
	}

	/** Sequence number of the newest event; 0 when there is none. */
	get lastSeq(): number {
		return this.#events.length === 0 ? 0 : this.#firstSeq + this.#events.length - 1;
	}

	append(event: AskEvent): void {
		this.#events.push(event);
		this.#wake();
	}

	/** To be called after the terminal event. */
	close(): void {
		this.#closed = true;
		this.#wake();
	}

	/** Adds a listener, which counts from now on until it has read the last event or leaves. */
	listen({ after = 0, signal }: ListenOptions = {}): RunEvents {
		// A place that the run has not reached yet would miss what comes before it.
		const place = Math.min(Math.max(0, after + 1 - this.#firstSeq), this.#events.length);
		const listener = new LogListener(this, place, signal, (untakenMs) => {
			if (this.#listeners.delete(listener) && !this.#closed) {
				this.#onListeners(this.#listeners.size, untakenMs);
			}
			this.#wake();
		});
		this.#listeners.add(listener);
		if (!this.#closed) this.#onListeners(this.#listeners.size, 0);
		if (signal?.aborted) listener.leave();
		return listener;
	}

	/** Events from a place on, counted from 0. */
	read(from: number, limit: number): RunEvent[] {
		return this.#events
			.slice(from, from + limit)
			.map((event, index) => ({ seq: this.#firstSeq + from + index, event }));
	}

	/** Settles at the next change of the log or of its listeners. */
	changed(): Promise<void> {
		this.#change ??= Promise.withResolvers();
		return this.#change.promise;
	}

	#wake(): void {
		if (this.#change) wakeTogether(this.#change.resolve);
		this.#change = null;
	}
}

class LogListener implements RunEvents {
	readonly #log: EventLog;
	readonly #signal: AbortSignal | undefined;
	readonly #onLeave: (untakenMs: number) => void;
	#place: number;
	#tookAt = performance.now();
	#left = false;

	constructor(
		log: EventLog,
		place: number,
		signal: AbortSignal | undefined,
		onLeave: (untakenMs: number) => void
	) {
		this.#log = log;
		this.#place = place;
		this.#signal = signal;
		this.#onLeave = onLeave;
		signal?.addEventListener('abort', this.leave, { once: true });
	}

	async nextBatch(limit = Infinity): Promise<RunEvent[]> {
		while (!this.#left) {
			const events = this.#log.read(this.#place, limit);
			if (events.length > 0) {
				this.#place += events.length;
				this.#tookAt = performance.now();
				return events;
			}
			if (this.#log.closed) this.leave();
			else await this.#log.changed();
		}
		return [];
	}

	async next(): Promise<IteratorResult<RunEvent, undefined>> {
		const [event] = await this.nextBatch(1);
		return event ? { done: false, value: event } : { done: true, value: undefined };
	}

	async return(): Promise<IteratorResult<RunEvent, undefined>> {
		this.leave();
		return { done: true, value: undefined };
	}

	[Symbol.asyncIterator](): this {
		return this;
	}

	readonly leave = (): void => {
		if (this.#left) return;
		this.#left = true;
		this.#signal?.removeEventListener('abort', this.leave);
		const isBehind = this.#log.read(this.#place, 1).length > 0;
		this.#onLeave(isBehind ? performance.now() - this.#tookAt : 0);
	};
}
