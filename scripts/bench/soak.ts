import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { runCommand, startApp, type App } from './app-process.ts';
import { startFaultyEndpoint } from './faulty-endpoint.ts';
import type { ProcessState } from './process-probe.ts';
import { randomFrom } from './random.ts';
import { askOnce, type Ending } from './soak-client.ts';
import { formatMilliseconds, type Table } from './table.ts';

const SEED = 20_260_205;
const AT_ONCE = 48;
const FAULTY = 0.5;
const LEAVING = 0.2;
/** Answers before the baseline is taken, so that code is compiled and caches are full. */
const WARM_UP = 0.4;
/** A finished run can be replayed for a minute; after that nothing of it is left in memory. */
const FORGOTTEN_MS = 66_000;
/** How far from the baseline counts as back. */
const TOLERANCE = 0.05;

export interface SoakFigures {
	answers: number;
	duration_ms: number;
	/** Endings by how often the clients saw them. */
	endings: Record<string, number>;
	/** What the model endpoint did, by how often. */
	deeds: Record<string, number>;
	before: ProcessState;
	after: ProcessState;
	/** Connections at the model endpoint in the end. */
	open_model_sockets: number;
	/** Runs that were accepted since the start, and traces that have come to an end. */
	traces: { pending: number; finished: number };
	/** What did not come back, in words; empty when all is well. */
	leaks: string[];
}

const PAGES = {
	'planting.md':
		'# Planting\n\nHow to plant an orchard.\n\n## Apple trees\n\nPlant apple trees four metres apart, in autumn, in loamy soil. Water every apple tree for two weeks.\n',
	'pruning.md':
		'# Pruning\n\n## Winter\n\nPrune apple trees in winter, when they sleep. Take out crossing branches with clean shears.\n',
	'mooring.md':
		'# Mooring\n\n## Lines\n\nUse two spring lines and a bow line to moor a boat. Check the lines at every tide.\n'
};
const QUESTIONS = ['How do I plant apple trees?', 'When do I prune apple trees?', 'Which lines moor a boat?'];

/**
 * Asks the application very often while the model endpoint fails in every way it can and clients leave, and then looks
 * whether sockets, timers, listeners and memory are back where they were.
 */
export async function measureSoak(
	folder: string,
	answers: number,
	progress: (what: string) => void
): Promise<SoakFigures> {
	const docs = join(folder, 'docs');
	const dataFolder = join(folder, 'data');
	await mkdir(docs, { recursive: true });
	await mkdir(dataFolder, { recursive: true });
	for (const [name, text] of Object.entries(PAGES)) await writeFile(join(docs, name), text);
	await runCommand(['ingest', docs, '--library', 'orchard'], dataFolder);

	const random = randomFrom(SEED);
	await using model = await startFaultyEndpoint(random, FAULTY);
	const probe = pathToFileURL(join(import.meta.dirname, 'process-probe.ts')).href;
	await using app = await startApp(dataFolder, {
		NODE_OPTIONS: `--expose-gc --import ${probe}`,
		OPENAI_BASE_URL: model.url,
		OPENAI_API_KEY: 'none',
		CONNECT_TIMEOUT_MS: '400',
		FIRST_TOKEN_TIMEOUT_MS: '500',
		IDLE_TIMEOUT_MS: '400',
		ANSWER_TIMEOUT_MS: '5000',
		RESUME_GRACE_MS: '50'
	});
	const probeUrl = /probe on (\S+)/.exec(app.output())![1]!;
	const look = async () => (await (await fetch(`${probeUrl}/collected`)).json()) as ProcessState;
	const endings: Record<string, number> = {};
	const askMany = async (count: number, tell: boolean) => {
		let asked = 0;
		const worker = async () => {
			while (asked < count) {
				asked += 1;
				if (tell && asked % 1000 === 0) progress(`soak: ${asked} of ${count}`);
				const ending: Ending = await askOnce(app.url, random.pick(QUESTIONS), random, LEAVING);
				if (tell) endings[ending] = (endings[ending] ?? 0) + 1;
			}
		};
		await Promise.all(Array.from({ length: AT_ONCE }, worker));
	};

	progress('soak: warming up');
	await askMany(Math.ceil(answers * WARM_UP), false);
	await wait(FORGOTTEN_MS);
	const before = await look();
	const startedAt = performance.now();
	await askMany(answers, true);
	const duration_ms = performance.now() - startedAt;
	progress('soak: waiting until nothing is remembered');
	await wait(FORGOTTEN_MS);
	const after = await look();
	const traces = await countTraces(app);
	return {
		answers,
		duration_ms,
		endings,
		deeds: model.done,
		before,
		after,
		open_model_sockets: model.openSockets,
		traces,
		leaks: findLeaks(before, after, endings, model.openSockets, traces.pending)
	};
}

