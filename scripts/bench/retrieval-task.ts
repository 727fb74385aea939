import { parseConfig } from '#lib/server/config.ts';
import { createServices } from '#lib/server/services.ts';
import { answerParent, peakMegabytes, residentMegabytes } from './isolated.ts';
import { timeEach, timeOnce, type BenchQuestion, type Samples } from './measure.ts';

const LIMIT = 20;

export interface RetrievalTask {
	dataFolder: string;
	questions: BenchQuestion[];
}

/** What was measured of retrieval as the server does it. */
export interface RetrievalMeasurement {
	passages: number;
	load_ms: number;
	/** After loading and a collection. */
	loaded_mb: number;
	/** After all the questions and a collection. */
	rss_mb: number;
	peak_mb: number;
	text: Samples;
	text_in_library: Samples;
	/** Embedding the question and searching the vectors. */
	vector: Samples;
	/** Everything before generation. */
	over_all: Samples;
	within_library: Samples;
	/** Durations by name of the step, over all libraries. */
	steps: Record<string, Samples>;
}

await answerParent(async ({ dataFolder, questions }: RetrievalTask): Promise<RetrievalMeasurement> => {
	const signal = new AbortController().signal;
	let services!: Awaited<ReturnType<typeof createServices>>;
	const load_ms = await timeOnce(async () => {
		services = await createServices(parseConfig({ DATA_DIR: dataFolder }));
	});
	const loaded_mb = residentMegabytes();
	const { index, embedder } = services.index.current();
	const known = questions.filter(({ library }) => library !== null);
	const timing = { warmUpRounds: 2, rounds: 3 };

	const text = await timeEach(
		questions,
		({ question }) => index.searchText(question, { limit: LIMIT }),
		timing
	);
	const text_in_library = await timeEach(
		known,
		({ question, library }) => index.searchText(question, { limit: LIMIT, library }),
		timing
	);
	const searchVector = async (text: string) => {
		if (!embedder) return;
		const vectors = await embedder.embedQuestion({ text, library: null }, signal);
		await index.searchVector(vectors, { limit: LIMIT });
	};
	const vector = embedder ? await timeEach(questions, ({ question }) => searchVector(question), timing) : [];

	const steps: Record<string, Samples> = {};
	const over_all = await timeEach(
		questions,
		async ({ question }) => {
			const found = await services.search({ question, library: null, limit: 10 }, signal);
			for (const { name, duration_ms } of found.steps) (steps[name] ??= []).push([duration_ms]);
		},
		timing
	);
	const within_library = await timeEach(
		known,
		({ question, library }) => services.search({ question, library, limit: 10 }, signal),
		timing
	);
	// The steps of the warm-up rounds came first.
	for (const name of Object.keys(steps)) {
		const share = timing.warmUpRounds / (timing.warmUpRounds + timing.rounds);
		steps[name] = steps[name]!.slice(Math.round(steps[name]!.length * share));
	}
	const measured = {
		passages: index.size,
		load_ms,
		loaded_mb,
		rss_mb: residentMegabytes(),
		peak_mb: peakMegabytes()
	};
	await services.close();
	return { ...measured, text, text_in_library, vector, over_all, within_library, steps };
});
