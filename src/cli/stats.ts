import { statsInputSchema, type Stats } from '#lib/contract/stats.ts';
import { stepNameSchema } from '#lib/contract/trace.ts';
import { checkInput } from '#lib/server/transport/invalid-input.ts';
import { formatCost, formatCount, formatDuration } from '#lib/ui/format/index.ts';
import { supportCounts } from '#lib/ui/format/judgement.ts';
import { OVER_ALL } from '#lib/ui/dashboard/libraries.ts';
import { writeJson, writeLine, writeTable } from './terminal.ts';
import { withServices } from './with-services.ts';

export interface StatsOptions {
	window?: string;
	library?: string;
	json?: boolean;
}

/** Shows how many questions were asked and where their time went. */
export async function stats({ json, ...filter }: StatsOptions): Promise<void> {
	const request = checkInput(statsInputSchema, filter, 'The filter');
	await withServices(async (services) => {
		const figures = await services.store.stats(request);
		if (json) return writeJson(figures);
		writeOverview(figures);
		writeLine();
		writeTable(
			['step', 'count', 'average', 'p50', 'p95', 'p99'],
			stepNameSchema.options.flatMap((name) => {
				const step = figures.steps[name];
				if (!step) return [];
				const { count, avg_ms, p50_ms, p95_ms, p99_ms } = step;
				return [
					[name, formatCount(count), ...[avg_ms, p50_ms, p95_ms, p99_ms].map((ms) => formatDuration(ms))]
				];
			})
		);
	});
}

function writeOverview(figures: Stats): void {
	const { prompt, completion } = figures.tokens;
	const list = (counts: Readonly<Record<string, number>>, label = (name: string) => name) =>
		Object.entries(counts)
			.map(([name, count]) => `${label(name)} ${formatCount(count)}`)
			.join(', ') || '–';
	const phases = [
		['rewriting', figures.avg_rewriting_ms],
		['retrieval', figures.avg_retrieval_ms],
		['generation', figures.avg_generation_ms]
	] as const;
	const lines: [string, string][] = [
		['questions', formatCount(figures.total_queries)],
		['statuses', list(figures.statuses)],
		['evidence', list(figures.evidence)],
		['refused by', list(figures.refused_by)],
		['sentences', supportCounts(figures.support) ?? '–'],
		['libraries', list(figures.queries_per_library, (name) => (name === OVER_ALL ? 'all' : name))],
		[
			'latency',
			`${formatDuration(figures.avg_latency_ms)} on average, p50 ${formatDuration(figures.p50_latency_ms)}, p95 ${formatDuration(figures.p95_latency_ms)}, p99 ${formatDuration(figures.p99_latency_ms)}`
		],
		[
			'first token',
			`p50 ${formatDuration(figures.time_to_first_token_ms.p50)}, p95 ${formatDuration(figures.time_to_first_token_ms.p95)}`
		],
		...phases.flatMap(([name, average_ms]): [string, string][] =>
			// Where there were no follow-ups, none was rewritten.
			name === 'rewriting' && average_ms === null ? [] : [[name, `${formatDuration(average_ms)} on average`]]
		),
		['bottleneck', figures.bottleneck ?? '–'],
		['tokens', `${formatCount(prompt)} in, ${formatCount(completion)} out`],
		['cost', `${formatCost(figures.cost_usd)}, ${formatCount(figures.unpriced_queries)} without a price`],
		['feedback', `${formatCount(figures.feedback.up)} up, ${formatCount(figures.feedback.down)} down`]
	];
	if (figures.keyword_only_queries > 0) {
		lines.push(['by words', `${formatCount(figures.keyword_only_queries)} without embeddings`]);
	}
	if (figures.percentile_error > 0) {
		lines.push(['precision', `percentiles within ${(100 * figures.percentile_error).toFixed(1)} %`]);
	}
	const width = Math.max(...lines.map(([name]) => name.length));
	for (const [name, text] of lines) writeLine(`${name.padEnd(width)}  ${text}`);
}
