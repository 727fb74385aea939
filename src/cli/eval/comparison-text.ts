import { ABSENT, formatDuration, formatPlural } from '#lib/ui/format/index.ts';
import type {
	ChangedQuestion,
	Comparison,
	Difference,
	ScopeComparison
} from '#lib/server/evaluation/comparison.ts';
import { GIVEN_LABELS, GIVEN_METRICS, METRIC_LABELS, METRICS } from '#lib/server/evaluation/metrics.ts';
import { SCOPE_TITLES } from './report-text.ts';
import { shorten, writeLine, writeTable } from '../terminal.ts';

/** Questions that are listed; the JSON has them all. */
const LISTED = 10;

const COMPARED = [...GIVEN_METRICS, ...METRICS];
const LABELS = { ...GIVEN_LABELS, ...METRIC_LABELS };

/** Prints a comparison for people. */
export function writeComparison(comparison: Comparison): void {
	writeLine('Compared question by question');
	for (const name of ['old', 'new'] as const) {
		const { label, models, skipped, retrieval_p50_ms } = comparison[name];
		const made = models ? `; embedder ${models.embedder ?? 'none'}, reranker ${models.reranker}` : '';
		writeLine(`${name}: ${label}${made}; retrieval p50 ${formatDuration(retrieval_p50_ms)}`);
		for (const [step, count] of Object.entries(skipped ?? {})) {
			writeLine(`  ${step} failed in ${formatPlural(count, 'search', 'searches')} and was gone on without.`);
		}
	}
	const { unpaired, off_topic } = comparison;
	if (unpaired.old + unpaired.new > 0) {
		writeLine(`Left out, because only one side was asked them: ${unpaired.old} old, ${unpaired.new} new.`);
	}
	writeLine();
	for (const scope of ['within_library', 'over_all_libraries'] as const) {
		const compared = comparison[scope];
		if (compared) writeScope(SCOPE_TITLES[scope], compared);
	}
	if (off_topic) {
		const { questions, refused_rightly } = off_topic;
		writeLine(`Off-topic, refused: ${refused_rightly.old} → ${refused_rightly.new} of ${questions}`);
	}
}

function writeScope(title: string, { overall, libraries, refused_wrongly, changed }: ScopeComparison): void {
	writeLine(`${title}: ${formatPlural(overall.questions, 'question')}`);
	const perLibrary = Object.entries(libraries);
	const measures = COMPARED.flatMap((measure) => {
		const difference = overall[measure];
		return difference ? [{ label: LABELS[measure], difference }] : [];
	});
	const main = overall.essential ? 'essential' : 'ndcg_at_10';
	writeTable(
		['measure', 'library', 'old', 'new', 'difference', 'better', 'worse', 'same'],
		[
			...measures.map(({ label, difference }) => row(label, 'all', difference)),
			...(perLibrary.length > 1 ? perLibrary : []).flatMap(([name, differences]) => {
				const difference = differences[main];
				return difference ? [row(LABELS[main], name, difference)] : [];
			})
		]
	);
	for (const { label, difference } of measures) writeLine(verdict(label, difference));
	writeLine(`refused wrongly: ${refused_wrongly.old} → ${refused_wrongly.new}`);
	if (changed.length > 0) writeChanged(changed);
	writeLine();
}

function row(measure: string, library: string, difference: Difference): string[] {
	const { interval } = difference;
	const range = interval ? ` [${signed(interval.low)}, ${signed(interval.high)}]` : '';
	return [
		measure,
		library,
		difference.old.toFixed(3),
		difference.new.toFixed(3),
		signed(difference.difference) + range,
		String(difference.better),
		String(difference.worse),
		String(difference.same)
	];
}

/** What may be said of a difference, and no more. */
function verdict(measure: string, { verdict, interval }: Difference): string {
	switch (verdict) {
		case 'same':
			return `${measure}: the same for every question.`;
		case 'noise':
			return interval
				? `${measure}: the difference is within the noise; its 95 % interval holds 0.`
				: `${measure}: one question says nothing about others.`;
		case 'better':
		case 'worse':
			return `${measure}: ${verdict}; the 95 % interval of the difference does not hold 0.`;
	}
}

function writeChanged(changed: readonly ChangedQuestion[]): void {
	const listed = changed.slice(0, LISTED);
	writeLine(`Changed most, ${listed.length} of ${changed.length}:`);
	const hasFacts = listed.some(({ old, new: now }) => old.essential !== null && now.essential !== null);
	writeTable(
		[...(hasFacts ? [GIVEN_LABELS.essential] : []), 'nDCG@10', 'first right page', 'library', 'question'],
		listed.map((each) => [
			...(hasFacts ? [change(each.old.essential, each.new.essential)] : []),
			change(each.old.ndcg_at_10, each.new.ndcg_at_10),
			`${place(each.old)} → ${place(each.new)}`,
			each.library ?? '–',
			shorten(each.question, 90)
		])
	);
}

function change(old: number | null, now: number | null): string {
	const figure = (value: number | null) => (value === null ? ABSENT : value.toFixed(3));
	return `${figure(old)} → ${figure(now)}`;
}

function place({ first_relevant_rank, refused }: ChangedQuestion['old']): string {
	return `${first_relevant_rank === null ? 'not found' : `#${first_relevant_rank}`}${refused ? ' refused' : ''}`;
}

function signed(value: number): string {
	const text = Math.abs(value).toFixed(3);
	if (Number(text) === 0) return text;
	return `${value > 0 ? '+' : '−'}${text}`;
}
