import { Command } from 'commander';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { Source } from '#lib/contract/chunk.ts';
import { parseConfig } from '#lib/server/config.ts';
import { ingest } from '#lib/server/ingest/ingest.ts';
import { judgeStatements, type JudgedStatement } from '#lib/server/rag/support.ts';
import { createServices } from '#lib/server/services.ts';
import { formatTable } from './bench/table.ts';
import { KINDS, makeExamples, type Example, type Kind } from './support/sentences.ts';

/**
 * Measures how well the judgement of support tells true sentences from altered ones: as many of each, made from documentation with a seed. Negation
 * is altered too, and reported apart: words cannot tell it.
 */
interface Options {
	corpora: string[];
	count: string;
	seed: string;
	show: boolean;
}

const options = new Command('npm run measure:support --')
	.description('Measure the judgement of support.')
	.requiredOption(
		'--corpora <folder...>',
		'documentation, a library each by the name of its folder; two at least'
	)
	.option('--count <number>', 'true sentences, and altered ones', '300')
	.option('--seed <number>', 'decides which', '1')
	.option('--show', 'print the sentences that are judged worst', false)
	.parse()
	.opts<Options>();

async function readPassages(): Promise<Map<string, Source[]>> {
	const folder = await mkdtemp(join(tmpdir(), 'citelight-support-'));
	const services = await createServices(parseConfig({ DATA_DIR: folder }));
	const signal = new AbortController().signal;
	const passages = new Map<string, Source[]>();
	try {
		for (const corpus of options.corpora) {
			const library = basename(resolve(corpus));
			await ingest({ corpus: services.corpus, sources: [resolve(corpus)], library, prune: true, signal });
			passages.set(
				library,
				[...services.corpus.passages(library)].map(({ chunk }) => ({
					...chunk,
					n: 1,
					chunk_ids: [chunk.chunk_id]
				}))
			);
		}
	} finally {
		await services.close();
		await rm(folder, { recursive: true, force: true });
	}
	return passages;
}

interface Judged extends Example {
	judged: JudgedStatement | undefined;
	score: number;
}

const examples = makeExamples(await readPassages(), {
	count: Number(options.count),
	seed: Number(options.seed)
});
const judged: Judged[] = [];
for (const example of examples) {
	const [first] = await judgeStatements(example.answer, example.sources);
	judged.push({ ...example, judged: first, score: first?.score ?? 0 });
}
const ofKind = (...kinds: Kind[]) => judged.filter(({ kind }) => kinds.includes(kind));
const truths = ofKind('true');
const reworded = truths.filter((each) => each.judged?.level !== 'quoted');
const altered = KINDS.filter((kind) => kind !== 'true' && kind !== 'negation');

console.log(
	formatTable({
		title: `Support of sentences, seed ${options.seed}: AUROC of true against altered ones`,
		columns: ['altered', 'n', 'AUROC', 'quoted', 'supported', 'weak', 'none'],
		rows: [
			['(true)', truths, null] as const,
			...altered.map((kind) => [kind, ofKind(kind), auroc(truths, ofKind(kind))] as const),
			['all of them', ofKind(...altered), auroc(truths, ofKind(...altered))] as const,
			[
				'all, beside true ones that are no quotations',
				ofKind(...altered),
				auroc(reworded, ofKind(...altered))
			] as const,
			['negation (not claimed)', ofKind('negation'), auroc(truths, ofKind('negation'))] as const
		].map(([name, some, area]) => [
			name,
			`${some.length}`,
			area === null ? '' : area.toFixed(3),
			...(['quoted', 'supported', 'weak', 'none'] as const).map(
				(level) =>
					`${((100 * some.filter((each) => (each.judged?.level ?? 'none') === level).length) / some.length).toFixed(0)} %`
			)
		])
	})
);
if (options.show) {
	const worst = [
		...truths.toSorted((a, b) => a.score - b.score).slice(0, 15),
		...ofKind(...altered)
			.toSorted((a, b) => b.score - a.score)
			.slice(0, 15)
	];
	for (const { kind, score, answer, sources } of worst)
		console.log(
			`${kind} ${score.toFixed(2)} ${answer}\n    ${sources[0]!.text.slice(0, 300).replaceAll('\n', ' ')}`
		);
}

/** The share of pairs of a true and an altered sentence in which the true one has the higher score; ties count half. */
function auroc(better: readonly Judged[], worse: readonly Judged[]): number {
	let won = 0;
	for (const one of better)
		for (const other of worse) won += one.score > other.score ? 1 : one.score === other.score ? 0.5 : 0;
	return won / (better.length * worse.length);
}
