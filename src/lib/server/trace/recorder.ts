import type { AskRequest } from '#lib/contract/ask.ts';
import type { Source } from '#lib/contract/chunk.ts';
import {
	NO_USAGE,
	type Candidate,
	type Evidence,
	type PromptMessage,
	type RefusedBy,
	type RouteName,
	type Step,
	type StepName,
	type SupportSpan,
	type Trace,
	type TraceStatus,
	type Usage
} from '#lib/contract/trace.ts';
import { AppError } from '#lib/server/error.ts';
import { round, unionLength } from './interval.ts';
import { Ledger } from './ledger.ts';

/** Facts about a step, on the wire as they are: snake_case keys, JSON values. */
export type StepDetails = Step['details'];

/** A step that is being timed. */
export interface OpenStep {
	details: StepDetails;
	/** Ends the step; only the first call counts. */
	end(status?: Step['status']): void;
}

/** How a run ended. */
export interface TraceOutcome {
	status: Exclude<TraceStatus, 'pending'>;
	error?: Trace['error'];
}

/**
 * Records one run: steps on a monotonic clock from the moment of acceptance, the ledger of candidates, and what was
 * sent and received. It is passed along as an argument, because AsyncLocalStorage does not follow async generators.
 */
export class TraceRecorder {
	readonly traceId: string;
	readonly ledger = new Ledger();
	/** Filled in by the pipeline as it goes. */
	readonly record = {
		standaloneQuestion: null as string | null,
		model: null as string | null,
		prompt: [] as PromptMessage[],
		sources: [] as Source[],
		citations: [] as number[],
		evidence: null as Evidence | null,
		refusedBy: null as RefusedBy | null,
		support: [] as SupportSpan[],
		usage: NO_USAGE as Usage,
		costUsd: null as number | null
	};
	/** The text so far; the trace has null as long as there is none. */
	answer = '';
	readonly #request: AskRequest;
	readonly #route: RouteName;
	readonly #timestamp = new Date().toISOString();
	readonly #clock: () => number;
	readonly #origin: number;
	readonly #steps: Step[] = [];
	readonly #open = new Set<OpenStep>();
	#firstTokenAt: number | null = null;
	#finished: Trace | null = null;

	constructor(
		request: AskRequest,
		route: RouteName,
		traceId: string,
		clock: () => number = () => performance.now()
	) {
		this.traceId = traceId;
		this.#request = request;
		this.#route = route;
		this.#clock = clock;
		this.#origin = clock();
	}

	/** Milliseconds since the run was accepted. */
	elapsed(): number {
		return this.#clock() - this.#origin;
	}

	/**
	 * Starts timing a step. Whatever is still open when the trace finishes is closed with it. Both ends are rounded
	 * before they are subtracted, so that steps that touch still touch and none reaches beyond the rounded total.
	 */
	openStep(name: StepName, details: StepDetails = {}): OpenStep {
		const start = round(this.elapsed());
		const open: OpenStep = {
			details,
			end: (status = 'success') => {
				if (!this.#open.delete(open)) return;
				this.#steps.push({
					name,
					start_ms: start,
					duration_ms: round(round(this.elapsed()) - start),
					status,
					details
				});
			}
		};
		this.#open.add(open);
		return open;
	}

	/** Times a piece of work; what it throws is recorded and passed on. */
	async step<T>(name: StepName, work: (step: OpenStep) => T | Promise<T>): Promise<T> {
		const open = this.openStep(name);
		try {
			const result = await work(open);
			open.end();
			return result;
		} catch (thrown) {
			open.end(isStop(thrown) ? 'cancelled' : 'error');
			throw thrown;
		}
	}

	/** To be called when the first token is handed to the listeners; later calls change nothing. */
	markFirstToken(): void {
		this.#firstTokenAt ??= this.elapsed();
	}

	/** The trace as it stands, `pending`: ended steps, the text so far. What happens later does not change it. */
	pending(): Trace {
		return this.#build('pending', null, null);
	}

	/** Closes what is open and gives the finished trace; only the first call counts, later ones return the same. */
	finish({ status, error = null }: TraceOutcome): Trace {
		if (this.#finished) return this.#finished;
		const left = status === 'cancelled' || status === 'interrupted' ? 'cancelled' : 'error';
		for (const step of this.#open) step.end(left);
		if (status === 'refused') this.ledger.settle('evidence_gate');
		if (status === 'success') this.ledger.settle('prompt_building');
		this.#finished = this.#build(status, error, round(this.elapsed()));
		return this.#finished;
	}

	#build(status: TraceStatus, error: Trace['error'], total: number | null): Trace {
		const { record } = this;
		const steps = this.#steps
			.toSorted((a, b) => a.start_ms - b.start_ms)
			.map((step) => ({ ...step, details: { ...step.details } }));
		return {
			trace_id: this.traceId,
			timestamp: this.#timestamp,
			question: this.#request.question,
			library_filter: this.#request.library ?? null,
			route: this.#route,
			conversation_id: this.#request.conversation_id ?? null,
			steps,
			total_duration_ms: total,
			unaccounted_ms: total === null ? null : round(Math.max(0, total - unionLength(steps))),
			time_to_first_token_ms: this.#firstTokenAt === null ? null : round(this.#firstTokenAt),
			status,
			error,
			model: record.model,
			answer: this.answer || null,
			sources: [...record.sources],
			citations: [...record.citations],
			evidence: record.evidence,
			refused_by: record.refusedBy,
			usage: record.usage,
			cost_usd: record.costUsd,
			feedback: null,
			standalone_question: record.standaloneQuestion,
			prompt: [...record.prompt],
			support: [...record.support],
			candidates: this.candidates()
		};
	}

	/** The ledger's rows, as they stand. */
	candidates(): Candidate[] {
		return this.ledger.candidates();
	}
}

/** Whether a failure is somebody's wish to stop rather than a fault: ours, or an aborted fetch's. */
function isStop(thrown: unknown): boolean {
	if (thrown instanceof AppError) return thrown.code === 'cancelled' || thrown.code === 'server_shutdown';
	return thrown instanceof Error && thrown.name === 'AbortError';
}
