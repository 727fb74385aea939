import { setTimeout as sleep } from 'node:timers/promises';
import type { UpstreamFailure } from './upstream-error.ts';

export interface RetryPolicy {
	/** How often a failed call may be repeated. */
	retries: number;
	/** Pause before the first repetition, in milliseconds; doubled each time. */
	firstDelayMs: number;
}

export const DEFAULT_RETRY_POLICY: RetryPolicy = { retries: 2, firstDelayMs: 500 };

/** A server that asks for a longer pause than this has said no: nobody waits that long for an answer. */
const LONGEST_PAUSE_MS = 60_000;

/**
 * The pause before the next try in milliseconds, or null when there must be none: it would not help, the tries are used
 * up, or the server asks for a pause that is too long for the time that is left.
 * @param failures how many tries have failed, from 1.
 */
export function nextDelayMs(
	failure: UpstreamFailure,
	failures: number,
	policy: RetryPolicy,
	remainingMs: number
): number | null {
	if (!failure.retryable || failures > policy.retries) return null;
	// Spread over a quarter, so that many runs that failed together do not come back together.
	const spread = 1 + Math.random() / 4;
	const delay = failure.retryAfterMs ?? policy.firstDelayMs * 2 ** (failures - 1) * spread;
	return delay > Math.min(LONGEST_PAUSE_MS, remainingMs) ? null : delay;
}

export interface RetryOptions {
	policy: RetryPolicy;
	signal: AbortSignal;
	/** Time left for everything, in milliseconds. */
	remainingMs: () => number;
	/** Understands what a try threw. */
	explain: (thrown: unknown) => UpstreamFailure;
	/** Told before each pause. */
	onRetry?: (failure: UpstreamFailure, delayMs: number) => void;
}

/**
 * Calls until a try succeeds or no further one is allowed.
 * @throws AppError of the last failure; whatever the abort made the call or the pause throw when the signal fired.
 */
export async function withRetries<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
	const { policy, signal, remainingMs, explain, onRetry } = options;
	for (let failures = 1; ; failures++) {
		try {
			return await attempt();
		} catch (thrown) {
			if (signal.aborted) throw thrown;
			const failure = explain(thrown);
			const delay = nextDelayMs(failure, failures, policy, remainingMs());
			if (delay === null) throw failure.error;
			onRetry?.(failure, delay);
			await sleep(delay, undefined, { signal });
		}
	}
}
