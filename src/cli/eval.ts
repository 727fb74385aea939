import { AppError } from '#lib/server/error.ts';
import { formatDuration, formatShare } from '#lib/ui/format/index.ts';
import { evaluate, type EvaluationReport, type Quality, type ScopeReport } from './evaluation.ts';
import { readQuestions } from './eval-questions.ts';
import { showProgress } from './progress.ts';
import { writeJson, writeLine, writeTable } from './terminal.ts';
import { withServices } from './with-services.ts';

export interface EvalOptions {
	library?: string;
	offTopic?: string;
	json?: boolean;
}

/**
 * Measures retrieval on questions whose answers are known, and prints the figures.
 * @throws AppError `invalid_request` for a file at fault, `index_not_ready` when nothing is indexed.
 */
export async function evaluateFiles(path: string, { library, offTopic, json }: EvalOptions): Promise<void> {
	const read = await readQuestions(path);
	const questions = read
		.map((question) => ({ ...question, library: question.library ?? library }))
		.filter((question) => library === undefined || question.library === library);
	const irrelevant = offTopic ? await readQuestions(offTopic) : [];
	const relevant = questions.filter((question) => question.relevant.length > 0);
	if (relevant.length === 0) {
		throw new AppError('invalid_request', `${path} holds no questions with relevant documents to measure.`);
	}
	await withServices(async ({ engine }, signal) => {
		const offTopic = [...irrelevant, ...questions.filter((question) => question.relevant.length === 0)];
		const progress = showProgress('Asking');
		const report = await evaluate(engine, {
			questions: relevant,
			offTopic,
			onProgress: (done, total) => progress.update(done, total),
			signal
		}).finally(() => progress.stop());
		if (json) writeJson(report);
		else writeReport(report);
	});
}

function writeReport(report: EvaluationReport): void {
	if (report.within_library) writeScope('Within the named library', report.within_library);
	writeScope('Over all libraries', report.over_all_libraries);
	if (report.off_topic) {
		const { questions, refused_rightly, answered_wrongly } = report.off_topic;
		writeLine(
			`Off-topic: ${refused_rightly} of ${questions} refused (${formatShare(refused_rightly / questions)})`
		);
		for (const question of answered_wrongly) writeLine(`  not refused: ${question}`);
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
}

function writeScope(title: string, { overall, libraries, refused_wrongly }: ScopeReport): void {
	writeLine(title);
	const rows = Object.entries(libraries).map(([name, quality]) => row(name, quality));
	writeTable(
		['library', 'questions', 'recall@5', 'recall@20', 'MRR@10', 'nDCG@10'],
		[...(rows.length > 1 ? rows : []), row('all', overall)]
	);
	writeLine(`refused wrongly: ${refused_wrongly} (${formatShare(refused_wrongly / overall.questions)})`);
	writeLine();
}

function row(name: string, quality: Quality): string[] {
	const figures = [quality.recall_at_5, quality.recall_at_20, quality.mrr_at_10, quality.ndcg_at_10];
	return [name, String(quality.questions), ...figures.map((figure) => figure.toFixed(3))];
}
