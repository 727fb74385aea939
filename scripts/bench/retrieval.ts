import { join } from 'node:path';
import type { GrowMeasurement, GrowTask } from './grow-task.ts';
import { runIsolated } from './isolated.ts';
import { summarise, type BenchQuestion, type Latency } from './measure.ts';
import type { RetrievalMeasurement, RetrievalTask } from './retrieval-task.ts';
import { formatMilliseconds, formatRatio, type Table } from './table.ts';

/** How many times larger the large corpus is. */
const TIMES = 10;

/** Retrieval as the server does it; `passages` to `peak_mb` as in the measurement. */
export interface RetrievalFigures {
	passages: number;
	load_ms: number;
	loaded_mb: number;
	rss_mb: number;
	peak_mb: number;
	parts: Record<'text' | 'text_in_library' | 'vector' | 'over_all' | 'within_library', Latency>;
	steps: Record<string, Latency>;
}

export async function measureRetrieval(
	dataFolder: string,
	questions: BenchQuestion[]
): Promise<RetrievalFigures> {
	const task: RetrievalTask = { dataFolder, questions };
	const measured = await runIsolated<RetrievalMeasurement>(
		join(import.meta.dirname, 'retrieval-task.ts'),
		task
	);
	const { text, text_in_library, vector, over_all, within_library, steps, ...rest } = measured;
	return {
		...rest,
		parts: {
			text: summarise(text),
			text_in_library: summarise(text_in_library),
			vector: summarise(vector),
			over_all: summarise(over_all),
			within_library: summarise(within_library)
		},
		steps: Object.fromEntries(
			Object.entries(steps).map(([name, samples]) => [
				name,
				{ ...summarise(samples), questions: over_all.length }
			])
		)
	};
}

export interface ScaleFigures {
	times: number;
	once: RetrievalFigures;
	large: RetrievalFigures;
	/** Making the large index. */
	growth: GrowMeasurement;
}

/** The same questions over the corpus and over it repeated with changed words. */
export async function measureScale(
	dataFolder: string,
	largeFolder: string,
	questions: BenchQuestion[],
	onProgress: (what: string) => void
): Promise<ScaleFigures> {
	onProgress(`scale: ${TIMES} times the passages, indexing`);
	const task: GrowTask = { from: dataFolder, to: largeFolder, times: TIMES };
	const growth = await runIsolated<GrowMeasurement>(join(import.meta.dirname, 'grow-task.ts'), task);
	onProgress('scale: searching');
	// Right after each other, so that what else the machine does weighs on both.
	const large = await measureRetrieval(largeFolder, questions);
	const once = await measureRetrieval(dataFolder, questions);
	return { times: TIMES, once, large, growth };
}

const PART_NAMES: Record<keyof RetrievalFigures['parts'], string> = {
	over_all: 'retrieval, all libraries',
	within_library: 'retrieval, within the library',
	text: 'text search alone',
	text_in_library: 'text search alone, within the library',
	vector: 'embedding and vector search'
};
const PARTS = Object.keys(PART_NAMES) as (keyof RetrievalFigures['parts'])[];

export function retrievalTable({
	passages,
	parts,
	steps,
	load_ms,
	loaded_mb,
	rss_mb
}: RetrievalFigures): Table {
	const row = (name: string, { p50_ms, p95_ms }: Latency) => [
		name,
		formatMilliseconds(p50_ms),
		formatMilliseconds(p95_ms)
	];
	return {
		title: `Retrieval as a whole: everything before generation, ${passages.toLocaleString('en-US')} passages`,
		columns: ['part', 'p50', 'p95'],
		rows: [
			row(PART_NAMES.over_all, parts.over_all),
			...Object.entries(steps).map(([name, latency]) => row(`  ${name}`, latency)),
			...PARTS.slice(1)
				.filter((part) => parts[part].questions > 0)
				.map((part) => row(PART_NAMES[part], parts[part]))
		],
		notes: [
			`${parts.over_all.questions} questions. Opened in ${formatMilliseconds(load_ms)}; resident ${loaded_mb} MB then, ${rss_mb} MB after the questions.`
		]
	};
}

export function scaleTable({ times, once, large, growth }: ScaleFigures): Table {
	const both = (name: string, a: number, b: number, format: (value: number) => string) => [
		name,
		format(a),
		format(b),
		formatRatio(b / a)
	];
	const megabytes = (value: number) => `${value} MB`;
	return {
		title: `${times} times the passages: ${once.passages.toLocaleString('en-US')} against ${large.passages.toLocaleString('en-US')}`,
		columns: ['', '1×', `${times}×`, 'ratio'],
		rows: [
			...PARTS.filter((part) => once.parts[part].questions > 0).flatMap((part) => [
				both(
					`${PART_NAMES[part]}, p50`,
					once.parts[part].p50_ms,
					large.parts[part].p50_ms,
					formatMilliseconds
				),
				both(
					`${PART_NAMES[part]}, p95`,
					once.parts[part].p95_ms,
					large.parts[part].p95_ms,
					formatMilliseconds
				)
			]),
			both('opening the index', once.load_ms, large.load_ms, formatMilliseconds),
			both('memory after opening', once.loaded_mb, large.loaded_mb, megabytes),
			both('memory after the questions', once.rss_mb, large.rss_mb, megabytes),
			both('most memory', once.peak_mb, large.peak_mb, megabytes)
		],
		notes: [
			`The large index was made in ${formatMilliseconds(growth.index_ms)} with at most ${growth.peak_mb} MB.`
		]
	};
}
