import { Command } from 'commander';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { ingest } from '#lib/server/ingest/ingest.ts';
import { Corpus } from '#lib/server/search/corpus.ts';
import { learnWordVectors } from './training/words/contrastive.ts';
import { readPassages } from './training/words/passages.ts';
import { packWords, wordsFile } from './training/words/words-file.ts';

/**
 * Learns the word vectors of the built-in embedder from documentation: `npm run train:words -- --corpora <folder...>`. No question is needed:
 * headings and first sentences ask for what stands below them. The same for the same input.
 */
interface Options {
	corpora: string[];
	data?: string;
	dimensions: string;
	rounds: string;
	write: boolean;
}

const options = new Command('npm run train:words --')
	.description('Learn the word vectors of the built-in embedder.')
	.requiredOption('--corpora <folder...>', 'documentation, a library each by the name of its folder')
	.option('--data <folder>', 'where the passages are kept between runs; default: a temporary folder')
	.option('--dimensions <n>', 'length of the vectors, an even number', '128')
	.option('--rounds <n>', 'how often each passage is seen', '8')
	.option('--write', 'write the vectors into the source', false)
	.parse()
	.opts<Options>();

const path = join(import.meta.dirname, '../src/lib/server/model/word-vectors-data.ts');
const signal = new AbortController().signal;

async function train(folder: string): Promise<void> {
	await mkdir(folder, { recursive: true });
	const corpus = new Corpus(folder);
	try {
		for (const source of options.corpora) {
			const library = basename(resolve(source));
			console.error(`[train] reading ${library}`);
			await ingest({ corpus, sources: [resolve(source)], library, prune: true, signal });
		}
		const learnt = readPassages(chunksOf(corpus));
		console.error(`[train] ${learnt.passages.length} passages, ${learnt.terms.length} terms`);
		const vectors = learnWordVectors(learnt, {
			dimensions: Number(options.dimensions),
			rounds: Number(options.rounds),
			seed: 1,
			onStep: ({ step, steps, loss }) => {
				if (step % 50 === 0) console.error(`[train] step ${step} of ${steps}, loss ${loss.toFixed(3)}`);
			}
		});
		const source = wordsFile(packWords(learnt.terms, vectors));
		if (options.write) await writeFile(path, source);
		else console.log(source);
	} finally {
		corpus.close();
	}
}

function* chunksOf(corpus: Corpus) {
	for (const { chunk } of corpus.passages()) yield chunk;
}

const folder = options.data ?? (await mkdtemp(join(tmpdir(), 'citelight-words-')));
try {
	await train(folder);
} finally {
	if (!options.data) await rm(folder, { recursive: true, force: true });
}
