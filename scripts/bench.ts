import { Command, InvalidArgumentError } from 'commander';
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { crowdTable, measureCrowds } from './bench/crowd.ts';
import { ingestTable, measureIngest, measureUpdates } from './bench/ingest.ts';
import { killTable, measureKills } from './bench/kill.ts';
import type { BenchQuestion } from './bench/measure.ts';
import { searchPlot } from './bench/plot.ts';
import { makeQuestions, readQuestions } from './bench/questions.ts';
import { measureRetrieval, measureScale, retrievalTable, scaleTable } from './bench/retrieval.ts';
import { measureSearch, searchTable } from './bench/search.ts';
import { measureSoak, soakTable } from './bench/soak.ts';
import { measureStore, storeTable } from './bench/store.ts';
import { measureStream, streamTable } from './bench/stream.ts';
import { writeSyntheticCorpus } from './bench/synthetic.ts';
import { formatTable, type Table } from './bench/table.ts';
import { measureThroughput, throughputTable } from './bench/throughput.ts';
import { measureVectors, vectorsTable } from './bench/vectors.ts';

/**
 * Measures our search beside others', and the service as a whole: `npm run bench`. Everything is made in a temporary folder that is
 * removed in the end; with no arguments over documentation that it makes up, so that it needs nothing but the repository.
 */
const SECTIONS = [
	'ingest',
	'search',
	'vectors',
	'retrieval',
	'stream',
	'throughput',
	'crowd',
	'scale',
	'soak',
	'kill',
	'store'
] as const;
type Section = (typeof SECTIONS)[number];
/** Take minutes, and tell whether something leaks or is lost rather than how fast it is: only when they are asked for. */
const ASKED_FOR: readonly Section[] = ['soak', 'kill', 'store'];
const UNASKED = SECTIONS.filter((section) => !ASKED_FOR.includes(section));

const KILLS = 20;
/** What it asks must not be refused: a refusal is over before the kill. */
const KILL_PAGE =
	'# Planting\n\nPlant apple trees four metres apart, in autumn, in loamy soil. Water every apple tree for two weeks.\n';
const KILL_QUESTION = 'How far apart do I plant apple trees?';
const root = join(import.meta.dirname, '..');
const progress = (what: string) => console.error(`[bench] ${what}`);

interface Options {
	corpora?: string[];
	questions?: string;
	only: Section[];
	json?: string;
	plot?: string;
	answers: number;
	traces: number;
}

const options = new Command('npm run bench --')
	.description('Measure search, retrieval, ingest and streaming.')
	.option(
		'--corpora <folder...>',
		'documentation, a library each by the name of its folder; default: made up'
	)
	.option('--questions <file.jsonl>', 'one {"question", "library"} a line; default: made from the corpus')
	.option(
		'--only <sections>',
		`some of ${SECTIONS.join(', ')}, separated by commas; all but soak, kill and store`,
		sections,
		UNASKED
	)
	.option('--answers <number>', 'answers of the soak', Number, 10_000)
	.option('--traces <number>', 'traces of the store', Number, 1_000_000)
	.option('--json <file>', 'write the figures')
	.option('--plot <file.svg>', 'draw the search times')
	.parse()
	.opts<Options>();

function sections(text: string): Section[] {
	const names = text.split(',').map((name) => name.trim());
	const isSection = (name: string): name is Section => SECTIONS.some((known) => known === name);
	if (!names.every(isSection)) throw new InvalidArgumentError(`It must be some of ${SECTIONS.join(', ')}.`);
	return names;
}

const has = (...wanted: Section[]) => wanted.some((section) => options.only.includes(section));

function show(table: Table): void {
	console.log(`\n${formatTable(table)}`);
}

/** Copies of the given folders, because one file will be changed; or made-up ones with their questions. */
async function prepareCorpora(
	folder: string
): Promise<{ folders: Record<string, string>; questions: BenchQuestion[] | null }> {
	if (!options.corpora) return writeSyntheticCorpus(folder);
	const folders: Record<string, string> = {};
	for (const given of options.corpora) {
		const library = basename(resolve(given));
		folders[library] = join(folder, library);
		await cp(resolve(given), folders[library], { recursive: true });
	}
	return { folders, questions: null };
}

function environment() {
	return {
		node: process.version,
		processor: cpus()[0]?.model ?? 'unknown',
		threads: availableParallelism(),
		/** Of the last minute: the figures are worth something when nothing else runs. */
		load_before: loadavg()[0]!
	};
}

