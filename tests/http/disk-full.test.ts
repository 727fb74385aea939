import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import type { Readiness } from '#lib/server/transport/readiness.ts';
import { startHttpTest } from './setup.ts';

/**
 * A quota that a running server meets in the real system call: the kernel refuses every write beyond so many bytes of a
 * file (EFBIG) until the limit is lifted. `prlimit` is of util-linux, which every Debian has; raising a soft limit again needs no rights.
 */
function limitFiles(pid: number, bytes: number | 'unlimited'): void {
	execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);
}

it('answers while the disk takes nothing more, says so in /readyz, and stores everything when it does again', async () => {
	await using test = await startHttpTest();
	const { app } = test;
	const storeCheck = async () => (await test.json<Readiness>('/readyz')).checks.store;
	const ask = async () => {
		const response = await test.post('/ask', { question: 'How far apart do I plant apple trees?' });
		expect(response.status).toBe(200);
		const { trace_id, answer } = (await response.json()) as { trace_id: string; answer: string };
		expect(answer).not.toBe('');
		return trace_id;
	};
	const before = await ask();
	await vi.waitFor(async () => expect((await test.get(`/traces/${before}`)).status).toBe(200));
	expect(await storeCheck()).toMatchObject({ ok: true, failures: 0, traces_waiting: 0 });

	// Nothing can be appended to the write-ahead log.
	limitFiles(app.pid, statSync(join(app.dataDir, 'traces.sqlite-wal')).size);
	const during: string[] = [];
	for (let count = 0; count < 3; count++) during.push(await ask());
	const check = await storeCheck();
	expect(check).toMatchObject({ ok: false, traces_waiting: 3, traces_lost: 0 });
	expect(['disk_full', 'failed']).toContain(check.reason);
	expect(check.failures).toBeGreaterThan(0);
	expect((await test.get('/readyz')).status).toBe(200);
	for (const id of [before, ...during]) expect((await test.get(`/traces/${id}`)).status).toBe(200);

	limitFiles(app.pid, 'unlimited');
	await vi.waitFor(async () => expect(await storeCheck()).toMatchObject({ ok: true, traces_waiting: 0 }), {
		timeout: 10_000,
		interval: 50
	});
	const after = await ask();
	const stored = await test.json<{ trace_id: string; status: string }[]>('/traces');
	expect(stored.map(({ trace_id }) => trace_id).toSorted()).toEqual([before, ...during, after].toSorted());
	expect(stored.every(({ status }) => status === 'success')).toBe(true);
});
