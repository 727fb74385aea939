import { METHODS, SIZES, type Method, type Size } from '#lib/server/evaluation/given.ts';
import type { Interval } from '#lib/server/evaluation/intervals.ts';
import { GIVEN_LABELS, GIVEN_METRICS } from '#lib/server/evaluation/metrics.ts';
import type { GivenQuality, GivenReport } from '#lib/server/evaluation/report.ts';
import { ABSENT, formatCount } from '#lib/ui/format/index.ts';
import { writeLine, writeTable } from '../terminal.ts';

const METHOD_LABELS: Readonly<Record<Method, string>> = { citelight: 'answers', bm25: 'BM25', rrf: 'RRF' };

/** Prints what the model is given: at every size, then by library at default settings, and the essential facts by library and size. */
export function writeGiven({ overall, libraries }: GivenReport, sourceTokens: number): void {
	const label = (size: Size) => formatCount(size === 'default' ? sourceTokens : Number(size));
	const { questions, questions_with_facts: withFacts } = overall.default.citelight;
	const measures = withFacts === 0 ? (['page_hit'] as const) : GIVEN_METRICS;
	const head = [...measures, 'tokens' as const].map((measure) => GIVEN_LABELS[measure]);
	const figures = ({ intervals, tokens, ...quality }: GivenQuality) => [
		...measures.map((metric) => withInterval(quality[metric], intervals[metric])),
		withInterval(tokens, intervals.tokens, formatCount)
	];

	const isDefault = (size: Size) =>
		Number(size) === sourceTokens && overall[size].citelight.tokens === overall.default.citelight.tokens;
	writeLine('Given to the model, by tokens at most');
	writeTable(
		['at most', 'chosen by', ...head],
		SIZES.filter((size) => !isDefault(size)).flatMap((size) =>
			METHODS.map((method) => [
				size === 'default' ? `default ${label(size)}` : label(size),
				METHOD_LABELS[method],
				...figures(overall[size][method])
			])
		)
	);
	if (withFacts < questions) writeLine(`Facts are marked for ${withFacts} of ${questions} questions.`);
	writeLine();

	const named = Object.entries(libraries);
	if (named.length < 2) return;
	writeLine(`By library, default settings (${label('default')} tokens at most)`);
	writeTable(
		['library', 'questions', 'chosen by', ...head],
		named.flatMap(([name, given]) =>
			METHODS.map((method) => [
				name,
				String(given.default[method].questions),
				METHOD_LABELS[method],
				...figures(given.default[method])
			])
		)
	);
	writeLine();

	if (withFacts === 0) return;
	const sizes = SIZES.filter((size) => size !== 'default');
	writeLine('Essential facts by library and tokens at most');
	writeTable(
		['library', 'chosen by', ...sizes.map(label)],
		named.flatMap(([name, given]) =>
			METHODS.map((method) => [
				name,
				METHOD_LABELS[method],
				...sizes.map((size) => {
					const { essential, intervals } = given[size][method];
					return withInterval(essential, intervals.essential);
				})
			])
		)
	);
	writeLine();
}

/** A mean with its interval; a dash where nothing was measured. */
export function withInterval(
	figure: number | null,
	interval: Interval | null,
	format = (value: number) => value.toFixed(3)
): string {
	if (figure === null) return ABSENT;
	const range = interval ? ` [${format(interval.low)}, ${format(interval.high)}]` : '';
	return format(figure) + range;
}
