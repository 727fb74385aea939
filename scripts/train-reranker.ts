import { Command, InvalidArgumentError } from 'commander';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { ingest } from '#lib/server/ingest/ingest.ts';
import { parseConfig } from '#lib/server/config.ts';
import { lexicalEmbedding } from '#lib/server/model/lexical-embedder.ts';
import { analyze } from '#lib/server/search/analyze.ts';
import { createServices, type Services } from '#lib/server/services.ts';
import { readQuestions } from '../src/cli/eval/questions.ts';
import { buildUp, leaveOut } from './training/ablation.ts';
import { collectExamples } from './training/collect.ts';
import { crossValidate, measureWeights } from './training/cross-validate.ts';
import { learn, prepare, type LearnSettings, type Weights } from './training/learn.ts';
import { embedderCost } from './training/embedder-cost.ts';
import { mineQuestions } from './training/mine.ts';
import { LEARNT_EVIDENCE, PRIOR } from './training/parts.ts';
import { qualityTable } from './training/report.ts';
import { weightsFile } from './training/weights-file.ts';

/**
 * Learns the weights of the built-in reranker: `npm run train -- --questions <file.jsonl> --corpora <folder...>`. Says how well the
 * weights do on questions that they were not learnt from, with --ablation also what each part gains, and writes them with --write.
 * The same for the same input and seeds.
 */
interface Options {
	questions: string;
	corpora: string[];
	data?: string;
	folds: number;
	seeds: number;
	l2: number;
	steps: number;
	mined: number;
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
	.requiredOption('--questions <file.jsonl>', 'one {"question", "library", "relevant"} a line')
	.requiredOption('--corpora <folder...>', 'documentation, a library each by the name of its folder')
	.option('--data <folder>', 'where the index is kept between runs; default: a temporary folder')
	.option('--folds <n>', 'parts that the questions are divided into', positive, 5)
	.option('--seeds <n>', 'how many divisions are tried', positive, 5)
	.option('--l2 <strength>', 'pull of the weights to the prior', positive, 2)
	.option('--steps <n>', 'steps of learning', positive, 60)
	.option('--mined <n>', 'also learn the prior from so many headings as questions', positive, 0)
	.option('--ablation', 'measure what each part gains and what the embedder costs', false)
	.option('--write', 'write the weights into the source', false)
	.parse()
	.opts<Options>();

const weightsPath = join(import.meta.dirname, '../src/lib/server/model/feature-weights.ts');
const signal = new AbortController().signal;

async function train(dataFolder: string): Promise<void> {
	const services = await createServices(parseConfig({ DATA_DIR: dataFolder }));
	try {
		await readCorpora(services);
		const questions = await readQuestions(options.questions);
		const examples = await collectExamples(services.engine.knowledge(), questions, signal);
		const prior = options.mined > 0 ? await learnPrior(services) : PRIOR;
		const settings: LearnSettings = { l2: options.l2, prior, steps: options.steps };
		const validation = {
			folds: options.folds,
			seeds: Array.from({ length: options.seeds }, (_, at) => at + 1)
		};
		const names = LEARNT_EVIDENCE;
		const weights = learn(
			examples.map((example) => prepare(example, names)),
			settings
		);
		const start = Float64Array.from(names, (name) => prior.get(name) ?? 0);
		console.log(
			qualityTable('Quality by document', [
				{ name: 'prior, nothing learnt', figures: [measureWeights(examples, names, start)] },
				{
					name: `${options.folds}-fold cross-validated`,
					figures: crossValidate(examples, names, settings, validation)
				},
				{ name: 'on what was learnt from', figures: [measureWeights(examples, names, weights)] }
			])
		);
		if (options.ablation) {
			console.log(qualityTable('Built up part by part', buildUp(examples, settings, validation)));
			console.log(qualityTable('Left out', leaveOut(examples, settings, validation)));
			const asked = questions.map(({ question }) => question);
			const passages = services.corpus.passages();
			const knowledge = services.engine.knowledge();
			console.log(await embedderCost(lexicalEmbedding(analyze), knowledge, passages, asked, signal));
		}
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

/** The prior moved by questions that the documentation itself gives; it stays where they say nothing. */
async function learnPrior({ corpus }: Services): Promise<Weights> {
	console.error(`[train] mining ${options.mined} questions`);
	const { questions, knowledge } = await mineQuestions(corpus.passages(), options.mined, 1);
	const examples = await collectExamples(knowledge, questions, signal);
	const weights = learn(
		examples.map((example) => prepare(example, LEARNT_EVIDENCE)),
		{ l2: options.l2, prior: PRIOR, steps: options.steps }
	);
	return new Map(LEARNT_EVIDENCE.map((name, at) => [name, weights[at]!]));
}

const folder = options.data ?? (await mkdtemp(join(tmpdir(), 'citelight-train-')));
await mkdir(folder, { recursive: true });
try {
	await train(folder);
} finally {
	if (!options.data) await rm(folder, { recursive: true, force: true });
}
