import type { AskEvent, AskInput } from '#lib/contract/ask.ts';
import type { Connection } from './connection.ts';
import { toCitelightError } from './error.ts';
import { EventQueue } from './event-queue.ts';
import { follow } from './follow.ts';
import { subscribe } from './subscribe.ts';

/**
 * A question being answered: iterate over its events, once. The loop ends after `done` or `error`; leaving it earlier
 * lets go of the answer, which the server then stops by itself.
 */
export interface AskRun extends AsyncIterable<AskEvent, void, undefined> {
	/** Settles when the server has accepted the question; rejects with the CitelightError that the loop throws. */
	readonly trace_id: Promise<string>;
	/** Stops the answer on the server at once; the loop ends with its last event. */
	stop(): Promise<void>;
}

export interface AskOptions {
	/** Lets go of the answer; the loop throws the signal's reason. */
	signal?: AbortSignal | undefined;
	/**
	 * Told how many answers come before this one while it waits for its turn, again whenever it was looked up (about every
	 * second), and null once when the waiting is over. Not called for a question that need not wait.
	 */
	onQueued?: ((ahead: number | null) => void) | undefined;
	/**
	 * Told true whenever a connection is open, and false when it was lost and is about to be tried again. What was missed
	 * follows by itself.
	 */
	onConnection?: ((isOpen: boolean) => void) | undefined;
}

/** How often the place in the line is looked up, in milliseconds. */
const QUEUE_LOOK_MS = 1000;

/**
 * Asks in two steps: a mutation starts the run, a subscription follows it by id. So the question is never part of an
 * address, and a lost connection goes on where it was without starting anything again.
 */
export function startAsk(connection: Connection, input: AskInput, options: AskOptions): AskRun {
	const left = new AbortController();
	const signal = options.signal ? AbortSignal.any([options.signal, left.signal]) : left.signal;
	const events = new EventQueue<AskEvent>(() => left.abort());

	const started = start(connection, input, signal);
	const traceId = started.then(({ trace_id }) => trace_id);
	const turn = new AbortController();
	if (options.onQueued) {
		const waiting = AbortSignal.any([signal, turn.signal]);
		void started.then((run) => watchQueue(connection, run, waiting, options.onQueued!)).catch(() => {});
	}
	const followed = traceId.then((trace_id) =>
		follow<AskEvent>(
			(lastEventId, observer) =>
				subscribe(connection.ask, { trace_id, ...(lastEventId && { lastEventId }) }, observer),
			(event) => {
				turn.abort();
				events.push(event);
				return event.type === 'done' || event.type === 'error';
			},
			{ signal, mayEnd: false, onConnection: options.onConnection }
		)
	);
	followed.then(
		() => events.end(),
		(thrown: unknown) => events.fail(signal.aborted ? signal.reason : toCitelightError(thrown))
	);
	return {
		trace_id: traceId,
		async stop() {
			const trace_id = await traceId;
			await connection.cancel.mutate({ trace_id }).catch((thrown: unknown) => {
				throw toCitelightError(thrown);
			});
		},
		[Symbol.asyncIterator]: () => events
	};
}

/** Tells the place in the line until the signal fires or the waiting is over. */
async function watchQueue(
	connection: Connection,
	{ trace_id, ahead }: Started,
	signal: AbortSignal,
	tell: (ahead: number | null) => void
): Promise<void> {
	if (ahead === null) return;
	let place: number | null = ahead;
	while (place !== null && !signal.aborted) {
		tell(place);
		await pause(QUEUE_LOOK_MS, signal);
		// A failed look says nothing about the answer: what was told last stays.
		place = signal.aborted ? null : await lookUp(connection, trace_id, signal, place);
	}
	tell(null);
}

async function lookUp(
	connection: Connection,
	trace_id: string,
	signal: AbortSignal,
	last: number
): Promise<number | null> {
	try {
		return (await connection.ahead.query({ trace_id }, { signal })).ahead;
	} catch {
		return signal.aborted ? null : last;
	}
}

/** Resolves after a time, or when the signal fires. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		const over = () => {
			clearTimeout(timer);
			signal.removeEventListener('abort', over);
			resolve();
		};
		const timer = setTimeout(over, milliseconds);
		signal.addEventListener('abort', over, { once: true });
	});
}

interface Started {
	trace_id: string;
	/** How many answers come before it; null when it does not wait. */
	ahead: number | null;
}

/** Starts the run. The key makes a repeated start attach to the run of the first one. */
async function start(connection: Connection, input: AskInput, signal: AbortSignal): Promise<Started> {
	const request = { ...input, idempotency_key: input.idempotency_key ?? freshKey() };
	try {
		return await connection.start.mutate(request, { signal });
	} catch (thrown) {
		signal.throwIfAborted();
		const error = toCitelightError(thrown);
		// No answer at all may mean that the request arrived and its response was lost.
		if (error.code !== 'connection_failed' || error.status !== undefined) throw error;
	}
	try {
		return await connection.start.mutate(request, { signal });
	} catch (thrown) {
		signal.throwIfAborted();
		throw toCitelightError(thrown);
	}
}

/** Not `randomUUID`: browsers have it on secure pages only. */
function freshKey(): string {
	return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
		byte.toString(16).padStart(2, '0')
	).join('');
}
