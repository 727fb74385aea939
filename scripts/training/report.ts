import { formatTable, type Table } from '../bench/table.ts';
import { METRIC_LABELS, METRICS } from '#lib/server/evaluation/metrics.ts';
import type { ScopeMetrics } from './cross-validate.ts';

/** What was measured, by seed: one entry when nothing depends on it. */
export interface MeasuredRow {
	name: string;
	figures: readonly ScopeMetrics[];
}

/** A Markdown table: means, with the standard deviation over seeds where there are several; within the library, then over all. */
export function qualityTable(title: string, rows: readonly MeasuredRow[], notes?: readonly string[]): string {
	const scopes = ['library', 'all'] as const;
	const table: Table = {
		title,
		columns: [
			'',
			...METRICS.map((metric) => `${METRIC_LABELS[metric]} within`),
			...METRICS.map((metric) => `${METRIC_LABELS[metric]} all`)
		],
		rows: rows.map(({ name, figures }) => [
			name,
			...scopes.flatMap((scope) =>
				METRICS.map((metric) => spread(figures.map((each) => each[scope][metric])))
			)
		]),
		...(notes && { notes })
	};
	return formatTable(table);
}

function spread(values: readonly number[]): string {
	const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
	if (values.length === 1) return mean.toFixed(3);
	const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
	return `${mean.toFixed(3)} ± ${Math.sqrt(variance).toFixed(3)}`;
}
