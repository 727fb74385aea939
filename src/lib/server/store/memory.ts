import type { Source } from '#lib/contract/chunk.ts';
import type { Stats, StatsRequest } from '#lib/contract/stats.ts';
import type { FeedbackInput, Trace, TraceListRequest, TraceSummary } from '#lib/contract/trace.ts';
import { AppError } from '#lib/server/error.ts';
import { isFinished, metricsOf, stepMetricsOf, type TraceMetrics } from './metrics.ts';
import { windowBounds } from './series.ts';
import { statsOf } from './stats.ts';
import { summaryOf, tokenLengthsOf, unknownCursor } from './stored.ts';
import type { StoredRun, TraceStore, Turn } from './trace-store.ts';

interface Entry {
	run: StoredRun;
	metrics: TraceMetrics;
	/** Place in the order of insertion. */
	number: number;
	subject: string | null;
}

export interface MemoryTraceStoreOptions {
	/** Traces kept; the oldest finished ones make room, pending ones never do. Default 1,000. */
	capacity?: number;
}

/** Traces in memory: for tests, and for a server that shall leave nothing behind. */
export class MemoryTraceStore implements TraceStore {
	readonly #capacity: number;
	/** In the order of insertion. */
	readonly #entries = new Map<string, Entry>();
	#inserted = 0;

	constructor({ capacity = 1000 }: MemoryTraceStoreOptions = {}) {
		this.#capacity = capacity;
	}

	create(trace: Trace, subject: string | null = null): void {
		if (this.#entries.has(trace.trace_id)) {
			throw new AppError('storage_failed', 'A trace with this id exists already.');
		}
		const run = { trace: structuredClone(trace), tokenLengths: tokenLengthsOf(trace.answer, null) };
		this.#entries.set(trace.trace_id, { run, metrics: metricsOf(trace), number: this.#inserted++, subject });
		this.#makeRoom();
	}

	saveProgress(answers: ReadonlyMap<string, string>): void {
		for (const [traceId, answer] of answers) {
			const entry = this.#entries.get(traceId);
			if (entry?.run.trace.status !== 'pending') continue;
			entry.run.trace.answer = answer;
			entry.run.tokenLengths = tokenLengthsOf(answer, null);
		}
	}

	saveSources(traceId: string, sources: readonly Source[]): void {
		const entry = this.#entries.get(traceId);
		if (entry?.run.trace.status === 'pending') entry.run.trace.sources = structuredClone([...sources]);
	}

	finalise(run: StoredRun): boolean {
		const entry = this.#entries.get(run.trace.trace_id);
		if (entry?.run.trace.status !== 'pending') return false;
		const { feedback } = entry.run.trace;
		const trace = { ...structuredClone(run.trace), feedback };
		entry.run = { trace, tokenLengths: tokenLengthsOf(trace.answer, run.tokenLengths) };
		entry.metrics = metricsOf(trace);
		this.#makeRoom();
		return true;
	}

	get(traceId: string): Trace | null {
		return this.getRun(traceId)?.trace ?? null;
	}

	getRun(traceId: string): StoredRun | null {
		return structuredClone(this.#entries.get(traceId)?.run) ?? null;
	}

	async list({
		limit,
		before,
		library,
		status,
		evidence,
		q,
		min_ms
	}: TraceListRequest): Promise<TraceSummary[]> {
		const cursor = before === undefined ? undefined : this.#entries.get(before);
		if (before !== undefined && !cursor) throw unknownCursor();
		const part = q?.toLowerCase();
		return [...this.#entries.values()]
			.filter(({ run: { trace } }) => {
				if (library !== undefined && String(trace.library_filter) !== library) return false;
				if (status !== undefined && trace.status !== status) return false;
				if (evidence !== undefined && trace.evidence !== evidence) return false;
				if (part !== undefined && !trace.question.toLowerCase().includes(part)) return false;
				return min_ms === undefined || (trace.total_duration_ms ?? -1) >= min_ms;
			})
			.filter((entry) => !cursor || newestFirst(cursor, entry) < 0)
			.sort(newestFirst)
			.slice(0, limit)
			.map(({ run }) => structuredClone(summaryOf(run.trace)));
	}

	async stats(request: StatsRequest, now = new Date()): Promise<Stats> {
		const { from, to } = windowBounds(request.window, now.getTime());
		const selected = [...this.#entries.values()].filter(({ metrics }) => {
			const { library } = request;
			if (library !== undefined && String(metrics.library_filter) !== library) return false;
			return metrics.timestamp >= from && metrics.timestamp <= to;
		});
		const steps = selected.flatMap(({ run }) => stepMetricsOf(run.trace));
		return statsOf(
			selected.map(({ metrics }) => metrics),
			steps,
			request,
			now
		);
	}

	turns(conversationId: string, limit: number): Turn[] {
		return [...this.#entries.values()]
			.filter(({ run: { trace } }) => {
				const belongs = trace.conversation_id === conversationId || trace.trace_id === conversationId;
				return belongs && isFinished(trace.status);
			})
			.sort(newestFirst)
			.slice(0, limit)
			.reverse()
			.map(({ run: { trace } }) => ({ question: trace.question, answer: trace.answer ?? '' }));
	}

	saveFeedback({ trace_id, rating, comment = null }: FeedbackInput): boolean {
		const entry = this.#entries.get(trace_id);
		if (!entry) return false;
		entry.run.trace.feedback = { rating, comment };
		entry.metrics.rating = rating;
		return true;
	}

	delete(traceId: string): boolean {
		return this.#entries.delete(traceId);
	}

	async erased(): Promise<void> {}

	async deleteBefore(moment: Date): Promise<number> {
		let deleted = 0;
		for (const [traceId, { metrics }] of this.#entries) {
			if (metrics.status === 'pending' || metrics.timestamp >= moment.getTime()) continue;
			this.#entries.delete(traceId);
			deleted += 1;
		}
		return deleted;
	}

	async deleteSubject(subject: string): Promise<string[]> {
		const theirs = [...this.#entries].filter(([, entry]) => entry.subject === subject).map(([id]) => id);
		for (const traceId of theirs) this.#entries.delete(traceId);
		return theirs;
	}

	close(): void {
		this.#entries.clear();
	}

	#makeRoom(): void {
		if (this.#entries.size <= this.#capacity) return;
		for (const [traceId, { metrics }] of this.#entries) {
			if (metrics.status === 'pending') continue;
			this.#entries.delete(traceId);
			if (this.#entries.size <= this.#capacity) return;
		}
	}
}

function newestFirst(a: Entry, b: Entry): number {
	return b.metrics.timestamp - a.metrics.timestamp || b.number - a.number;
}
