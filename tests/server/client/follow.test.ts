import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CitelightError } from '#lib/client/error.ts';
import { follow, type Connect, type ConnectionObserver } from '#lib/client/follow.ts';

beforeEach(() => {
	vi.useFakeTimers();
});
afterEach(() => {
	vi.useRealTimers();
});

type Script = (observer: ConnectionObserver<string>) => void;

/** A server that plays one script a connection, the last one again and again. */
function scripted(...scripts: Script[]) {
	const log = { opened: [] as (string | undefined)[], closed: 0 };
	const connect: Connect<string> = (lastEventId, observer) => {
		const script = scripts[Math.min(log.opened.length, scripts.length - 1)];
		log.opened.push(lastEventId);
		script?.(observer);
		return () => (log.closed += 1);
	};
	return { connect, log };
}

const send = (...events: [id: string, data: string][]): Script => {
	return (observer) => {
		observer.onOpen();
		for (const [id, data] of events) observer.onEvent({ id, data });
	};
};
const then =
	(...scripts: Script[]): Script =>
	(observer) =>
		scripts.forEach((script) => script(observer));
const lose: Script = (observer) => observer.onLost(undefined);
const end: Script = (observer) => observer.onEnd();

/** Follows to the end on the fake clock. */
async function play(
	connect: Connect<string>,
	{ mayEnd = false, signal = new AbortController().signal } = {}
) {
	const got: string[] = [];
	const following = follow<string>(
		connect,
		(data) => {
			got.push(data);
			return data === 'last';
		},
		{ signal, mayEnd }
	);
	const outcome = following.then(
		() => undefined,
		(error: unknown) => error
	);
	await vi.runAllTimersAsync();
	return { got, error: await outcome };
}

test('ends after the last event and closes the connection', async () => {
	const { connect, log } = scripted(send(['r:1', 'a'], ['r:2', 'last'], ['r:3', 'too much']));
	expect(await play(connect)).toEqual({ got: ['a', 'last'], error: undefined });
	expect(log).toEqual({ opened: [undefined], closed: 1 });
});

test('goes on after the last event when the connection is lost', async () => {
	const { connect, log } = scripted(
		then(send(['r:1', 'a'], ['r:2', 'b']), lose),
		send(['r:3', 'c'], ['r:4', 'last'])
	);
	expect((await play(connect)).got).toEqual(['a', 'b', 'c', 'last']);
	expect(log).toEqual({ opened: [undefined, 'r:2'], closed: 2 });
});

test('tells when it is connected and when it is not', async () => {
	const told: boolean[] = [];
	const { connect } = scripted(
		then(send(['r:1', 'a'], ['r:2', 'b']), lose, lose),
		lose,
		send(['r:3', 'last']),
		send(['r:4', 'too much'])
	);
	const following = follow<string>(connect, (data) => data === 'last', {
		signal: new AbortController().signal,
		mayEnd: false,
		onConnection: (isOpen) => told.push(isOpen)
	});
	await vi.runAllTimersAsync();
	await following;
	expect(told).toEqual([true, false, false, true]);
});

test('leaves out what a server sends twice', async () => {
	const { connect } = scripted(
		then(send(['r:1', 'a'], ['r:2', 'b']), lose),
		send(['r:1', 'a'], ['r:2', 'b'], ['r:3', 'last'])
	);
	expect((await play(connect)).got).toEqual(['a', 'b', 'last']);
});

test('an event that belongs to no run is not taken for an old one', async () => {
	const { connect } = scripted(then(send(['r:1', 'a'], ['r:2', 'b']), lose), send(['none:1', 'last']));
	expect((await play(connect)).got).toEqual(['a', 'b', 'last']);
});

test('a stream that ends without its last event is asked again', async () => {
	const { connect, log } = scripted(then(send(['r:1', 'a']), end), send(['r:2', 'last']));
	expect((await play(connect)).got).toEqual(['a', 'last']);
	expect(log.opened).toEqual([undefined, 'r:1']);
});

test('a stream that may end just ends', async () => {
	const { connect, log } = scripted(then(send(['r:1', 'a']), end));
	expect(await play(connect, { mayEnd: true })).toEqual({ got: ['a'], error: undefined });
	expect(log.closed).toBe(1);
});

test('gives up in bounded time when no connection comes about', async () => {
	const { connect, log } = scripted(lose);
	const startedAt = Date.now();
	const { error } = await play(connect);
	expect(error).toBeInstanceOf(CitelightError);
	expect(error).toMatchObject({ code: 'connection_failed', retryable: true });
	expect(log.opened.length).toBe(log.closed);
	expect(Date.now() - startedAt).toBeLessThan(180_000);
});

test('gives up in bounded time when connections never open', async () => {
	const { connect } = scripted(() => {});
	const startedAt = Date.now();
	const { error } = await play(connect);
	expect(error).toMatchObject({ code: 'connection_failed' });
	expect(Date.now() - startedAt).toBeLessThan(180_000);
});

test('gives up when connections open and bring nothing new', async () => {
	const { connect } = scripted(then(send(['r:1', 'a']), lose));
	const { got, error } = await play(connect);
	expect(got).toEqual(['a']);
	expect(error).toMatchObject({ code: 'connection_failed' });
});

test('progress makes the number of connections unlimited', async () => {
	let sent = 0;
	const { connect, log } = scripted((observer) => {
		sent += 1;
		observer.onEvent({ id: `r:${sent}`, data: sent === 40 ? 'last' : `part ${sent}` });
		observer.onLost(undefined);
	});
	const { got } = await play(connect);
	expect(got.length).toBe(40);
	expect(log.opened.length).toBe(40);
});

test('a refusal that is final is not tried again', async () => {
	const refusal = new CitelightError('not_found', 'There is no such run.', { status: 404 });
	const { connect, log } = scripted((observer) => observer.onLost(refusal));
	const { error } = await play(connect);
	expect(error).toBe(refusal);
	expect(log.opened.length).toBe(1);
});

test('an aborted signal closes the connection and throws its reason', async () => {
	const controller = new AbortController();
	const { connect, log } = scripted(send(['r:1', 'a']));
	const playing = play(connect, { signal: controller.signal });
	const reason = new Error('enough');
	controller.abort(reason);
	const { error } = await playing;
	expect(error).toBe(reason);
	expect(log.closed).toBe(1);
});

test('an aborted signal also ends the pause between two connections', async () => {
	const controller = new AbortController();
	const { connect, log } = scripted((observer) => {
		observer.onLost(undefined);
		if (log.opened.length === 3) queueMicrotask(() => setTimeout(() => controller.abort(), 1));
	});
	await play(connect, { signal: controller.signal });
	expect(log.opened.length).toBe(3);
	expect(vi.getTimerCount()).toBe(0);
});
