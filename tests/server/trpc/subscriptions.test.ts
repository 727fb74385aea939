import { describe, expect, it } from 'vitest';
import { appRouter } from '#lib/server/trpc/router.ts';

const { sse, isDev } = appRouter._def._config;

describe('subscriptions', () => {
	it('are pinged before a proxy or a client takes the silence for a loss', () => {
		const { enabled, intervalMs = Infinity } = sse!.ping!;
		expect(enabled).toBe(true);
		expect(intervalMs).toBeLessThanOrEqual(15_000);
		// Two pings may be late before a client connects again.
		expect(sse!.client!.reconnectAfterInactivityMs).toBeGreaterThan(2 * intervalMs);
	});

	it('are never ended by the server for their length: every client would connect again', () => {
		expect(sse!.maxDurationMs).toBeUndefined();
		expect(sse!.emitAndEndImmediately ?? false).toBe(false);
	});

	it('tell no stack, whatever NODE_ENV is', () => {
		expect(isDev).toBe(false);
	});
});
