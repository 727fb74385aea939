import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { parseConfig } from '#lib/server/config.ts';
import { ingest } from '#lib/server/ingest/ingest.ts';
import { findPassages } from '#lib/server/rag/find.ts';
import { gateEvidence, librariesOf } from '#lib/server/rag/gate-evidence.ts';
import { createServices } from '#lib/server/services.ts';
import { TraceRecorder } from '#lib/server/trace/recorder.ts';
import { readQuestions } from '../../src/cli/eval/questions.ts';
import type { GateExample } from './logistic.ts';

/** A question of any set. */
export interface GateQuestion {
	/** Name of the file that it is from. */
	file: string;
	question: string;
	/** The library that answers it; null for one that nothing answers. */
	library: string | null;
	/** Whether the set was written for learning, or is real users'. */
	set: 'written' | 'real';
}

/** Where questions come from: files of real ones, and those that were written for learning, which lie beside this file. */
export async function readGateQuestions(
	answerable: readonly string[],
	offTopic: readonly string[]
): Promise<GateQuestion[]> {
	const written = async (file: string): Promise<GateQuestion[]> => {
		const text = await readFile(join(import.meta.dirname, 'gate-questions', file), 'utf8');
		return text
			.trim()
			.split('\n')
			.map((line) => {
				const [question = '', library = null] = line.split('\t').reverse();
				return { file, question, library, set: 'written' };
			});
	};
	const real = async (path: string): Promise<GateQuestion[]> =>
		(await readQuestions(path)).map(({ question, library }) => ({
			file: basename(path),
			question,
			library: library ?? null,
			set: 'real'
		}));
	const files = [
		...['answerable.tsv', 'unanswerable.txt'].map(written),
		...[...answerable, ...offTopic].map(real)
	];
	return (await Promise.all(files)).flat();
}

/** An example with where it comes from. */
export interface PlacedExample extends GateExample, GateQuestion {
	/** What was indexed: one library, or `all`. */
	indexed: string;
	/** The library that was searched; null for all. */
	searched: string | null;
}

/**
 * The evidence for each question in an index of these corpora: over all of it and, where there are several, within its library; one that
 * nothing answers, within each in turn.
 */
export async function collectGateExamples(
	corpora: readonly string[],
	questions: readonly GateQuestion[],
	dataFolder: string,
	signal: AbortSignal
): Promise<PlacedExample[]> {
	const services = await createServices(parseConfig({ DATA_DIR: dataFolder }));
	try {
		const libraries = corpora.map((folder) => basename(resolve(folder)));
		for (const [at, library] of libraries.entries()) {
			const sources = [resolve(corpora[at]!)];
			await ingest({ corpus: services.corpus, sources, library, prune: true, signal });
		}
		await services.publish(() => {}, signal);
		const knowledge = services.engine.knowledge();
		const examples: PlacedExample[] = [];
		for (const [at, each] of questions.entries()) {
			if (each.library !== null && !libraries.includes(each.library)) continue;
			const within = each.library ?? libraries[at % libraries.length]!;
			for (const searched of libraries.length > 1 ? [null, within] : [null]) {
				const { question } = each;
				const trace = new TraceRecorder({ question, library: searched, limit: 5 }, 'eval', '');
				const request = { question, library: searched };
				const passages = await findPassages(services.engine, knowledge, request, trace, signal);
				const { index } = knowledge;
				const near = librariesOf(passages);
				const words = await index.questionWords(question, near);
				examples.push({
					...each,
					indexed: libraries.length > 1 ? 'all' : libraries[0]!,
					searched,
					evidence: gateEvidence({
						question,
						words,
						passages,
						librarySizes: near.map((name) => index.librarySize(name)),
						indexed: index.size
					}),
					isAnswerable: each.library !== null,
					weight: 1
				});
			}
		}
		return examples;
	} finally {
		await services.close();
	}
}
