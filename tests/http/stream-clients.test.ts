import { fetchEventSource } from '@microsoft/fetch-event-source';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { askEventSchema, type AskEvent } from '#lib/contract/ask.ts';
import { answer, gate } from '../fixtures/model-server.ts';
import { startHttpTest, type HttpTest } from './setup.ts';

const question = 'How do I plant apple trees?';
const words = [' Plant', ' them\n', '\n four 🐈‍⬛', ' metres\u2028', ' apart [1]. '];
let test: HttpTest;
beforeAll(async () => {
	test = await startHttpTest({ env: { MAX_CONCURRENT_ANSWERS: '1' } });
});
afterAll(() => test?.[Symbol.asyncDispose]());

// It is made for browsers.
beforeEach(() => {
	vi.stubGlobal('window', globalThis);
	vi.stubGlobal('document', { removeEventListener: () => {} });
});
afterEach(() => void vi.unstubAllGlobals());

interface Followed {
	events: AskEvent[];
	/** All bytes of all connections, as text. */
	wire: string;
	connections: number;
	failures: number;
}

/**
 * Asks with fetch-event-source, which sends the question again one second after a failure.
 * @param pass what becomes of the body of a connection.
 */
async function follow(
	pass: (body: ReadableStream<Uint8Array>, connection: number) => ReadableStream<Uint8Array> = (body) => body
): Promise<Followed> {
	const followed: Followed = { events: [], wire: '', connections: 0, failures: 0 };
	const decoder = new TextDecoder();
	await fetchEventSource(`${test.app.url}/ask/stream`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ question }),
		openWhenHidden: true,
		async fetch(input, init) {
			const response = await fetch(input, init);
			const connection = (followed.connections += 1);
			const note = new TransformStream<Uint8Array, Uint8Array>({
				transform(bytes, controller) {
					followed.wire += decoder.decode(bytes, { stream: true });
					controller.enqueue(bytes);
				}
			});
			const body = response.body && pass(response.body.pipeThrough(note), connection);
			return new Response(body, response);
		},
		onmessage: ({ data }) => void followed.events.push(askEventSchema.parse(JSON.parse(data))),
		onerror() {
			followed.failures += 1;
			if (followed.failures > 3) throw new Error('It would go on for ever.');
			return 1;
		}
	});
	return followed;
}

const textOf = (events: readonly AskEvent[]) =>
	events.map((event) => (event.type === 'token' ? event.data : '')).join('');

/** A body that breaks off when the text so far has what is looked for, or at its end. */
function breakingAfter(wanted: RegExp) {
	return (body: ReadableStream<Uint8Array>, connection: number) => {
		if (connection > 1) return body;
		let text = '';
		return body.pipeThrough(
			new TransformStream<Uint8Array, Uint8Array>({
				transform(bytes, controller) {
					text += new TextDecoder().decode(bytes);
					controller.enqueue(bytes);
					if (wanted.test(text)) controller.error(new TypeError('network error'));
				}
			})
		);
	};
}

describe('an answer that is followed with fetch-event-source', () => {
	it('comes whole, and is told nothing of the comments while it waits for its turn', async () => {
		const { promise, resolve } = Promise.withResolvers<void>();
		test.model.queue(answer(['First', gate(promise), '.']));
		test.model.queue(answer(words));
		const first = test.post('/ask', { question });
		await vi.waitFor(() => expect(test.model.activeCalls).toBe(1));
		const second = follow((body) => {
			resolve();
			return body;
		});
		const { events, wire, connections, failures } = await second;
		await first;
		expect(wire).toMatch(/^:/m);
		expect(events.map(({ type }) => type)).toEqual(['sources', ...words.map(() => 'token'), 'done']);
		expect(textOf(events)).toBe(words.join(''));
		expect([connections, failures]).toEqual([1, 0]);
	});

	it('goes on after a cut although the question is sent again, with one call of the model', async () => {
		const calls = test.model.chatCalls.length;
		test.model.queue(answer(words));
		const { events, connections } = await follow(breakingAfter(/Plant/));
		expect(connections).toBe(2);
		expect(textOf(events)).toBe(words.join(''));
		expect(events.filter(({ type }) => type === 'sources')).toHaveLength(1);
		expect(events.at(-1)?.type).toBe('done');
		expect(test.model.chatCalls).toHaveLength(calls + 1);
	});

	it('is over when the connection breaks after its last event', async () => {
		const calls = test.model.chatCalls.length;
		test.model.queue(answer(words));
		const { events, connections, failures } = await follow(breakingAfter(/"type":"done".*\n\n/));
		expect([connections, failures]).toEqual([2, 1]);
		expect(textOf(events)).toBe(words.join(''));
		expect(events.filter(({ type }) => type === 'done')).toHaveLength(1);
		expect(test.model.chatCalls).toHaveLength(calls + 1);
	});
});
