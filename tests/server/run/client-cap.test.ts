import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { Trace } from '#lib/contract/trace.ts';
import { Allowance } from '#lib/server/run/allowance.ts';
import { ClientCap } from '#lib/server/run/client-cap.ts';
import { SqliteClientSpendingStore } from '#lib/server/store/client-spending.ts';
import { tempFolder } from '../../fixtures/temp-folder.ts';
import { pendingTrace } from '../../fixtures/traces.ts';

const NOON = new Date('2026-02-05T12:00:00Z');
const ONE = 'address 203.0.113.9';
const OTHER = 'address 203.0.113.10';
const used = (total_tokens: number): Trace =>
	pendingTrace({
		usage: { prompt_tokens: total_tokens, completion_tokens: 0, total_tokens, source: 'reported' }
	});
const refusal = expect.objectContaining({ code: 'rate_limited', status: 429, retryAfterSeconds: 43_200 });

async function startCap(tokens: number) {
	const folder = await tempFolder();
	const clock = { now: NOON };
	let store = new SqliteClientSpendingStore(folder.path);
	const capOf = () => new ClientCap({ store, tokens, now: () => clock.now });
	return {
		cap: capOf(),
		clock,
		folder: folder.path,
		close: () => store.close(),
		/** As after a restart. */
		reopen: () => {
			store.close();
			store = new SqliteClientSpendingStore(folder.path);
			return capOf();
		},
		async [Symbol.asyncDispose]() {
			store.close();
			await folder[Symbol.asyncDispose]();
		}
	};
}

describe('the cap of one client', () => {
	it('refuses it until midnight UTC, also after a restart, and nobody else', async () => {
		await using test = await startCap(1000);
		for (const tokens of [600, 400]) {
			test.cap.require(ONE);
			test.cap.open(ONE)(used(tokens));
		}
		expect(() => test.cap.require(ONE)).toThrow(refusal);
		expect(() => test.cap.require(OTHER)).not.toThrow();
		const again = test.reopen();
		expect(() => again.require(ONE)).toThrow(refusal);
		test.clock.now = new Date('2026-02-06T00:00:00Z');
		expect(() => again.require(ONE)).not.toThrow();
	});

	it('counts what is being written as what its others of the day have used', async () => {
		await using test = await startCap(1000);
		test.cap.open(ONE)(used(300));
		const settle = [test.cap.open(ONE), test.cap.open(ONE)];
		expect(() => test.cap.require(ONE)).not.toThrow();
		settle.push(test.cap.open(ONE));
		expect(() => test.cap.require(ONE)).toThrow(refusal);
		expect(() => test.cap.require(OTHER)).not.toThrow();
		for (const each of settle) each(used(10));
		expect(() => test.cap.require(ONE)).not.toThrow();
	});

	it('goes on counting in memory when the record cannot be written', async () => {
		await using test = await startCap(100);
		test.close();
		const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
		test.cap.open(ONE)(used(60));
		test.cap.open(ONE)(used(40));
		expect(stderr).toHaveBeenCalledOnce();
		stderr.mockRestore();
		expect(() => test.cap.require(ONE)).toThrow(refusal);
	});

	it('keeps no name of a client, and nothing of days that are over', async () => {
		await using test = await startCap(100);
		test.cap.open(ONE)(used(60));
		test.clock.now = new Date('2026-02-06T12:00:00Z');
		test.cap.open(OTHER)(used(60));
		test.close();
		const file = readFileSync(join(test.folder, 'spending.sqlite'), 'latin1');
		expect(file).not.toContain('203.0.113');
		expect(file).toContain('2026-02-06');
		const store = new SqliteClientSpendingStore(test.folder);
		expect(store.spent('2026-02-05', ONE)).toEqual({ answers: 0, tokens: 0 });
		expect(store.spent('2026-02-06', OTHER)).toEqual({ answers: 1, tokens: 60 });
		store.close();
	});

	it('is a part of what a client may ask; the command line has none', async () => {
		await using test = await startCap(5000);
		const allowance = new Allowance(undefined, undefined, undefined, test.cap);
		for (const tokens of [4000, 1000]) allowance.take(ONE)(used(tokens));
		expect(() => allowance.require(ONE)).toThrow(refusal);
		expect(() => allowance.take(ONE)).toThrow(refusal);
		allowance.take(OTHER)(used(1));
		allowance.take(undefined)(used(5000));
		expect(() => allowance.require(undefined)).not.toThrow();
	});
});
