import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryTraceStore } from '#lib/server/store/memory.ts';
import { answered, listRequest, pendingTrace } from '../../fixtures/traces.ts';

const ids = async (store: MemoryTraceStore, before?: string) =>
	(await store.list(listRequest({ limit: 200, ...(before && { before }) }))).map((trace) => trace.trace_id);

function end(store: MemoryTraceStore, trace: ReturnType<typeof pendingTrace>): boolean {
	return store.finalise({ trace: answered(trace), tokenLengths: [] });
}

describe('the ring of the memory store', () => {
	it('drops the oldest ended traces when it is full', async () => {
		const store = new MemoryTraceStore({ capacity: 3 });
		const traces = Array.from({ length: 5 }, () => pendingTrace());
		for (const trace of traces) {
			store.create(trace);
			end(store, trace);
		}
		expect(await ids(store)).toEqual(
			traces
				.slice(2)
				.map((trace) => trace.trace_id)
				.reverse()
		);
	});

	it('drops ended traces before any pending one, even the oldest', async () => {
		const store = new MemoryTraceStore({ capacity: 2 });
		const running = pendingTrace();
		store.create(running);
		for (let made = 0; made < 4; made += 1) {
			const trace = pendingTrace();
			store.create(trace);
			end(store, trace);
		}
		expect(await ids(store)).toContain(running.trace_id);
		expect(end(store, running)).toBe(true);
	});

	it('grows rather than lose a running one, and shrinks when they end', async () => {
		const store = new MemoryTraceStore({ capacity: 2 });
		const running = Array.from({ length: 5 }, () => pendingTrace());
		for (const trace of running) store.create(trace);
		expect(await ids(store)).toHaveLength(5);
		for (const trace of running) expect(end(store, trace)).toBe(true);
		expect(await ids(store)).toEqual([running[4]?.trace_id, running[3]?.trace_id]);
	});

	it('holds a thousand by default', async () => {
		const store = new MemoryTraceStore();
		for (let made = 0; made < 1010; made += 1) store.create(pendingTrace({ status: 'success' }));
		const first = await ids(store);
		const rest: string[] = [];
		for (let page = first; page.length;) {
			rest.push(...page);
			page = await ids(store, page.at(-1));
		}
		expect(rest).toHaveLength(1000);
	});

	it('never loses a pending trace and never holds more than needed, in any order of events', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.integer({ min: 1, max: 5 }),
				fc.array(fc.option(fc.nat(20), { nil: null }), { maxLength: 40 }),
				async (capacity, events) => {
					const store = new MemoryTraceStore({ capacity });
					const running: ReturnType<typeof pendingTrace>[] = [];
					for (const event of events) {
						if (event === null || running.length === 0) {
							const trace = pendingTrace();
							store.create(trace);
							running.push(trace);
						} else {
							const [trace] = running.splice(event % running.length, 1);
							if (trace) expect(end(store, trace)).toBe(true);
						}
						const kept = await ids(store);
						for (const trace of running) expect(kept).toContain(trace.trace_id);
						expect(kept.length).toBeLessThanOrEqual(Math.max(capacity, running.length));
					}
				}
			)
		);
	});
});
