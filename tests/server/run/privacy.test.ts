import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TraceSummary } from '#lib/contract/trace.ts';
import { AppError } from '#lib/server/error.ts';
import { OwnSecrets } from '#lib/server/privacy/own-secrets.ts';
import { redact } from '#lib/server/privacy/redact.ts';
import { TracePrivacy } from '#lib/server/privacy/trace-privacy.ts';
import { answerOnce } from '#lib/server/run/answer-once.ts';
import { ConversationMemory } from '#lib/server/run/conversation-memory.ts';
import { deleteTrace, findTrace, rateTrace } from '#lib/server/run/kept-trace.ts';
import { replayLog } from '#lib/server/run/replay.ts';
import { MemoryTraceStore } from '#lib/server/store/memory.ts';
import { source as sourceOf } from '../../fixtures/passages.ts';
import { gate, sources, type Beat } from '../../fixtures/scripted-pipeline.ts';
import { SECRETS } from '../privacy/secrets.ts';
import { ask, collect, startRegistry, textOf } from './setup.ts';

const MAIL = 'jane.doe@example.com';
const CANARY = 'canary-5d41402a';
const { signal } = new AbortController();

const redacting = () => new TracePrivacy('redacted');
const silent = () => new TracePrivacy('none');
/** A passage that holds a text in every place where a passage can. */
const source = (text: string): Beat => ({
	type: 'sources',
	data: [sourceOf(1, { text, title: text, heading_path: [text], anchor: text })]
});
const failing = (message: string) => new AppError('upstream_5xx', message);

/** Gathers what a watcher of the traces is told, until it is stopped. */
function watch(runs: ReturnType<typeof startRegistry>['runs']) {
	const stop = new AbortController();
	const told: TraceSummary[] = [];
	const over = (async () => {
		for await (const summary of runs.live.watch(stop.signal)) told.push(summary);
	})();
	return {
		async end() {
			stop.abort();
			await over;
			return told;
		}
	};
}

describe('redacted traces', () => {
	it('keep no secret in any text; who asked sees all of it', async () => {
		const beats = [source(`Ask ${MAIL}`), 'Write to jane', '.doe@exam', 'ple.com today.'];
		const { runs, store } = startRegistry({ beats, privacy: redacting() });
		const watcher = watch(runs);
		const answer = await answerOnce(runs, ask({ question: `Who is ${MAIL}?` }), 'ask', signal);
		expect(answer.answer).toBe(`Write to ${MAIL} today.`);
		expect(answer.sources[0]!.text).toBe(`Ask ${MAIL}`);
		rateTrace({ store, runs }, { trace_id: answer.trace_id, rating: 'up', comment: `Thanks, ${MAIL}` });
		const kept = findTrace({ store, runs }, answer.trace_id);
		expect(kept).toMatchObject({
			question: 'Who is [redacted: e-mail]?',
			answer: 'Write to [redacted: e-mail] today.',
			feedback: { comment: 'Thanks, [redacted: e-mail]' }
		});
		expect(kept.sources[0]!.text).toBe('Ask [redacted: e-mail]');
		const told = await watcher.end();
		expect(told.map(({ status }) => status)).toEqual(['pending', 'success']);
		expect(JSON.stringify([kept, told, answer.trace, await store.list({ limit: 9 })])).not.toContain(
			'jane.doe'
		);
	});

	it('are replayed from memory as they were, from the store redacted, with the same places', async () => {
		const beats = [sources(), 'Write to ', 'jane', '.doe@exam', 'ple.com', ' today.'];
		const { runs, store } = startRegistry({ beats, privacy: redacting() });
		const run = runs.start(ask(), 'ask_stream');
		const live = await collect(run.events());
		expect(textOf(live)).toBe(`Write to ${MAIL} today.`);
		expect(await collect(runs.attach(run.traceId, { after: 3 })!.events)).toEqual(live.slice(3));
		const stored = store.getRun(run.traceId)!;
		for (let after = 0; after < live.length; after += 1) {
			const replayed = await collect(replayLog(stored, after)!.listen({ after }));
			expect(replayed.map(({ seq }) => seq)).toEqual(live.slice(after).map(({ seq }) => seq));
			expect(replayed.at(-1)).toEqual(live.at(-1));
		}
		expect(textOf(await collect(replayLog(stored, 0)!.listen()))).toBe('Write to [redacted: e-mail] today.');
	});

	it('keep nothing of an error that quotes a secret', async () => {
		const { runs, store } = startRegistry({ beats: [failing(`No account ${MAIL}.`)], privacy: redacting() });
		const run = runs.start(ask(), 'ask');
		await run.finished;
		expect(store.get(run.traceId)!.error).toEqual({
			code: 'upstream_5xx',
			message: 'No account [redacted: e-mail].'
		});
	});
});

