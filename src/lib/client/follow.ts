import { toCitelightError } from './error.ts';

/** What one connection of a subscription tells. */
export interface ConnectionObserver<T> {
	onOpen(): void;
	onEvent(event: { id: string; data: T }): void;
	/** The connection is gone, or the server has refused: the error says which. */
	onLost(error: unknown): void;
	/** The server says that there is no more. */
	onEnd(): void;
}

/** Opens one connection, going on after an event; gives back what closes it. */
export type Connect<T> = (lastEventId: string | undefined, observer: ConnectionObserver<T>) => () => void;

/** Attempts in a row that may bring nothing new before the subscription is given up. */
const MAX_ATTEMPTS = 10;
/** A connection that is not open by then counts as lost. */
const OPEN_TIMEOUT_MS = 15_000;
/** A connection that lived this long was a good one, whether it brought an event or not. */
const HEALTHY_MS = 10_000;

/** Pause before the next attempt, in milliseconds: short at first, because the server waits only for its grace time. */
const pauseAfter = (attempts: number) => Math.min(5000, 50 * 2 ** attempts);

export interface FollowOptions {
	signal: AbortSignal;
	mayEnd: boolean;
	onConnection?: ((isOpen: boolean) => void) | undefined;
}

/**
 * Follows a subscription over as many connections as it takes, each going on after the last event of the one before.
 * An EventSource would reconnect by itself, but only after seconds, and for ever.
 *
 * @param onEvent gets every event once, in order; true means that it was the last one.
 * @param mayEnd whether the server may end it without a last one; otherwise that counts as a lost connection.
 * @param onConnection told when a connection is open, and when it was lost and the next attempt is to follow.
 * @throws CitelightError when the server refuses, or ten attempts in a row (at most three minutes) bring nothing.
 * @throws the signal's reason when it fires.
 */
export async function follow<T>(
	connect: Connect<T>,
	onEvent: (data: T) => boolean,
	{ signal, mayEnd, onConnection }: FollowOptions
): Promise<void> {
	let lastEventId: string | undefined;
	let attempts = 0;
	for (;;) {
		let brought = false;
		const outcome = await connectOnce(
			connect,
			lastEventId,
			(event) => {
				if (isOld(event.id, lastEventId)) return false;
				lastEventId = event.id;
				brought = true;
				return onEvent(event.data);
			},
			signal,
			() => onConnection?.(true)
		);
		if (outcome.kind === 'last' || (outcome.kind === 'end' && mayEnd)) return;
		const error = toCitelightError(outcome.kind === 'lost' ? outcome.error : undefined);
		if (!error.retryable) throw error;
		attempts = brought || outcome.healthy ? 0 : attempts + 1;
		if (attempts >= MAX_ATTEMPTS) throw error;
		onConnection?.(false);
		await pause(pauseAfter(attempts), signal);
	}
}

type Outcome =
	{ kind: 'last' | 'end'; healthy: boolean } | { kind: 'lost'; error: unknown; healthy: boolean };

function connectOnce<T>(
	connect: Connect<T>,
	lastEventId: string | undefined,
	onEvent: (event: { id: string; data: T }) => boolean,
	signal: AbortSignal,
	opened: () => void
): Promise<Outcome> {
	signal.throwIfAborted();
	const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
	let openedAt: number | undefined;
	let settled = false;
	const settle = (outcome: { kind: 'last' | 'end' } | { kind: 'lost'; error: unknown }) => {
		settled = true;
		resolve({ ...outcome, healthy: openedAt !== undefined && performance.now() - openedAt > HEALTHY_MS });
	};
	const onAbort = () => {
		settled = true;
		reject(signal.reason);
	};
	signal.addEventListener('abort', onAbort);
	const timer = setTimeout(() => settle({ kind: 'lost', error: undefined }), OPEN_TIMEOUT_MS);
	const close = connect(lastEventId, {
		onOpen() {
			clearTimeout(timer);
			if (settled || openedAt !== undefined) return;
			openedAt = performance.now();
			opened();
		},
		onEvent(event) {
			if (settled) return;
			clearTimeout(timer);
			if (onEvent(event)) settle({ kind: 'last' });
		},
		onLost: (error) => settle({ kind: 'lost', error }),
		onEnd: () => settle({ kind: 'end' })
	});
	return promise.finally(() => {
		clearTimeout(timer);
		signal.removeEventListener('abort', onAbort);
		close();
	});
}

/** An event of the same run with a lower or equal number; ids of another kind are compared as they are. */
function isOld(id: string, lastId: string | undefined): boolean {
	if (lastId === undefined || id === lastId) return id === lastId;
	const [event, last] = [parseId(id), parseId(lastId)];
	return event !== null && last !== null && event.run === last.run && event.number <= last.number;
}

function parseId(id: string): { run: string; number: number } | null {
	const [, run, number] = /^(.*):(\d+)$/.exec(id) ?? [];
	return run === undefined ? null : { run, number: Number(number) };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
	signal.throwIfAborted();
	const { promise, resolve, reject } = Promise.withResolvers<void>();
	const onAbort = () => reject(signal.reason);
	const timer = setTimeout(resolve, ms);
	signal.addEventListener('abort', onAbort);
	return promise.finally(() => {
		clearTimeout(timer);
		signal.removeEventListener('abort', onAbort);
	});
}
