import { formatTable, type Table } from '../bench/table.ts';
import { METRICS, type ScopeMetrics } from './cross-validate.ts';

/** What was measured, by seed: one entry when nothing depends on it. */
export interface MeasuredRow {
	name: string;
	figures: readonly ScopeMetrics[];
}

const HEADINGS = {
	recall_at_5: 'recall@5',
	recall_at_20: 'recall@20',
	mrr_at_10: 'MRR@10',
	ndcg_at_10: 'nDCG@10'
};

/** A Markdown table: means, with the standard deviation over seeds where there are several; within the library, then over all. */
export function qualityTable(title: string, rows: readonly MeasuredRow[], notes?: readonly string[]): string {
	const scopes = ['library', 'all'] as const;
	const table: Table = {
		title,
		columns: [
			'',
			...METRICS.map((metric) => `${HEADINGS[metric]} within`),
			...METRICS.map((metric) => `${HEADINGS[metric]} all`)
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
