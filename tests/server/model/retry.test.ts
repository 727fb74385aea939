import { describe, expect, it } from 'vitest';
import { AppError } from '#lib/server/error.ts';
import { nextDelayMs, withRetries } from '#lib/server/model/retry.ts';
import { readRetryAfter, type UpstreamFailure } from '#lib/server/model/upstream-error.ts';

const policy = { retries: 2, firstDelayMs: 100 };

function failure(given: Partial<UpstreamFailure> = {}): UpstreamFailure {
	const error = new AppError('upstream_5xx', 'failed');
	return { error, retryable: true, status: 503, retryAfterMs: null, ...given };
}

describe('pause before the next try', () => {
	it('doubles, with a spread of a quarter', () => {
		for (let n = 0; n < 100; n++) {
			const first = nextDelayMs(failure(), 1, policy, 60_000)!;
			const second = nextDelayMs(failure(), 2, policy, 60_000)!;
			expect(first >= 100 && first <= 125).toBe(true);
			expect(second >= 200 && second <= 250).toBe(true);
		}
	});

	it.each<
		[name: string, failure: UpstreamFailure, failures: number, remainingMs: number, delay: number | null]
	>([
		['tries used up', failure(), 3, 60_000, null],
		['not worth it', failure({ retryable: false }), 1, 60_000, null],
		['as the server asks', failure({ retryAfterMs: 2000 }), 1, 60_000, 2000],
		['at once if the server says so', failure({ retryAfterMs: 0 }), 1, 60_000, 0],
		['the server asks for more than is left', failure({ retryAfterMs: 2000 }), 1, 1999, null],
		['the server asks for more than a minute', failure({ retryAfterMs: 60_001 }), 1, 1e9, null],
		['nothing is left', failure(), 1, 0, null]
	])('%s', (_name, given, failures, remainingMs, delay) => {
		expect(nextDelayMs(given, failures, policy, remainingMs)).toBe(delay);
	});
});

describe('Retry-After', () => {
	const now = Date.parse('2026-01-01T00:00:00Z');
	it.each([
		[{ 'retry-after': '2' }, 2000],
		[{ 'retry-after': '1.5' }, 1500],
		[{ 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' }, 30_000],
		[{ 'retry-after': 'Wed, 31 Dec 2025 00:00:00 GMT' }, 0],
		[{ 'retry-after': 'soon' }, null],
		[{ 'retry-after-ms': '250', 'retry-after': '9' }, 250],
		[{ 'retry-after-ms': '-1', 'retry-after': '9' }, 9000],
		[{}, null]
	])('%o', (headers, milliseconds) => {
		expect(readRetryAfter(new Headers(headers as Record<string, string>), now)).toBe(milliseconds);
	});
});

describe('trying again', () => {
	const options = (given: Partial<Parameters<typeof withRetries>[1]> = {}) => ({
		policy: { retries: 2, firstDelayMs: 1 },
		signal: new AbortController().signal,
		remainingMs: () => 60_000,
		explain: () => failure(),
		...given
	});

	it('goes on until it works, and tells of each pause', async () => {
		let tries = 0;
		const told: number[] = [];
		const onRetry = () => told.push(tries);
		const result = await withRetries(async () => {
			tries += 1;
			if (tries < 3) throw new Error('no');
			return 'yes';
		}, options({ onRetry }));
		expect(result).toBe('yes');
		expect(told).toEqual([1, 2]);
	});

	it('throws what the last failure means', async () => {
		const { error } = failure();
		let tries = 0;
		const attempt = async () => {
			tries += 1;
			throw new Error('no');
		};
		await expect(withRetries(attempt, options({ explain: () => failure({ error }) }))).rejects.toBe(error);
		expect(tries).toBe(3);
	});

	it('does not explain what an abort threw', async () => {
		const controller = new AbortController();
		const thrown = new Error('aborted');
		const attempt = async () => {
			controller.abort();
			throw thrown;
		};
		await expect(withRetries(attempt, options({ signal: controller.signal }))).rejects.toBe(thrown);
	});
});
