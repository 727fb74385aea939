import { Command, InvalidArgumentError } from 'commander';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseConfig } from '#lib/server/config.ts';
import type { EvalQuestion } from '#lib/server/evaluation/question.ts';
import { ingest } from '#lib/server/ingest/ingest.ts';
import { WordEmbedder } from '#lib/server/model/word-embedder.ts';
import { analyze } from '#lib/server/search/analyze.ts';
import { createServices, type Services } from '#lib/server/services.ts';
import { readQuestions } from '../src/cli/eval/questions.ts';
import { writeReport } from '../src/cli/eval/report-text.ts';
import { leaveOut } from './training/ablation.ts';
import { collectExamples } from './training/collect.ts';
import { embedderCost } from './training/embedder-cost.ts';
import { learn, prepare, type LearnSettings } from './training/learn.ts';
import { evaluateLeftOut } from './training/left-out.ts';
import { LEARNT_EVIDENCE, PRIOR, SIGNS } from './training/parts.ts';
import { qualityTable } from './training/report.ts';
import { weightsFile } from './training/weights-file.ts';

/**
 * Learns the weights of the built-in reranker: `npm run train -- --questions <file.jsonl...> --corpora <folder...>`. Says how well it finds by
 * library left out, with --ablation also what each part of the evidence gains, and writes the weights with --write, learnt on all
 * libraries. The same for the same input.
 */
interface Options {
	questions: string[];
	corpora: string[];
	data?: string;
	l2: number;
	steps: number;
	ablation: boolean;
	write: boolean;
}

const positive = (text: string) => {
	const value = Number(text);
	if (!(value >= 0)) throw new InvalidArgumentError('It must be a number from 0.');
	return value;
};

const options = new Command('npm run train --')
	.description('Learn the weights of the built-in reranker.')
	.requiredOption(
		'--questions <file.jsonl...>',
		'questions with relevant documents and facts; see docs/evaluation.md'
	)
	.requiredOption('--corpora <folder...>', 'documentation, a library each by the name of its folder')
	.option('--data <folder>', 'where the index is kept between runs; default: a temporary folder')
	.option('--l2 <strength>', 'pull of the weights to the prior', positive, 0.9)
	.option('--steps <n>', 'steps of learning', positive, 200)
	.option('--ablation', 'measure what each part gains and what the embedder costs', false)
	.option('--write', 'write the weights into the source', false)
	.parse()
	.opts<Options>();

const weightsPath = join(import.meta.dirname, '../src/lib/server/model/feature-weights.ts');
const signal = new AbortController().signal;

async function train(dataFolder: string): Promise<void> {
	const config = parseConfig({ DATA_DIR: dataFolder });
	const services = await createServices(config);
	try {
		await readCorpora(services);
		const questions: EvalQuestion[] = [];
		for (const path of options.questions) questions.push(...(await readQuestions(path)));
		const examples = await collectExamples(services.engine.knowledge(), questions, signal);
		const settings: LearnSettings = { l2: options.l2, prior: PRIOR, signs: SIGNS, steps: options.steps };
		const names = LEARNT_EVIDENCE;
		const limits = { sourceTokens: config.SOURCE_TOKENS, contextTokens: config.CONTEXT_TOKENS };
		console.log('By library left out: learnt on the questions of the other libraries.\n');
		writeReport(
			await evaluateLeftOut(services.engine, { examples, questions, names, settings, limits, signal })
		);
		if (options.ablation) {
			console.log(
				qualityTable('Without a part of the evidence, by library left out', leaveOut(examples, settings))
			);
			const asked = questions.map(({ question }) => question);
			const passages = services.corpus.passages();
			const knowledge = services.engine.knowledge();
			console.log(await embedderCost(new WordEmbedder(analyze), knowledge, passages, asked, signal));
		}
		const weights = learn(
			examples.map((example) => prepare(example, names)),
			settings
		);
		const source = weightsFile(new Map(names.map((name, at) => [name, weights[at]!])));
		if (options.write) await writeFile(weightsPath, source);
		else console.log(source);
	} finally {
		await services.close();
	}
}

async function readCorpora(services: Services): Promise<void> {
	for (const folder of options.corpora) {
		const library = basename(resolve(folder));
		console.error(`[train] reading ${library}`);
		await ingest({ corpus: services.corpus, sources: [resolve(folder)], library, prune: true, signal });
	}
	await services.publish(() => {}, signal);
}

const folder = options.data ?? (await mkdtemp(join(tmpdir(), 'citelight-train-')));
await mkdir(folder, { recursive: true });
try {
	await train(folder);
} finally {
	if (!options.data) await rm(folder, { recursive: true, force: true });
}
