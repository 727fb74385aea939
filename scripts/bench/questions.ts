import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { questionSchema } from '#lib/contract/ask.ts';
import { Corpus } from '#lib/server/search/corpus.ts';
import { spread, type BenchQuestion } from './measure.ts';

/** Questions that are made when none are given. */
const MADE = 200;

const lineSchema = z.object({ question: questionSchema, library: z.string().nullish() });

/**
 * Reads questions, one JSON object with `question` and `library` a line. A library that is not in the corpus counts as unknown.
 * @throws when a line is no such object.
 */
export async function readQuestions(path: string, libraries: readonly string[]): Promise<BenchQuestion[]> {
	const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line.trim());
	return lines.map((line) => {
		const { question, library } = lineSchema.parse(JSON.parse(line));
		return { question, library: library && libraries.includes(library) ? library : null };
	});
}

/** Questions from the corpus itself, evenly spread over it: a heading as a question, with the first words below it. */
export function makeQuestions(dataFolder: string): BenchQuestion[] {
	const corpus = new Corpus(dataFolder);
	const candidates: BenchQuestion[] = [];
	for (const { chunk } of corpus.passages()) {
		const heading = chunk.heading_path.at(-1);
		if (!heading || chunk.text.length < 200) continue;
		const words = chunk.text.match(/[\p{L}\p{N}_.-]+/gu) ?? [];
		const question = `How does this work: ${heading}? ${words.slice(0, 15).join(' ')}`.slice(0, 1000);
		candidates.push({ question, library: chunk.library });
	}
	corpus.close();
	return spread(candidates, MADE);
}
