import { meanInterval, type Interval } from './intervals.ts';
import { GIVEN_METRICS, METRICS, type GivenMetric, type Metric } from './metrics.ts';
import type { EvaluationReport, MeasuredModels } from './report.ts';
import type { QuestionResult, Scope } from './evaluate.ts';

/** One measure on the same questions in two settings. */
export interface Difference {
	old: number;
	new: number;
	/** New less old. */
	difference: number;
	/** Of the difference, from the differences of single questions; null for one question. */
	interval: Interval | null;
	/** Questions that the new settings do better, worse and the same at. */
	better: number;
	worse: number;
	same: number;
	/** `noise` while the interval holds 0: on other questions it could as well be none. */
	verdict: 'better' | 'worse' | 'noise' | 'same';
}

/** Those of what the model is given are over the questions where both sides have them, absent when there are none. */
export type Differences = { questions: number } & Record<Metric, Difference> &
	Partial<Record<GivenMetric, Difference>>;

/** What became of a question. */
export interface ChangedQuestion {
	id: string | null;
	question: string;
	library: string | null;
	old: ChangedSide;
	new: ChangedSide;
}
type ChangedSide = Pick<QuestionResult, 'essential' | 'ndcg_at_10' | 'first_relevant_rank' | 'refused'>;

export interface ScopeComparison {
	overall: Differences;
	/** By the library that a question is about. */
	libraries: Record<string, Differences>;
	/** Questions that the documentation answers and the gate refuses all the same. */
	refused_wrongly: { old: number; new: number };
	/** Those whose essential facts, nDCG, first right page or refusal changed; the most changed facts first, then the most changed nDCG. */
	changed: ChangedQuestion[];
}

/** A report that can be compared, and what to call it. */
export interface ComparedReport extends Pick<EvaluationReport, 'off_topic' | 'times' | 'skipped'> {
	results: ComparedResult[];
	label: string;
	models?: MeasuredModels | undefined;
}

/** What is compared of a question. */
export type ComparedResult = Pick<
	QuestionResult,
	'id' | 'question' | 'library' | 'scope' | 'first_relevant_rank' | 'refused' | Metric
> &
	Record<GivenMetric, number | null>;

export interface Comparison {
	old: ComparedSide;
	new: ComparedSide;
	within_library?: ScopeComparison;
	over_all_libraries?: ScopeComparison;
	/** Off-topic questions, refused or not; absent unless both sides were asked them. */
	off_topic?: { questions: number; refused_rightly: { old: number; new: number } };
	/** Questions that only one side was asked, in either scope; they count in nothing above. */
	unpaired: { old: number; new: number };
}
type ComparedSide = Pick<ComparedReport, 'label' | 'models' | 'skipped'> & {
	/** Of all retrieval, in milliseconds. */
	retrieval_p50_ms: number | null;
};

interface Pair {
	old: ComparedResult;
	new: ComparedResult;
}

/** Compares two settings question by question: only questions that both were asked count, each with itself. */
export function compare(older: ComparedReport, newer: ComparedReport): Comparison {
	const { pairs, unpaired } = pairUp(older.results, newer.results);
	const inScope = (scope: Scope) => pairs.filter((pair) => pair.new.scope === scope);
	const [within, all] = [inScope('library'), inScope('all')];
	return {
		old: side(older),
		new: side(newer),
		...(within.length > 0 && { within_library: compareScope(within) }),
		...(all.length > 0 && { over_all_libraries: compareScope(all) }),
		...(older.off_topic?.questions === newer.off_topic?.questions &&
			older.off_topic &&
			newer.off_topic && {
				off_topic: {
					questions: newer.off_topic.questions,
					refused_rightly: {
						old: older.off_topic.refused_rightly,
						new: newer.off_topic.refused_rightly
					}
				}
			}),
		unpaired
	};
}

function side({ label, models, skipped, times }: ComparedReport): ComparedSide {
	return {
		label,
		...(models && { models }),
		...(skipped && { skipped }),
		retrieval_p50_ms: times.retrieval?.p50_ms ?? null
	};
}