describe('while an answer is written', () => {
	beforeEach(() => {
		vi.useFakeTimers();
	});
	afterEach(() => {
		vi.useRealTimers();
	});

	it('what is saved of it is always a beginning of what is kept in the end, with nothing of a secret', async () => {
		const secret = fc.constantFrom(...SECRETS);
		const lengths = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 60, maxLength: 60 });
		await fc.assert(
			fc.asyncProperty(secret, lengths, fc.nat(59), async ([, given, secret], lengths, cut) => {
				const text = `It is ${given} and no more.`;
				let place = 0;
				const tokens = lengths.map((length) => text.slice(place, (place += length))).filter(Boolean);
				tokens.push(text.slice(place));
				const rest = gate();
				const at = Math.min(cut, tokens.length);
				const beats = [sources(), ...tokens.slice(0, at), rest.opened, ...tokens.slice(at)];
				const { runs, store } = startRegistry({
					beats: beats.filter((beat) => beat !== ''),
					privacy: redacting()
				});
				const run = runs.start(ask(), 'ask');
				run.events();
				await vi.advanceTimersByTimeAsync(1000);
				const saved = store.get(run.traceId)!.answer ?? '';
				expect(redact(text).startsWith(saved)).toBe(true);
				expect(saved).not.toContain(secret);
				expect(run.trace.answer ?? '').toBe(saved);
				rest.open();
				await run.finished;
				expect(store.get(run.traceId)!.answer).toBe(redact(text));
			}),
			{ numRuns: 200 }
		);
	});

	it('nothing of it is saved where no text is kept', async () => {
		const rest = gate();
		const { runs, store } = startRegistry({ beats: [sources(), CANARY, rest.opened], privacy: silent() });
		const run = runs.start(ask({ question: CANARY }), 'ask');
		run.events();
		await vi.advanceTimersByTimeAsync(1000);
		expect(JSON.stringify([store.get(run.traceId), run.trace])).not.toContain(CANARY);
		rest.open();
		await run.finished;
	});
});

describe('traces without text', () => {
	it('have figures, ids and names, and nothing that was asked, answered, found or commented', async () => {
		const { runs, store } = startRegistry({ beats: [source(CANARY), CANARY], privacy: silent() });
		const watcher = watch(runs);
		const answer = await answerOnce(runs, ask({ question: CANARY }), 'ask', signal);
		expect(answer).toMatchObject({ answer: CANARY, sources: [{ text: CANARY }] });
		rateTrace({ store, runs }, { trace_id: answer.trace_id, rating: 'down', comment: CANARY });
		const kept = store.getRun(answer.trace_id);
		expect(kept!.trace).toMatchObject({
			question: '',
			answer: null,
			status: 'success',
			feedback: { rating: 'down', comment: null },
			sources: [{ n: 1, library: 'demo', chunk_id: answer.sources[0]!.chunk_id, text: '' }]
		});
		expect(kept!.trace.total_duration_ms).toEqual(expect.any(Number));
		expect(JSON.stringify([kept, answer.trace, await watcher.end()])).not.toContain(CANARY);
	});

	it('have the code of an error, but not what it says', async () => {
		const { runs, store } = startRegistry({ beats: [failing(`It said ${CANARY}.`)], privacy: silent() });
		const run = runs.start(ask(), 'ask');
		const [event] = await collect(run.events());
		expect(event).toMatchObject({ event: { data: { message: `It said ${CANARY}.` } } });
		expect(store.get(run.traceId)!.error).toEqual({
			code: 'upstream_5xx',
			message: 'Model endpoint failed.'
		});
	});

	it('cannot be replayed as if the answer had been empty, but tell that they failed', async () => {
		const { runs, store } = startRegistry({ beats: [sources(), 'Hello'], privacy: silent() });
		const run = runs.start(ask(), 'ask');
		await run.finished;
		expect(replayLog(store.getRun(run.traceId)!, 0)).toBeNull();
		const broken = startRegistry({ beats: [sources(), 'Hel', failing('Down.')], privacy: silent() });
		const failed = broken.runs.start(ask(), 'ask');
		await failed.finished;
		const events = await collect(replayLog(broken.store.getRun(failed.traceId)!, 2)!.listen({ after: 2 }));
		expect(events).toMatchObject([{ seq: 3, event: { type: 'error', data: { code: 'upstream_5xx' } } }]);
	});

	it('belong to conversations that this process remembers', async () => {
		const conversations = new ConversationMemory();
		const { runs, store } = startRegistry({ beats: [sources(), CANARY], privacy: silent(), conversations });
		const first = await answerOnce(runs, ask({ question: 'First?' }), 'ask', signal);
		const { conversation_id } = first;
		const second = await answerOnce(runs, ask({ question: 'Second?', conversation_id }), 'ask', signal);
		expect(conversations.turns(conversation_id, 9)).toEqual([
			{ question: 'First?', answer: CANARY },
			{ question: 'Second?', answer: CANARY }
		]);
		await deleteTrace({ store, runs }, second.trace_id);
		expect(conversations.turns(conversation_id, 9)).toHaveLength(1);
	});
});

