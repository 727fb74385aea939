import { Command } from 'commander';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatTable } from './bench/table.ts';
import { collectGateExamples, readGateQuestions, type PlacedExample } from './training/gate-examples.ts';
import { crossValidateGate, learnGate, type GateSettings, type Verdict } from './training/gate-validation.ts';
import { gateWeightsFile } from './training/gate-weights-file.ts';

/**
 * Learns the weights of the evidence gate: `npm run train:gate -- --questions <file> --off-topic <file> --corpora <folder...>`. Learns on
 * all libraries together and on each alone, so that the weights hold for small and large indexes, and says how often the gate is wrong
 * about questions it was not learnt from. Writes them with --write. The same for the same input.
 */
interface Options {
	questions: string[];
	offTopic: string[];
	corpora: string[];
	refusable: string;
	doubtable: string;
	write: boolean;
}

const options = new Command('npm run train:gate --')
	.description('Learn the weights of the evidence gate.')
	.requiredOption(
		'--questions <file.jsonl...>',
		'real questions, one {"question", "library", "relevant"} a line'
	)
	.requiredOption('--off-topic <file.jsonl...>', 'real questions that the documentation does not answer')
	.requiredOption('--corpora <folder...>', 'documentation, a library each by the name of its folder')
	.option('--refusable <share>', 'of the answerable questions learnt from, how many may be refused', '0.006')
	.option('--doubtable <share>', 'of them, how many may be refused or called thin', '0.105')
	.option('--write', 'write the weights into the source', false)
	.parse()
	.opts<Options>();

const SEEDS = [1, 2, 3, 4, 5];
const settings: GateSettings = {
	l2: 2,
	refusable: Number(options.refusable),
	doubtable: Number(options.doubtable)
};
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

/** Shares refused and thin, means over the ways to divide the unanswerable questions, by what was indexed and searched. */
function table(examples: readonly PlacedExample[]) {
	const runs = SEEDS.map((seed) => crossValidateGate(examples, settings, seed));
	const kinds = new Map<string, PlacedExample[]>();
	for (const example of examples) {
		const { indexed, file, isAnswerable, searched } = example;
		const where = searched === null ? 'all of it' : isAnswerable ? 'its library' : 'one library';
		const kind = [indexed, file, where].join('|');
		kinds.set(kind, [...(kinds.get(kind) ?? []), example]);
	}
	const share = (some: readonly PlacedExample[], verdict: Verdict) => {
		const those = runs.map((verdicts) => some.filter((example) => verdicts.get(example) === verdict).length);
		const mean = those.reduce((sum, count) => sum + count, 0) / those.length / some.length;
		return `${(100 * mean).toFixed(1)} %`;
	};
	return formatTable({
		title: 'The evidence gate, by library left out',
		columns: ['indexed', 'questions', 'searched', 'n', 'refused', 'thin'],
		rows: [...kinds].map(([kind, some]) => [
			...kind.split('|'),
			`${some.length}`,
			share(some, 'refused'),
			share(some, 'thin')
		])
	});
}

const examples = await collect();
console.log(table(examples));
const source = gateWeightsFile(learnGate(examples, settings));
if (options.write)
	await writeFile(join(import.meta.dirname, '../src/lib/server/rag/gate-weights.ts'), source);
else console.log(source);
