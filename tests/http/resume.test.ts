import { EventSource } from 'eventsource';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startCuttingProxy } from '../fixtures/cutting-proxy.ts';
import { answer, gate } from '../fixtures/model-server.ts';
import {
	allEvents,
	readEvents,
	startHttpTest,
	textOf,
	traceIdOf,
	type HttpTest,
	type WireEvent
} from './setup.ts';

const question = 'How do I plant apple trees?';
let test: HttpTest;
beforeAll(async () => {
	test = await startHttpTest();
});
afterAll(() => test?.[Symbol.asyncDispose]());

const words = ['Plant ', 'them ', 'four ', 'metres ', 'apart ', '[1].'];

/** Asks, and stops listening when the model waits in the middle; gives what came and what lets it go on. */
async function cutInTheMiddle(): Promise<{ before: WireEvent[]; goOn: () => void }> {
	const { promise, resolve } = Promise.withResolvers<void>();
	test.model.queue(answer([...words.slice(0, 3), gate(promise), ...words.slice(3)]));
	await using proxy = await startCuttingProxy(test.app.url);
	const response = await fetch(`${proxy.url}/ask/stream`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ question })
	});
	const before: WireEvent[] = [];
	await expect(async () => {
		for await (const event of readEvents(response)) {
			before.push(event);
			if (before.length === 4) proxy.cut();
		}
	}).rejects.toThrow();
	return { before, goOn: resolve };
}

const withoutTime = (events: readonly WireEvent[]) => events.map(({ id, event }) => ({ id, event }));

describe('a stream that was cut', () => {
	it('has its headers told to HEAD at once, which counts as no listener', async () => {
		const { before, goOn } = await cutInTheMiddle();
		const traceId = traceIdOf(before[0]!);
		const { status, headers } = await test.get(`/ask/stream/${traceId}`, { method: 'HEAD' });
		expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream']);
		await vi.waitFor(
			async () => expect(await test.json(`/traces/${traceId}`)).toMatchObject({ status: 'cancelled' }),
			{ timeout: 10_000 }
		);
		goOn();
	});

	it('goes on where it was, by the Last-Event-ID header, with one model call in all', async () => {
		const calls = test.model.chatCalls.length;
		const { before, goOn } = await cutInTheMiddle();
		const path = `/ask/stream/${traceIdOf(before[0]!)}`;
		const resumed = await test.get(path, { headers: { 'last-event-id': before.at(-1)!.id! } });
		goOn();
		const whole = [...before, ...(await allEvents(resumed))];
		expect(textOf(whole)).toBe(words.join(''));
		expect(whole.map(({ id }) => id!.split(':')[1])).toEqual(whole.map((_, index) => String(index + 1)));
		expect(whole.at(-1)!.event.type).toBe('done');
		expect(test.model.chatCalls).toHaveLength(calls + 1);
		// And byte for byte what an unbroken stream would have been.
		const again = await allEvents(await test.get(path));
		expect(withoutTime(again)).toEqual(withoutTime(whole));
	});

	it('goes on from any place by ?last_event_id=, also when it has ended', async () => {
		const events = await allEvents(await test.post('/ask/stream', { question }));
		const traceId = traceIdOf(events[0]!);
		for (let after = 0; after < events.length; after += 1) {
			const resumed = await test.get(`/ask/stream/${traceId}?last_event_id=${traceId}:${after}`);
			expect(withoutTime(await allEvents(resumed))).toEqual(withoutTime(events.slice(after)));
		}
	});

	it('is not asked again by clients that send their question again', async () => {
		const calls = test.model.chatCalls.length;
		const { before, goOn } = await cutInTheMiddle();
		const headers = { 'content-type': 'application/json', 'last-event-id': before.at(-1)!.id! };
		const repeated = await test.post('/ask/stream', { question }, { headers });
		goOn();
		expect(textOf([...before, ...(await allEvents(repeated))])).toBe(words.join(''));
		expect(test.model.chatCalls).toHaveLength(calls + 1);
	});

	it('has nothing more for a reader with the last event: 204, so that an EventSource stops', async () => {
		const events = await allEvents(await test.post('/ask/stream', { question }));
		const path = `/ask/stream/${traceIdOf(events[0]!)}`;
		const response = await test.get(path, { headers: { 'last-event-id': events.at(-1)!.id! } });
		expect(response.status).toBe(204);
	});

	it('is followed to its end by a plain EventSource, which then stops by itself', async () => {
		const { before, goOn } = await cutInTheMiddle();
		const source = new EventSource(`${test.app.url}/ask/stream/${traceIdOf(before[0]!)}`);
		const seen: string[] = [];
		const stopped = new Promise<number | undefined>((resolve) => {
			source.onerror = (error) => {
				if (source.readyState === source.CLOSED) resolve(error.code);
			};
		});
		source.onmessage = ({ data }) => seen.push((JSON.parse(data as string) as { type: string }).type);
		goOn();
		expect(await stopped).toBe(204);
		expect(seen).toEqual(['sources', ...words.map(() => 'token'), 'done']);
	});
});

describe('a stored run', () => {
	it('is replayed by a server that was started again', async () => {
		const { app } = test;
		const events = await allEvents(await test.post('/ask/stream', { question }));
		const traceId = traceIdOf(events[0]!);
		const { startApp } = await import('../fixtures/app-server.ts');
		// Another process on the same data folder has the run in its store only.
		await using second = await startApp({ dataDir: app.dataDir });
		const replayed = await allEvents(await fetch(`${second.url}/ask/stream/${traceId}`));
		expect(withoutTime(replayed)).toEqual(withoutTime(events));
	});
});
