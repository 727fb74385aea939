import { AppError } from '#lib/server/error.ts';
import { labelOf, parseCompared, readReport } from './eval-compared.ts';
import { compare } from './eval-comparison.ts';
import { writeComparison } from './eval-comparison-text.ts';
import { evaluate } from './evaluation.ts';
import { readQuestions, type EvalQuestion } from './eval-questions.ts';
import { modelsOf, reportOn, type EvaluationReport } from './eval-report.ts';
import { writeReport } from './eval-text.ts';
import { showProgress } from './progress.ts';
import { remark, writeJson, writeLine } from './terminal.ts';
import { withServices } from './with-services.ts';

export interface EvalOptions {
	library?: string;
	offTopic?: string;
	/** An earlier report, or `NAME=value` settings. */
	compare?: string[];
	json?: boolean;
}

interface Asked {
	questions: EvalQuestion[];
	offTopic: EvalQuestion[];
}

/**
 * Measures retrieval on questions whose answers are known, and prints the figures; with `compare` also how they differ from an earlier
 * report, or under other settings, question by question.
 * @throws AppError `invalid_request` for a file at fault, `index_not_ready` when nothing is indexed.
 */
export async function evaluateFiles(path: string, options: EvalOptions): Promise<void> {
	const comparedWith = options.compare && parseCompared(options.compare);
	const earlier = comparedWith && 'report' in comparedWith ? await readReport(comparedWith.report) : null;
	const asked = await readAsked(path, options);

	const settings = comparedWith && 'settings' in comparedWith ? comparedWith.settings : null;
	// The other settings first: they are what may be wrong.
	const other = settings && (await measure(asked, 'Asking with the other settings', settings));
	const report = await measure(asked, 'Asking');
	const current = { label: 'current settings', ...report };
	const comparison =
		(earlier && compare(earlier, current)) ??
		(other && compare(current, { label: labelOf(settings!), ...other }));

	if (options.json) {
		writeJson({ ...report, ...(comparison && { comparison }), ...(other && { compared: other }) });
		return;
	}
	writeReport(report);
	if (!comparison) return;
	writeLine();
	writeComparison(comparison);
}

async function readAsked(path: string, { library, offTopic }: EvalOptions): Promise<Asked> {
	const read = await readQuestions(path);
	const questions = read
		.map((question) => ({ ...question, library: question.library ?? library }))
		.filter((question) => library === undefined || question.library === library);
	const irrelevant = offTopic ? await readQuestions(offTopic) : [];
	const relevant = questions.filter((question) => question.relevant.length > 0);
	if (relevant.length === 0) {
		throw new AppError('invalid_request', `${path} holds no questions with relevant documents to measure.`);
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
	return withServices(async ({ engine, config }, signal) => {
		const { index, embedder } = engine.knowledge();
		if (index.embeddingModel !== null && embedder === null) {
			const problem = `The index in ${config.DATA_DIR} has vectors of ${index.embeddingModel}, not of the embedder that is set`;
			if (changes) {
				const way = 'Ingest with that embedder into a folder of its own, and add its DATA_DIR to --compare.';
				throw new AppError('invalid_request', `${problem}. ${way}`);
			}
			remark(`${problem}: they are not searched.`);
		}
		const progress = showProgress(label);
		const onProgress = (done: number, total: number) => progress.update(done, total);
		const evaluation = await evaluate(engine, { ...asked, onProgress, signal }).finally(() =>
			progress.stop()
		);
		return reportOn(evaluation, modelsOf(engine));
	}, changes);
}
