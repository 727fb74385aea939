import { mkdir } from 'node:fs/promises';
import { Corpus } from '#lib/server/search/corpus.ts';
import { contestants } from './engines/contestants.ts';
import { answerParent } from './isolated.ts';
import { spread, timeEach, timeOnce, type BenchQuestion, type Samples } from './measure.ts';

/** How many passages are asked for. */
const LIMIT = 20;

export interface SearchTask {
	contestant: string;
	/** The corpus is read from here. */
	dataFolder: string;
	/** For the engine's files. */
	folder: string;
	questions: BenchQuestion[];
}

/** What was measured; null when the engine is not installed. */
export type SearchMeasurement = {
	build_ms: number;
	reload_ms: number;
	/** Which questions were asked. */
	asked: BenchQuestion[];
	over_all: Samples;
	/** Only the questions whose library is known. */
	within_library: Samples;
	/** Passages found for a question, on average. */
	mean_results: number;
} | null;

await answerParent(async (task: SearchTask): Promise<SearchMeasurement> => {
	const contestant = contestants.find(({ id }) => id === task.contestant)!;
	await mkdir(task.folder, { recursive: true });
	const engine = await contestant.open(task.folder);
	if (!engine) return null;
	const corpus = new Corpus(task.dataFolder);
	const passages = [...corpus.passages()];
	corpus.close();

	const isSlow = contestant.mostQuestions !== undefined;
	const asked = spread(task.questions, contestant.mostQuestions ?? Infinity);
	const timing = isSlow ? { warmUpRounds: 0, rounds: 1 } : { warmUpRounds: 2, rounds: 5 };

	const [first] = asked;
	const build_ms = await timeOnce(async () => {
		await engine.build(passages);
		await engine.search(first!.question, null, LIMIT);
	});
	await engine.save();
	const reload_ms = await timeOnce(async () => {
		await engine.load();
		await engine.search(first!.question, null, LIMIT);
	});

	// A slow engine is warm after a few questions, which are not among those that are timed first.
	if (isSlow) for (const { question } of asked.slice(-4)) await engine.search(question, null, LIMIT);
	let found = 0;
	let searches = 0;
	const search = async (question: string, library: string | null) => {
		found += (await engine.search(question, library, LIMIT)).length;
		searches += 1;
	};
	const over_all = await timeEach(asked, ({ question }) => search(question, null), timing);
	const known = asked.filter(({ library }) => library !== null);
	const within_library = await timeEach(known, ({ question, library }) => search(question, library), timing);
	await engine.close?.();
	return { build_ms, reload_ms, asked, over_all, within_library, mean_results: found / searches };
});
