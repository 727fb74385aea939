import { supportLevelSchema, type StepName } from '#lib/contract/trace.ts';
import { Histogram } from './histogram.ts';
import { isFinished, isUnpriced, sentencesMetric, type StepMetrics, type TraceMetrics } from './metrics.ts';
import { otherTime } from './series.ts';

/** The durations of finished answers, by what was timed. */
const TIMED = ['total', 'first_token', 'rewriting', 'retrieval', 'generation', 'other'] as const;
type Timed = (typeof TIMED)[number];

/** Sums that are null until a value is known. */
const KNOWN = ['prompt_tokens', 'completion_tokens', 'cost_usd'] as const;
type Known = (typeof KNOWN)[number];

/** Counts by name. */
const COUNTED = ['libraries', 'statuses', 'evidence', 'refusedBy', 'support'] as const;

/** A summary as it is stored. */
interface StoredSummary {
	queries: number;
	unpriced: number;
	up: number;
	down: number;
	libraries: Record<string, number>;
	statuses: Record<string, number>;
	/** Those below are missing in a summary from before they were counted. */
	evidence?: Record<string, number>;
	refused_by?: Record<string, number>;
	support?: Record<string, number>;
	known: Record<Known, number | null>;
	timed: Partial<Record<Timed, number[]>>;
	steps: Record<string, number[]>;
}

/** What statistics need of many traces, in little room; summaries of different traces add up. */
export class Summary {
	queries = 0;
	unpriced = 0;
	up = 0;
	down = 0;
	/** Queries by library filter, `null` for all libraries. */
	readonly libraries = new Map<string, number>();
	readonly statuses = new Map<string, number>();
	readonly evidence = new Map<string, number>();
	readonly refusedBy = new Map<string, number>();
	/** Sentences by the support that they have. */
	readonly support = new Map<string, number>();
	readonly known: Record<Known, number | null> = {
		prompt_tokens: null,
		completion_tokens: null,
		cost_usd: null
	};
	readonly timed: Record<Timed, Histogram> = {
		total: new Histogram(),
		first_token: new Histogram(),
		rewriting: new Histogram(),
		retrieval: new Histogram(),
		generation: new Histogram(),
		other: new Histogram()
	};
	readonly steps = new Map<StepName, Histogram>();

	add(row: TraceMetrics): void {
		this.queries += 1;
		if (isUnpriced(row)) this.unpriced += 1;
		if (row.rating !== null) this[row.rating] += 1;
		increase(this.libraries, String(row.library_filter), 1);
		increase(this.statuses, row.status, 1);
		if (row.evidence !== null) increase(this.evidence, row.evidence, 1);
		if (row.refused_by !== null) increase(this.refusedBy, row.refused_by, 1);
		for (const level of supportLevelSchema.options) {
			const sentences = row[sentencesMetric(level)];
			if (sentences > 0) increase(this.support, level, sentences);
		}
		for (const name of KNOWN) this.#addKnown(name, row[name]);
		if (!isFinished(row.status)) return;
		const times: Record<Timed, number | null> = {
			total: row.total_duration_ms,
			first_token: row.time_to_first_token_ms,
			rewriting: row.rewriting_ms,
			retrieval: row.retrieval_ms,
			generation: row.generation_ms,
			other: otherTime(row)
		};
		for (const name of TIMED) if (times[name] !== null) this.timed[name].add(times[name]);
	}

	addStep({ name, duration_ms }: StepMetrics): void {
		this.#step(name).add(duration_ms);
	}

	merge(other: Summary): void {
		this.queries += other.queries;
		this.unpriced += other.unpriced;
		this.up += other.up;
		this.down += other.down;
		for (const name of COUNTED) for (const [key, count] of other[name]) increase(this[name], key, count);
		for (const name of KNOWN) this.#addKnown(name, other.known[name]);
		for (const name of TIMED) this.timed[name].merge(other.timed[name]);
		for (const [name, histogram] of other.steps) this.#step(name).merge(histogram);
	}

	toJSON(): StoredSummary {
		const { queries, unpriced, up, down, known } = this;
		return {
			queries,
			unpriced,
			up,
			down,
			known,
			libraries: Object.fromEntries(this.libraries),
			statuses: Object.fromEntries(this.statuses),
			evidence: Object.fromEntries(this.evidence),
			refused_by: Object.fromEntries(this.refusedBy),
			support: Object.fromEntries(this.support),
			timed: Object.fromEntries(TIMED.map((name) => [name, this.timed[name].toJSON()])) as Record<
				Timed,
				number[]
			>,
			steps: Object.fromEntries([...this.steps].map(([name, histogram]) => [name, histogram.toJSON()]))
		};
	}

	static read(text: string): Summary {
		const stored = JSON.parse(text) as StoredSummary;
		const summary = new Summary();
		const { queries, unpriced, up, down } = stored;
		Object.assign(summary, { queries, unpriced, up, down });
		Object.assign(summary.known, stored.known);
		const { libraries, statuses, evidence = {}, refused_by: refusedBy = {}, support = {} } = stored;
		const counted = { libraries, statuses, evidence, refusedBy, support };
		for (const name of COUNTED)
			for (const [key, count] of Object.entries(counted[name])) summary[name].set(key, count);
		// One that was kept before rewriting was timed apart has none of it.
		for (const name of TIMED) summary.timed[name] = Histogram.read(stored.timed[name] ?? []);
		for (const [name, numbers] of Object.entries(stored.steps)) {
			summary.steps.set(name as StepName, Histogram.read(numbers));
		}
		return summary;
	}

	#addKnown(name: Known, value: number | null): void {
		if (value !== null) this.known[name] = (this.known[name] ?? 0) + value;
	}

	#step(name: StepName): Histogram {
		let histogram = this.steps.get(name);
		if (!histogram) this.steps.set(name, (histogram = new Histogram()));
		return histogram;
	}
}

function increase(counts: Map<string, number>, key: string, by: number): void {
	counts.set(key, (counts.get(key) ?? 0) + by);
}
