import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '#lib/server/error.ts';
import { EventLog, type RunEvents } from '#lib/server/run/event-log.ts';
import { replayLog } from '#lib/server/run/replay.ts';
import { frameEvent } from '#lib/server/transport/sse.ts';
import { pendingTrace } from '../../fixtures/traces.ts';
import { scriptedPipeline, sources } from '../../fixtures/scripted-pipeline.ts';
import { ask, collect, startRegistry } from './setup.ts';

const bytesOf = async (traceId: string, events: RunEvents) =>
	(await collect(events)).map((event) => frameEvent(traceId, event));

describe('a run', () => {
	it('is the same byte for byte from every place on: live, from memory and from the store', async () => {
		const end = fc.option(fc.constantFrom('upstream_reset', 'no_content' as const), { nil: undefined });
		const tokens = fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }), { maxLength: 12 });
		await fc.assert(
			fc.asyncProperty(tokens, fc.nat(3), end, fc.boolean(), async (tokens, count, code, isKeywordOnly) => {
				const fail = code ? [new AppError(code, 'The model stopped.')] : [];
				const script = scriptedPipeline([sources(count + 1), ...tokens, ...fail]);
				const { runs, store } = startRegistry({
					pipeline(request, trace, tell, signal) {
						trace.openStep('query_embedding').end(isKeywordOnly ? 'skipped' : 'success');
						return script.pipeline(request, trace, tell, signal);
					}
				});
				const run = runs.start(ask(), 'ask');
				const live = await bytesOf(run.traceId, run.events());
				expect(live).toHaveLength(tokens.length + 2);
				expect(live[0]!.endsWith(',"keyword_only":true}\n\n')).toBe(isKeywordOnly);
				for (let after = 0; after <= live.length; after += 1) {
					const rest = live.slice(after);
					expect(await bytesOf(run.traceId, run.events({ after }))).toEqual(rest);
					const stored = replayLog(store.getRun(run.traceId)!, after)!;
					expect(await bytesOf(run.traceId, stored.listen({ after }))).toEqual(rest);
				}
				await runs.close();
			}),
			{ numRuns: 60 }
		);
	});

	it('gives everything exactly once, wherever a listener leaves and comes back', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 20 }),
				fc.array(fc.nat(4), { maxLength: 30 }),
				async (tokens, reads) => {
					const log = new EventLog();
					const got: number[] = [];
					let listener = log.listen();
					const feed = (async () => {
						for (const data of tokens) {
							log.append({ type: 'token', data });
							await Promise.resolve();
						}
						log.close();
					})();
					for (const count of reads) {
						for (let read = 0; read < count; read += 1) {
							const next = await listener.next();
							if (!next.done) got.push(next.value.seq);
						}
						listener.leave();
						listener = log.listen({ after: got.at(-1) ?? 0 });
					}
					for await (const { seq } of listener) got.push(seq);
					await feed;
					expect(got).toEqual(tokens.map((_, index) => index + 1));
				}
			)
		);
	});
});

describe('replay from the store', () => {
	const interrupted = () =>
		pendingTrace({ status: 'interrupted', answer: 'Half an answer', error: null, sources: [] });

	it('is not possible while another process is still answering', () => {
		const trace = pendingTrace({ status: 'pending' });
		expect(replayLog({ trace, tokenLengths: [] }, 0)).toBeNull();
	});

	it('tells a run that died with its process as text and an error', async () => {
		const trace = interrupted();
		const events = await collect(replayLog({ trace, tokenLengths: [14] }, 0)!.listen());
		expect(events.map(({ event }) => event.type)).toEqual(['sources', 'token', 'error']);
	});

	it('tells a listener that is further than what was kept that the run ended', async () => {
		const trace = interrupted();
		const after = 40;
		const events = await collect(replayLog({ trace, tokenLengths: [14] }, after)!.listen({ after }));
		expect(events).toMatchObject([{ seq: 41, event: { type: 'error' } }]);
	});

	it('does not pretend that a listener has everything when the places were not kept', () => {
		const trace = pendingTrace({ status: 'success', answer: 'Answer' });
		expect(replayLog({ trace, tokenLengths: [6] }, 40)).toBeNull();
	});

	it('repeats the finish reason of a refusal', async () => {
		const trace = pendingTrace({ status: 'refused', answer: 'No.', steps: [], sources: [] });
		const events = await collect(replayLog({ trace, tokenLengths: [3] }, 0)!.listen());
		expect(events.at(-1)!.event).toMatchObject({ type: 'done', data: { finish_reason: 'refused' } });
	});
});
