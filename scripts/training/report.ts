import { formatTable, type Table } from '../bench/table.ts';
import { METRIC_LABELS, METRICS } from '#lib/server/evaluation/metrics.ts';
import type { ScopeMetrics } from './cross-validate.ts';

/** What was measured. */
export interface MeasuredRow {
	name: string;
	figures: ScopeMetrics;
}

/** A Markdown table of means: within the library, then over all. */
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
			...scopes.flatMap((scope) => METRICS.map((metric) => figures[scope][metric].toFixed(3)))
		]),
		...(notes && { notes })
	};
	return formatTable(table);
}
