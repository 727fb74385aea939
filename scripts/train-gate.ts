import { Command } from 'commander';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatTable } from './bench/table.ts';
import { collectGateExamples, readGateQuestions, type PlacedExample } from './training/gate-examples.ts';
import { crossValidateGate, learnGate, type GateSettings } from './training/gate-validation.ts';
import { gateWeightsFile } from './training/gate-weights-file.ts';

/**
 * Learns the weights of the evidence gate: `npm run train:gate -- --questions <file> --off-topic <file> --corpora <folder...>`. Learns on
 * all libraries together and on each alone, so that the weights hold for small and large indexes, and says how often the gate is wrong
 * about questions it was not learnt from. Writes them with --write. The same for the same input.
 */
interface Options {
	questions: string;
	offTopic: string;
	corpora: string[];
	refusable: string;
	write: boolean;
}

const options = new Command('npm run train:gate --')
	.description('Learn the weights of the evidence gate.')
	.requiredOption(
		'--questions <file.jsonl>',
		'real questions, one {"question", "library", "relevant"} a line'
	)
	.requiredOption('--off-topic <file.jsonl>', 'real questions that the documentation does not answer')
	.requiredOption('--corpora <folder...>', 'documentation, a library each by the name of its folder')
	.option('--refusable <share>', 'of the answerable questions learnt from, how many may be refused', '0.016')
	.option('--write', 'write the weights into the source', false)
	.parse()
	.opts<Options>();

const FOLDS = 5;
const SEEDS = [1, 2, 3, 4, 5];
const settings: GateSettings = { l2: 2, refusable: Number(options.refusable) };
const signal = new AbortController().signal;

async function collect(): Promise<PlacedExample[]> {
	const questions = await readGateQuestions(options.questions, options.offTopic);
	const examples: PlacedExample[] = [];
	const groups = [options.corpora, ...options.corpora.map((folder) => [folder])];
	for (const corpora of options.corpora.length > 1 ? groups : [options.corpora]) {
		console.error(`[train] reading ${corpora.length === 1 ? corpora[0] : 'all corpora'}`);
		const folder = await mkdtemp(join(tmpdir(), 'citelight-train-'));
		try {
			examples.push(...(await collectGateExamples(corpora, questions, folder, signal)));
		} finally {
			await rm(folder, { recursive: true, force: true });
		}
	}
	return examples;
}

/** Shares refused, means over the divisions into folds, by what was indexed. */
function table(
	examples: readonly PlacedExample[],
	title: string,
	isLearnable: (example: PlacedExample) => boolean
) {
	const runs = SEEDS.map((seed) =>
		crossValidateGate(examples, settings, { folds: FOLDS, seed, isLearnable })
	);
	const share = (belongs: (example: PlacedExample) => boolean) => {
		const some = examples.filter(belongs);
		if (some.length === 0) return '';
		const refused = runs.map((scores) => some.filter((example) => scores.get(example)! < 0).length);
		return `${((100 * refused.reduce((sum, count) => sum + count, 0)) / refused.length / some.length).toFixed(1)} %`;
	};
	const rows = [...new Set(examples.map(({ indexed }) => indexed))].map((indexed) => [
		indexed,
		...(['real', 'written'] as const).flatMap((set) => [
			share((one) => one.indexed === indexed && one.set === set && one.isAnswerable && one.searched === null),
			share((one) => one.indexed === indexed && one.set === set && one.isAnswerable && one.searched !== null),
			share((one) => one.indexed === indexed && one.set === set && !one.isAnswerable)
		])
	]);
	return formatTable({
		title,
		columns: [
			'indexed',
			'real, answerable',
			'within library',
			'real, unanswerable',
			'written, answerable',
			'within library',
			'written, unanswerable'
		],
		rows
	});
}

const examples = await collect();
console.log(table(examples, 'Refused, cross-validated', () => true));
console.log(
	table(
		examples,
		'Refused, learnt without any of the real unanswerable questions',
		({ set, isAnswerable }) => set === 'written' || isAnswerable
	)
);
const source = gateWeightsFile(learnGate(examples, settings));
if (options.write)
	await writeFile(join(import.meta.dirname, '../src/lib/server/rag/gate-weights.ts'), source);
else console.log(source);