/** The same question in the same scope about the same library; one that was asked twice is paired in order. */
function pairUp(
	older: readonly ComparedResult[],
	newer: readonly ComparedResult[]
): { pairs: Pair[]; unpaired: { old: number; new: number } } {
	const key = ({ scope, library, question }: ComparedResult) => JSON.stringify([scope, library, question]);
	const waiting = Map.groupBy(older, key);
	const pairs = newer.flatMap((result) => {
		const partner = waiting.get(key(result))?.shift();
		return partner ? [{ old: partner, new: result }] : [];
	});
	return { pairs, unpaired: { old: older.length - pairs.length, new: newer.length - pairs.length } };
}

function compareScope(pairs: readonly Pair[]): ScopeComparison {
	const libraries = Map.groupBy(pairs, (pair) => pair.new.library ?? 'none');
	const refused = (of: keyof Pair) => pairs.filter((pair) => pair[of].refused).length;
	return {
		overall: differences(pairs),
		libraries: Object.fromEntries([...libraries].map(([name, group]) => [name, differences(group)])),
		refused_wrongly: { old: refused('old'), new: refused('new') },
		changed: pairs.filter(isChanged).sort(byChange).map(describe)
	};
}

function differences(pairs: readonly Pair[]): Differences {
	const differs = [...METRICS, ...GIVEN_METRICS].flatMap((metric) => {
		const difference = differenceOf(pairs, metric);
		return difference ? [[metric, difference]] : [];
	});
	return { questions: pairs.length, ...Object.fromEntries(differs) };
}

/** @returns null when no question has the measure on both sides */
function differenceOf(pairs: readonly Pair[], metric: Metric | GivenMetric): Difference | null {
	const measured = pairs.flatMap((pair) => {
		const [old, now] = [pair.old[metric], pair.new[metric]];
		return old === null || now === null ? [] : [{ old, new: now }];
	});
	if (measured.length === 0) return null;
	const changes = measured.map((each) => each.new - each.old);
	const mean = (of: keyof Pair) => measured.reduce((sum, each) => sum + each[of], 0) / measured.length;
	const better = changes.filter((change) => change > 0).length;
	const worse = changes.filter((change) => change < 0).length;
	const interval = meanInterval(changes);
	return {
		old: mean('old'),
		new: mean('new'),
		difference: mean('new') - mean('old'),
		interval,
		better,
		worse,
		same: changes.length - better - worse,
		verdict: better + worse === 0 ? 'same' : judge(interval)
	};
}

function judge(interval: Interval | null): Difference['verdict'] {
	if (!interval || (interval.low <= 0 && interval.high >= 0)) return 'noise';
	return interval.low > 0 ? 'better' : 'worse';
}

function isChanged({ old, new: now }: Pair): boolean {
	return (
		factChange({ old, new: now }) > 0 ||
		old.ndcg_at_10 !== now.ndcg_at_10 ||
		old.first_relevant_rank !== now.first_relevant_rank ||
		old.refused !== now.refused
	);
}

function byChange(a: Pair, b: Pair): number {
	const gain = (pair: Pair) => Math.abs(pair.new.ndcg_at_10 - pair.old.ndcg_at_10);
	const move = (pair: Pair) => Math.abs(1 / (rank(pair.new) + 1) - 1 / (rank(pair.old) + 1));
	const rank = (result: ComparedResult) => result.first_relevant_rank ?? Infinity;
	return factChange(b) - factChange(a) || gain(b) - gain(a) || move(b) - move(a);
}

/** Of the share of essential facts; 0 where a side does not have it. */
function factChange({ old, new: now }: Pair): number {
	return old.essential === null || now.essential === null ? 0 : Math.abs(now.essential - old.essential);
}

function describe({ old, new: now }: Pair): ChangedQuestion {
	const side = ({ essential, ndcg_at_10, first_relevant_rank, refused }: ComparedResult): ChangedSide => ({
		essential,
		ndcg_at_10,
		first_relevant_rank,
		refused
	});
	return { id: now.id, question: now.question, library: now.library, old: side(old), new: side(now) };
}
