import type { AskInput, AskResponse } from '#lib/contract/ask.ts';
import type { Library } from '#lib/contract/library.ts';
import type { SearchInput, SearchResponse } from '#lib/contract/search.ts';
import type { Stats, StatsInput } from '#lib/contract/stats.ts';
import type { FeedbackInput, Trace, TraceListInput, TraceSummary } from '#lib/contract/trace.ts';
import { startAsk, type AskOptions, type AskRun } from './ask-run.ts';
import { createConnection, type ConnectionOptions } from './connection.ts';
import { toCitelightError } from './error.ts';
import { EventQueue } from './event-queue.ts';
import { follow } from './follow.ts';
import { subscribe } from './subscribe.ts';

/** Every call rejects with a CitelightError, or with the reason of the signal that was given. */
export interface CitelightClient {
	/** Asks and streams the answer: `for await (const event of client.ask({ question }))`. */
	ask(input: AskInput, options?: AskOptions): AskRun;
	/** Asks and waits for the whole answer with its trace. */
	askOnce(input: AskInput, options?: AskOptions): Promise<AskResponse>;
	/** Retrieval without generation. */
	search(input: SearchInput, options?: AskOptions): Promise<SearchResponse>;
	libraries(): Promise<Library[]>;
	readonly traces: {
		/** Newest first, without prompts and candidates. */
		list(input?: TraceListInput): Promise<TraceSummary[]>;
		get(trace_id: string): Promise<Trace>;
		/** Deletes a trace for good; a run that is going on is stopped first. */
		delete(trace_id: string): Promise<void>;
		/** Deletes all traces of a subject for good, see `AskInput`; resolves to how many there were. */
		deleteSubject(subject: string): Promise<number>;
		/** Each trace as it is accepted and as it ends, from now on, until the loop is left or the signal fires. */
		live(options?: AskOptions): AsyncIterable<TraceSummary, void, undefined>;
	};
	stats(input?: StatsInput): Promise<Stats>;
	/** Rates an answer; a second rating replaces the first. */
	feedback(input: FeedbackInput): Promise<void>;
	/** Stops a run at once. */
	cancel(trace_id: string): Promise<void>;
}

/** The typed client, for browsers, Node, Deno and workers. */
export function createCitelightClient(options: ConnectionOptions): CitelightClient {
	const connection = createConnection(options);
	return {
		ask: (input, options = {}) => startAsk(connection, input, options),
		askOnce: (input, { signal } = {}) => call(connection.ask_once.mutate(input, { signal }), signal),
		search: (input, { signal } = {}) => call(connection.search.mutate(input, { signal }), signal),
		libraries: () => call(connection.libraries.query()),
		traces: {
			list: (input = {}) => call(connection.traces.list.query(input)),
			get: (trace_id) => call(connection.traces.get.query({ trace_id })),
			async delete(trace_id) {
				await call(connection.traces.delete.mutate({ trace_id }));
			},
			async deleteSubject(subject) {
				return (await call(connection.traces.delete_subject.mutate({ subject }))).deleted;
			},
			live(options = {}) {
				const left = new AbortController();
				const signal = options.signal ? AbortSignal.any([options.signal, left.signal]) : left.signal;
				const events = new EventQueue<TraceSummary>(() => left.abort());
				follow<TraceSummary>(
					(lastEventId, observer) =>
						subscribe(connection.traces.live, { ...(lastEventId && { lastEventId }) }, observer),
					(summary) => {
						events.push(summary);
						return false;
					},
					{ signal, mayEnd: false, onConnection: options.onConnection }
				).then(
					() => events.end(),
					(thrown: unknown) => events.fail(thrown)
				);
				return events;
			}
		},
		stats: (input = {}) => call(connection.stats.query(input)),
		async feedback(input) {
			await call(connection.feedback.mutate(input));
		},
		async cancel(trace_id) {
			await call(connection.cancel.mutate({ trace_id }));
		}
	};
}

async function call<T>(answer: Promise<T>, signal?: AbortSignal): Promise<T> {
	try {
		return await answer;
	} catch (thrown) {
		signal?.throwIfAborted();
		throw toCitelightError(thrown);
	}
}
