import { formatDuration, formatShare } from '#lib/ui/format/index.ts';
import type { Interval } from '#lib/server/evaluation/intervals.ts';
import { METRIC_LABELS, METRICS } from '#lib/server/evaluation/metrics.ts';
import type { EvaluationReport, Quality } from '#lib/server/evaluation/report.ts';
import { withInterval, writeGiven } from './given-text.ts';
import { writeLine, writeTable } from '../terminal.ts';

export const SCOPE_TITLES = {
	within_library: 'Within the named library',
	over_all_libraries: 'Over all libraries'
} as const;

/** Prints a report for people. */
export function writeReport(report: EvaluationReport): void {
	writeScope('within_library', report);
	writeScope('over_all_libraries', report);
	if (report.off_topic) {
		const { questions, refused_rightly, refused_rightly_interval, thin, doubted_interval, answered_wrongly } =
			report.off_topic;
		const share = shareWithInterval(refused_rightly / questions, refused_rightly_interval);
		const doubted = shareWithInterval((refused_rightly + thin) / questions, doubted_interval);
		writeLine(`Off-topic: ${refused_rightly} of ${questions} refused (${share})`);
		writeLine(`  evidence called thin: ${thin}; refused or thin: ${doubted}`);
		for (const question of answered_wrongly) writeLine(`  evidence called good: ${question}`);
		writeLine();
	}
	writeTable(
		['step', 'count', 'p50', 'p95'],
		Object.entries(report.times).map(([step, { count, p50_ms, p95_ms }]) => [
			step,
			String(count),
			formatDuration(p50_ms),
			formatDuration(p95_ms)
		])
	);
	for (const [step, count] of Object.entries(report.skipped ?? {})) {
		writeLine(
			`${step} failed in ${count} of ${report.times[step]?.count} searches; the figures are without it there.`
		);
	}
	const { resamples, seed } = report.intervals;
	writeLine();
	writeLine(
		'In brackets the 95 % confidence interval: of means by a percentile bootstrap over the questions'
	);
	writeLine(`(${resamples.toLocaleString('en-US')} resamples, seed ${seed}), of shares by Wilson.`);
}

function writeScope(name: keyof typeof SCOPE_TITLES, report: EvaluationReport): void {
	const scope = report[name];
	if (!scope) return;
	const { overall, libraries, given, refused_wrongly, refused_wrongly_interval, thin, thin_interval } = scope;
	writeLine(SCOPE_TITLES[name]);
	const rows = Object.entries(libraries).map(([name, quality]) => row(name, quality));
	writeTable(
		['library', 'questions', ...METRICS.map((metric) => METRIC_LABELS[metric])],
		[...(rows.length > 1 ? rows : []), row('all', overall)]
	);
	const share = shareWithInterval(refused_wrongly / overall.questions, refused_wrongly_interval);
	writeLine(`refused wrongly: ${refused_wrongly} (${share})`);
	writeLine(`evidence called thin: ${thin} (${shareWithInterval(thin / overall.questions, thin_interval)})`);
	writeLine();
	writeGiven(given, report.limits.source_tokens);
}

function row(name: string, quality: Quality): string[] {
	const figures = METRICS.map((metric) => withInterval(quality[metric], quality.intervals[metric]));
	return [name, String(quality.questions), ...figures];
}

function shareWithInterval(share: number, interval: Interval | null): string {
	const range = interval ? ` [${formatShare(interval.low)}, ${formatShare(interval.high)}]` : '';
	return formatShare(share) + range;
}