async function countTraces(app: App): Promise<SoakFigures['traces']> {
	const { statuses } = (await (await fetch(`${app.url}/stats?window=all`)).json()) as {
		statuses: Record<string, number>;
	};
	const all = Object.values(statuses).reduce((sum, count) => sum + count, 0);
	const pending = statuses.pending ?? 0;
	return { pending, finished: all - pending };
}

function findLeaks(
	before: ProcessState,
	after: ProcessState,
	endings: Record<string, number>,
	openSockets: number,
	pending: number
): string[] {
	const leaks: string[] = [];
	const more = (what: string, was: number, is: number) => {
		if (is > was * (1 + TOLERANCE)) leaks.push(`${what}: ${was} before, ${is} after`);
	};
	for (const kind of new Set([...Object.keys(before.resources), ...Object.keys(after.resources)])) {
		more(kind, before.resources[kind] ?? 0, after.resources[kind] ?? 0);
	}
	more('file descriptors', before.descriptors ?? 0, after.descriptors ?? 0);
	more('listeners', before.listeners, after.listeners);
	more('abort signals', before.abort_signals ?? 0, after.abort_signals ?? 0);
	more('heap', before.heap_bytes, after.heap_bytes);
	more('resident memory', before.resident_bytes, after.resident_bytes);
	if (openSockets > 0) leaks.push(`${openSockets} connections at the model endpoint`);
	if (pending > 0) leaks.push(`${pending} traces without an end`);
	if (endings.broken) leaks.push(`${endings.broken} answers without exactly one terminal event`);
	if (after.warnings.length > 0) leaks.push(`warnings: ${[...new Set(after.warnings)].join(', ')}`);
	if (after.unhandled_rejections > 0) leaks.push(`${after.unhandled_rejections} unhandled rejections`);
	return leaks;
}

export function soakTable(figures: SoakFigures): Table {
	const { before, after, answers, endings } = figures;
	const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
	const kinds = [...new Set([...Object.keys(before.resources), ...Object.keys(after.resources)])].toSorted();
	const ended = Object.entries(endings)
		.toSorted(([, a], [, b]) => b - a)
		.map(([ending, count]) => `${ending} ${count}`);
	return {
		title: `What is left after ${answers} answers, half of them faulty, a fifth of them left by their reader`,
		columns: ['', 'before', 'after'],
		rows: [
			...kinds.map((kind) => [kind, String(before.resources[kind] ?? 0), String(after.resources[kind] ?? 0)]),
			['file descriptors', String(before.descriptors ?? '?'), String(after.descriptors ?? '?')],
			['listeners', String(before.listeners), String(after.listeners)],
			['abort signals', String(before.abort_signals), String(after.abort_signals)],
			['heap after collection', megabytes(before.heap_bytes), megabytes(after.heap_bytes)],
			['resident memory', megabytes(before.resident_bytes), megabytes(after.resident_bytes)]
		],
		notes: [
			`In ${formatMilliseconds(figures.duration_ms)}, ${AT_ONCE} at once. Endings: ${ended.join(', ')}.`,
			`${figures.traces.finished} traces ended, ${figures.traces.pending} did not. Connections at the model endpoint: ${figures.open_model_sockets}.`,
			figures.leaks.length > 0
				? `NOT back within ${TOLERANCE * 100} %: ${figures.leaks.join('; ')}.`
				: `All back within ${TOLERANCE * 100} %.`
		]
	};
}
