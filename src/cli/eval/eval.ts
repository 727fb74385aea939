import { AppError } from '#lib/server/error.ts';
import { checkQuestions } from '#lib/server/evaluation/check-questions.ts';
import { compare, type Comparison } from '#lib/server/evaluation/comparison.ts';
import { evaluate } from '#lib/server/evaluation/evaluate.ts';
import {
	checkMinimums,
	parseMinimum,
	requireMeasurable,
	type CheckedMinimum
} from '#lib/server/evaluation/minimums.ts';
import type { EvalQuestion } from '#lib/server/evaluation/question.ts';
import { modelsOf, reportOn, type EvaluationReport } from '#lib/server/evaluation/report.ts';
import { formatPlural } from '#lib/ui/format/index.ts';
import { showProgress } from '../progress.ts';
import { remark, writeJson, writeLine } from '../terminal.ts';
import { withServices } from '../with-services.ts';
import { labelOf, parseCompared, readReport } from './compared.ts';
import { writeComparison } from './comparison-text.ts';
import { writeFailures } from './failures-text.ts';
import { readQuestions } from './questions.ts';
import { writeReport } from './report-text.ts';

export interface EvalOptions {
	library?: string;
	offTopic?: string;
	/** An earlier report, or `NAME=value` settings. */
	compare?: string[];
	/** `measure=figure`: what must be reached. */
	min?: string[];
	/** Whether to list the essential facts that were missed. */
	failures?: boolean;
	json?: boolean;
}

interface Asked {
	questions: EvalQuestion[];
	offTopic: EvalQuestion[];
}

/**
 * Measures retrieval on questions whose answers are known, and prints the figures; with `compare` also how they differ from an earlier
 * report, or under other settings, question by question. A figure below its minimum makes the exit code 1.
 * @throws AppError `invalid_request` for a file or an option at fault, `not_found` when the questions name what is not in the index,
 * `index_not_ready` when nothing is indexed.
 */
export async function evaluateFiles(path: string, options: EvalOptions): Promise<void> {
	const comparedWith = options.compare && parseCompared(options.compare);
	const minimums = (options.min ?? []).map(parseMinimum);
	const earlier = comparedWith && 'report' in comparedWith ? await readReport(comparedWith.report) : null;
	const asked = await readAsked(path, options);
	requireMeasurable(minimums, asked.questions);

	const settings = comparedWith && 'settings' in comparedWith ? comparedWith.settings : null;
	// The other settings first: they are what may be wrong.
	const other = settings && (await measure(asked, 'Asking with the other settings', settings));
	const report = await measure(asked, 'Asking');
	const current = { label: 'current settings', ...report };
	const comparison =
		(earlier && compare(earlier, current)) ??
		(other && compare(current, { label: labelOf(settings!), ...other }));
	const checked = checkMinimums(report, minimums);

	if (options.json) {
		writeJson({
			...report,
			...(checked.length > 0 && { minimums: checked }),
			...(comparison && { comparison }),
			...(other && { compared: other })
		});
	} else write({ report, comparison, failures: options.failures === true });
	const missed = checked.filter(({ passed }) => !passed);
	for (const minimum of missed) remark(`citelight: ${sentenceOf(minimum)}`);
	if (missed.length > 0) process.exitCode = 1;
}

function write({
	report,
	comparison,
	failures
}: {
	report: EvaluationReport;
	comparison: Comparison | null;
	failures: boolean;
}): void {
	writeReport(report);
	if (failures) {
		writeLine();
		writeFailures(report.results);
	}
	if (!comparison) return;
	writeLine();
	writeComparison(comparison);
}

function sentenceOf({ measure, value, minimum }: CheckedMinimum): string {
	// Rounded down, so that what is below does not read as if it were not.
	const figure = Math.floor(value * 1000) / 1000;
	return `${measure} is ${figure.toFixed(3)}, below the minimum of ${minimum}.`;
}

async function readAsked(path: string, { library, offTopic }: EvalOptions): Promise<Asked> {
	const read = await readQuestions(path);
	const questions = read
		.map((question) => ({ ...question, library: question.library ?? library }))
		.filter((question) => library === undefined || question.library === library);
	const irrelevant = offTopic ? await readQuestions(offTopic) : [];
	const relevant = questions.filter((question) => question.relevant.length > 0);
	if (relevant.length === 0) {
		const about = library === undefined ? '' : ` about the library ${library}`;
		throw new AppError('invalid_request', `${path} holds no questions${about} with relevant documents.`);
	}
	return {
		questions: relevant,
		offTopic: [...irrelevant, ...questions.filter((question) => question.relevant.length === 0)]
	};
}

/** @param changes to the settings; an index that they do not fit is refused, or half of the search would be compared. */
async function measure(
	asked: Asked,
	label: string,
	changes?: Readonly<Record<string, string>>
): Promise<EvaluationReport> {
	return withServices(async ({ engine, config, corpus }, signal) => {
		const { index, embedder } = engine.knowledge();
		if (index.embeddingModel !== null && embedder === null) {
			const problem = `The index in ${config.DATA_DIR} has vectors of ${index.embeddingModel}, not of the embedder that is set`;
			if (changes) {
				const way = 'Ingest with that embedder into a folder of its own, and add its DATA_DIR to --compare.';
				throw new AppError('invalid_request', `${problem}. ${way}`);
			}
			remark(`${problem}: they are not searched.`);
		}
		requireIndexed(checkQuestions(asked.questions, corpus));
		const limits = { sourceTokens: config.SOURCE_TOKENS, contextTokens: config.CONTEXT_TOKENS };
		const progress = showProgress(label);
		const onProgress = (done: number, total: number) => progress.update(done, total);
		const evaluation = await evaluate(engine, { ...asked, limits, onProgress, signal }).finally(() =>
			progress.stop()
		);
		return reportOn(evaluation, { models: modelsOf(engine), limits });
	}, changes);
}

function requireIndexed(problems: readonly string[]): void {
	if (problems.length === 0) return;
	const count = formatPlural(problems.length, 'thing');
	throw new AppError(
		'not_found',
		[`The questions name ${count} that the index does not hold:`, ...problems].join('\n  ')
	);
}
