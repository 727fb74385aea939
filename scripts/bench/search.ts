import { join } from 'node:path';
import { contestants } from './engines/contestants.ts';
import { runIsolated } from './isolated.ts';
import { summarise, type BenchQuestion, type Latency, type Samples } from './measure.ts';
import { formatMilliseconds, formatRatio, type Table } from './table.ts';
import type { SearchMeasurement, SearchTask } from './search-task.ts';

/** One engine's figures; null where nothing was asked. */
export interface SearchFigures {
	id: string;
	name: string;
	build_ms: number;
	reload_ms: number;
	mean_results: number;
	over_all: (Latency & { ratio: number }) | null;
	within_library: (Latency & { ratio: number }) | null;
}

export interface SearchSection {
	engines: SearchFigures[];
	/** Names of engines that are not installed. */
	absent: string[];
}

/** Asks every engine the same questions over the same passages, one engine after the other, each in a process of its own. */
export async function measureSearch(
	dataFolder: string,
	workFolder: string,
	questions: BenchQuestion[],
	onProgress: (what: string) => void
): Promise<SearchSection> {
	const file = join(import.meta.dirname, 'search-task.ts');
	const measured: { id: string; name: string; result: NonNullable<SearchMeasurement> }[] = [];
	const absent: string[] = [];
	for (const { id, name } of contestants) {
		onProgress(`search: ${name}`);
		const task: SearchTask = { contestant: id, dataFolder, folder: join(workFolder, id), questions };
		const result = await runIsolated<SearchMeasurement>(file, task);
		if (result) measured.push({ id, name, result });
		else absent.push(name);
	}
	const ours = measured[0]!.result;
	const engines = measured.map(({ id, name, result }) => ({
		id,
		name,
		build_ms: result.build_ms,
		reload_ms: result.reload_ms,
		mean_results: result.mean_results,
		over_all: compare(result, ours, 'over_all'),
		within_library: compare(result, ours, 'within_library')
	}));
	return { engines, absent };
}

/** Latency and the ratio of the medians, peer by ours, over the questions that both were asked. */
function compare(
	peer: NonNullable<SearchMeasurement>,
	ours: NonNullable<SearchMeasurement>,
	kind: 'over_all' | 'within_library'
): (Latency & { ratio: number }) | null {
	if (peer[kind].length === 0) return null;
	const latency = summarise(peer[kind]);
	const own = summarise(sameQuestions(peer, ours, kind));
	return { ...latency, ratio: latency.p50_ms / own.p50_ms };
}

function sameQuestions(
	peer: NonNullable<SearchMeasurement>,
	ours: NonNullable<SearchMeasurement>,
	kind: 'over_all' | 'within_library'
): Samples {
	const isKnown = ({ library }: BenchQuestion) => kind === 'over_all' || library !== null;
	const asked = new Set(peer.asked.filter(isKnown).map(({ question }) => question));
	return ours.asked
		.filter(isKnown)
		.flatMap(({ question }, at) => (asked.has(question) ? [ours[kind][at]!] : []));
}

export function searchTable({ engines, absent }: SearchSection, passages: number): Table {
	const cells = (latency: SearchFigures['over_all']) =>
		latency
			? [
					formatMilliseconds(latency.p50_ms),
					formatMilliseconds(latency.p95_ms),
					latency.ratio === 1 ? '1×' : formatRatio(latency.ratio)
				]
			: ['–', '–', '–'];
	const fewer = engines.filter(
		({ over_all }) => over_all && over_all.questions < engines[0]!.over_all!.questions
	);
	return {
		title: `Full-text search: top 20 of one question over ${passages.toLocaleString('en-US')} passages`,
		columns: [
			'engine',
			'p50',
			'p95',
			'slower than ours',
			'p50 in library',
			'p95 in library',
			'slower than ours',
			'build',
			'reload'
		],
		rows: engines.map((engine) => [
			engine.name,
			...cells(engine.over_all),
			...cells(engine.within_library),
			formatMilliseconds(engine.build_ms),
			formatMilliseconds(engine.reload_ms)
		]),
		notes: [
			`${engines[0]?.over_all?.questions ?? 0} questions; ratios are of medians over the questions that both were asked.`,
			...fewer.map(
				({ name, over_all }) => `${name} is slow: it was asked ${over_all!.questions} of them, once.`
			),
			...absent.map(
				(name) => `${name} is not installed, so it was left out (npm install --no-save @lancedb/lancedb).`
			)
		]
	};
}
