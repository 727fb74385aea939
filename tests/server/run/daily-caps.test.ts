import { describe, expect, it, vi } from 'vitest';
import type { Trace } from '#lib/contract/trace.ts';
import { DailyCaps, tokensOf, type DailyCapOptions } from '#lib/server/run/daily-caps.ts';
import { SqliteSpendingStore } from '#lib/server/store/spending.ts';
import { tempFolder } from '../../fixtures/temp-folder.ts';
import { pendingTrace } from '../../fixtures/traces.ts';

const NOON = new Date('2026-02-05T12:00:00Z');
const used = (total: number | null, cost_usd: number | null, given: Partial<Trace> = {}): Trace =>
	pendingTrace({
		usage: {
			prompt_tokens: total,
			completion_tokens: 0,
			total_tokens: total,
			source: total === null ? 'missing' : 'reported'
		},
		cost_usd,
		...given
	});

async function startCaps(given: Partial<DailyCapOptions>) {
	const folder = await tempFolder();
	const clock = { now: NOON };
	const open = () => {
		const store = new SqliteSpendingStore(folder.path);
		const caps = new DailyCaps({
			store,
			tokens: undefined,
			costUsd: undefined,
			unpricedCost: (tokens) => tokens / 1000,
			now: () => clock.now,
			...given
		});
		return { store, caps };
	};
	const first = open();
	return {
		...first,
		clock,
		/** As after a restart. */
		reopen: () => {
			first.store.close();
			return open();
		},
		async [Symbol.asyncDispose]() {
			first.store.close();
			await folder[Symbol.asyncDispose]();
		}
	};
}

describe('daily caps', () => {
	it('refuse when the tokens of the day are used up, until midnight UTC, also after a restart', async () => {
		await using test = await startCaps({ tokens: 1000 });
		for (const tokens of [600, 400]) {
			test.caps.require();
			test.caps.open()(used(tokens, null));
		}
		const refusal = { code: 'rate_limited', status: 429, retryAfterSeconds: 43_200 };
		expect(() => test.caps.require()).toThrow(expect.objectContaining(refusal));
		const again = test.reopen();
		expect(() => again.caps.require()).toThrow(expect.objectContaining(refusal));
		test.clock.now = new Date('2026-02-06T00:00:00Z');
		expect(() => again.caps.require()).not.toThrow();
		again.store.close();
	});

	it('count what is being written as what the others of the day have used', async () => {
		await using test = await startCaps({ tokens: 1000 });
		test.caps.open()(used(300, null));
		test.caps.open();
		test.caps.open();
		expect(() => test.caps.require()).not.toThrow();
		const last = test.caps.open();
		expect(() => test.caps.require()).toThrow(expect.objectContaining({ code: 'rate_limited' }));
		last(used(0, 0));
		expect(() => test.caps.require()).not.toThrow();
	});

	it('count a cost without a known price at the dearest one', async () => {
		await using test = await startCaps({ costUsd: 1 });
		test.caps.open()(used(500, 0.25));
		test.caps.open()(used(500, null));
		expect(() => test.caps.require()).not.toThrow();
		test.caps.open()(used(250, null));
		expect(() => test.caps.require()).toThrow(expect.objectContaining({ code: 'rate_limited' }));
	});

	it('go on counting in memory when the record cannot be written, and write it later', async () => {
		await using test = await startCaps({ tokens: 100 });
		const day = '2026-02-05';
		test.store.close();
		const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
		test.caps.open()(used(100, null));
		stderr.mockRestore();
		expect(test.store.spent(day).tokens).toBe(100);
		expect(() => test.caps.require()).toThrow(expect.objectContaining({ code: 'rate_limited' }));
	});
});

describe('the tokens of a run', () => {
	it('are those reported; estimated from the texts where none were; none where no model was called', () => {
		const prompt = [{ role: 'user' as const, content: 'x'.repeat(300) }];
		const steps: Trace['steps'] = [
			{ name: 'llm_generation', start_ms: 0, duration_ms: 1, status: 'error', details: {} }
		];
		expect(tokensOf(used(42, null))).toBe(42);
		expect(tokensOf(used(null, null, { prompt, steps, answer: 'y'.repeat(30) }))).toBe(118);
		expect(tokensOf(used(null, 0, { prompt, steps, answer: 'quoted' }))).toBe(0);
		expect(tokensOf(used(null, null, { prompt: [], steps: [], answer: null }))).toBe(0);
	});
});
