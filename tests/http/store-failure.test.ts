import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it, vi } from 'vitest';
import type { Readiness } from '#lib/server/transport/readiness.ts';
import { startHttpTest } from './setup.ts';

it('answers while the store is locked, says so in /readyz, and stores everything once it is free', async () => {
	await using test = await startHttpTest();
	const checks = async () => {
		const response = await test.get('/readyz');
		return { status: response.status, ...((await response.json()) as Readiness).checks.store };
	};
	const healthy = {
		status: 200,
		ok: true,
		failures: 0,
		traces_waiting: 0,
		traces_lost: 0,
		reason: null,
		message: null
	};
	expect(await checks()).toEqual(healthy);
	const other = new DatabaseSync(join(test.app.dataDir, 'traces.sqlite'));
	other.exec('BEGIN IMMEDIATE');
	const ids: string[] = [];
	try {
		for (let count = 0; count < 3; count++) {
			const response = await test.post('/ask', { question: 'How far apart do I plant apple trees?' });
			expect(response.status).toBe(200);
			ids.push(((await response.json()) as { trace_id: string }).trace_id);
		}
		expect(await checks()).toMatchObject({
			status: 200,
			ok: false,
			traces_waiting: 3,
			traces_lost: 0,
			reason: 'locked',
			message: expect.stringContaining('Another process') as string
		});
		expect((await test.get(`/traces/${ids[0]}`)).status).toBe(200);
	} finally {
		other.close();
	}
	await vi.waitFor(
		async () => expect(await checks()).toMatchObject({ ok: true, traces_waiting: 0, reason: null }),
		{ timeout: 10_000, interval: 50 }
	);
	const list = await test.json<{ trace_id: string; status: string }[]>('/traces');
	expect(list.map(({ trace_id }) => trace_id).toSorted()).toEqual(ids.toSorted());
	expect(list.every(({ status }) => status === 'success')).toBe(true);
});