describe('the keys of this server', () => {
	const key = 'sk-own-8f14e45fceea167a';
	const privacy = () => new TracePrivacy('full', new OwnSecrets([key]));

	it('reach nobody: not in tokens, however they are cut, sources, errors or traces', async () => {
		await fc.assert(
			fc.asyncProperty(fc.nat(key.length), fc.boolean(), async (cut, fails) => {
				const beats = [
					source(`Set ${key} first`),
					`The key is ${key.slice(0, cut)}`,
					`${key.slice(cut)}, use it.`,
					...(fails ? [failing(`Wrong key ${key}.`)] : [])
				];
				const { runs, store } = startRegistry({ beats, privacy: privacy() });
				const run = runs.start(ask({ question: `Is ${key} mine?` }), 'ask');
				const events = await collect(run.events());
				expect(textOf(events)).toBe('The key is [redacted: key of this server], use it.');
				const seen = [events, store.getRun(run.traceId), run.own, run.trace, await run.finished];
				expect(JSON.stringify(seen)).not.toContain(key);
				const replayed = await collect(replayLog(store.getRun(run.traceId)!, 0)!.listen());
				expect(replayed).toEqual(events);
			}),
			{ numRuns: 60 }
		);
	});

	it('are not in the failure of a question that waits for its whole answer', async () => {
		const { runs } = startRegistry({ beats: [failing(`Wrong key ${key}.`)], privacy: privacy() });
		await expect(answerOnce(runs, ask(), 'ask', signal)).rejects.toMatchObject({
			code: 'upstream_5xx',
			message: 'Wrong key [redacted: key of this server].'
		});
	});

	it('do not delay text that cannot be the beginning of one', async () => {
		const rest = gate();
		const { runs } = startRegistry({
			beats: [sources(), 'The ke', 'y is s', rest.opened],
			privacy: privacy()
		});
		const run = runs.start(ask(), 'ask');
		const events = run.events();
		const [, first] = [await events.next(), await events.next()];
		expect(first.value?.event).toEqual({ type: 'token', data: 'The ke' });
		expect((await events.next()).value?.event).toEqual({ type: 'token', data: 'y is ' });
		rest.open();
		expect((await events.next()).value?.event).toEqual({ type: 'token', data: 's' });
		await collect(events);
	});
});

describe('deleting a trace', () => {
	it('takes it from the store and from memory', async () => {
		const { runs, store } = startRegistry();
		const run = runs.start(ask({ idempotency_key: 'key-12345' }), 'ask');
		await run.finished;
		await deleteTrace({ store, runs }, run.traceId);
		expect(store.get(run.traceId)).toBeNull();
		expect(runs.get(run.traceId)).toBeUndefined();
		expect(runs.attach(run.traceId)).toBeNull();
		expect(runs.start(ask({ idempotency_key: 'key-12345' }), 'ask')).not.toBe(run);
		await expect(deleteTrace({ store, runs }, run.traceId)).rejects.toMatchObject({ code: 'not_found' });
	});

	it('stops the run first when it is going on, and its listeners hear of it', async () => {
		const { runs, store, script } = startRegistry({ beats: [sources(), 'Hel', gate().opened] });
		const run = runs.start(ask(), 'ask');
		const heard = collect(run.events());
		await deleteTrace({ store, runs }, run.traceId);
		expect((await heard).at(-1)?.event).toMatchObject({ type: 'error', data: { code: 'cancelled' } });
		expect(store.get(run.traceId)).toBeNull();
		expect(script.active).toBe(0);
	});

	it('works for one that could not be stored', async () => {
		const store = new MemoryTraceStore();
		vi.spyOn(store, 'create').mockImplementation(() => {
			throw new AppError('storage_failed', 'The disk is full.');
		});
		vi.spyOn(process.stderr, 'write').mockReturnValue(true);
		const { runs } = startRegistry({ store });
		const run = runs.start(ask(), 'ask');
		await run.finished;
		await deleteTrace({ store, runs }, run.traceId);
		expect(() => findTrace({ store, runs }, run.traceId)).toThrow(
			expect.objectContaining({ code: 'not_found' })
		);
	});
});

describe('a conversation in memory', () => {
	it('is forgotten after half an hour of silence', () => {
		let now = 0;
		const memory = new ConversationMemory(() => now);
		const { runs } = startRegistry();
		const { own } = runs.start(ask(), 'ask');
		memory.remember({ ...own, status: 'success', conversation_id: 'talk' });
		now = 29 * 60_000;
		expect(memory.turns('talk', 3)).toHaveLength(1);
		now = 30 * 60_000;
		expect(memory.turns('talk', 3)).toEqual([]);
	});

	it('has no failed answers, and is one of a thousand', () => {
		const memory = new ConversationMemory();
		const { runs } = startRegistry();
		const { own } = runs.start(ask(), 'ask');
		memory.remember({ ...own, status: 'error', conversation_id: 'failed' });
		for (let talk = 0; talk <= 1000; talk += 1) {
			memory.remember({ ...own, status: 'success', conversation_id: `talk-${talk}` });
		}
		expect(['failed', 'talk-0', 'talk-1', 'talk-1000'].map((id) => memory.turns(id, 3).length)).toEqual([
			0, 0, 1, 1
		]);
	});
});