async function main(workFolder: string): Promise<void> {
	const machine = environment();
	console.log(
		`Node ${machine.node}, ${machine.threads} threads of ${machine.processor}, load before ${machine.load_before.toFixed(1)}`
	);
	if (
		has('ingest', 'stream', 'throughput', 'crowd', 'soak', 'kill') &&
		!existsSync(join(root, 'build/handler.js'))
	) {
		progress('building the application');
		execFileSync('npm', ['run', 'build'], { cwd: root, stdio: 'ignore' });
	}
	const figures: Record<string, unknown> = { machine };
	if (has('soak')) {
		const soak = await measureSoak(join(workFolder, 'soak'), options.answers, progress);
		figures.soak = soak;
		show(soakTable(soak));
		if (soak.leaks.length > 0) process.exitCode = 1;
	}
	if (has('kill')) {
		const docs = join(workFolder, 'orchard');
		await mkdir(docs);
		await writeFile(join(docs, 'planting.md'), KILL_PAGE);
		const kill = await measureKills(join(workFolder, 'kill'), docs, KILL_QUESTION, KILLS, progress);
		figures.kill = kill;
		show(killTable(kill));
		if (
			kill.missing + kill.wrong_status + kill.damaged_text + kill.integrity_failures + kill.without_sources >
			0
		)
			process.exitCode = 1;
	}
	if (has('store')) {
		const store = await measureStore(join(workFolder, 'store'), options.traces, progress);
		figures.store = store;
		show(storeTable(store, options.traces));
	}
	if (options.only.some((section) => !ASKED_FOR.includes(section))) await measureCorpus(workFolder, figures);
	if (options.json) await writeFile(options.json, `${JSON.stringify(figures, null, '\t')}\n`);
}

/** All that needs documentation to search. */
async function measureCorpus(workFolder: string, figures: Record<string, unknown>): Promise<void> {
	progress(options.corpora ? 'copying the corpora' : 'making up documentation');
	const corpora = await prepareCorpora(join(workFolder, 'corpora'));
	const dataFolder = join(workFolder, 'data');
	await mkdir(dataFolder);

	const ingest = await measureIngest(corpora.folders, dataFolder, progress);
	const questions = options.questions
		? await readQuestions(options.questions, Object.keys(corpora.folders))
		: (corpora.questions ?? makeQuestions(dataFolder));
	const { passages } = ingest;
	figures.corpus = { synthetic: !options.corpora, passages, questions: questions.length };
	if (has('ingest')) {
		const updates = await measureUpdates(corpora.folders, dataFolder, questions, progress);
		figures.ingest = { ...ingest, ...updates };
		show(ingestTable(ingest, updates));
	}
	if (has('search')) {
		const search = await measureSearch(dataFolder, join(workFolder, 'engines'), questions, progress);
		figures.search = search;
		show(searchTable(search, passages));
		if (options.plot) await writeFile(options.plot, searchPlot(search, passages));
	}
	if (has('vectors')) {
		const vectors = await measureVectors(passages, progress);
		figures.vectors = vectors;
		show(vectorsTable(vectors, passages));
	}
	if (has('retrieval')) {
		progress('retrieval');
		const retrieval = await measureRetrieval(dataFolder, questions);
		figures.retrieval = retrieval;
		show(retrievalTable(retrieval));
	}
	if (has('stream')) {
		progress('stream');
		const stream = await measureStream(dataFolder, questions);
		figures.stream = stream;
		show(streamTable(stream));
	}
	if (has('throughput')) {
		progress('throughput');
		const throughput = await measureThroughput(dataFolder, questions);
		figures.throughput = throughput;
		show(throughputTable(throughput));
	}
	if (has('crowd')) {
		progress('crowd');
		const crowd = await measureCrowds(dataFolder, questions);
		figures.crowd = crowd;
		show(crowdTable(crowd));
	}
	if (has('scale')) {
		const largeFolder = join(workFolder, 'large');
		await mkdir(largeFolder);
		const scale = await measureScale(dataFolder, largeFolder, questions, progress);
		figures.scale = scale;
		show(scaleTable(scale));
	}
}

const workFolder = await mkdtemp(join(tmpdir(), 'citelight-bench-'));
// Also when it is interrupted: the folder holds gigabytes.
process.once('exit', () => rmSync(workFolder, { recursive: true, force: true }));
process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));
await main(workFolder);
