import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Corpus } from '#lib/server/search/corpus.ts';
import { runCommand, startApp } from './app-process.ts';
import { timeOnce, type BenchQuestion } from './measure.ts';
import { formatMilliseconds, type Table } from './table.ts';

export interface IngestFigures {
	documents: number;
	passages: number;
	/** All libraries from nothing, by the command line, process starts included. */
	first_ms: number;
	/** By library, in the order of ingest. */
	by_library: Record<string, number>;
}

export interface UpdateFigures {
	/** All libraries once more, nothing changed. */
	unchanged_ms: number;
	/** One library of which one file has changed: the largest. */
	one_changed_ms: number;
	/** From the start of the server's process to `/readyz` 200. */
	ready_ms: number;
	ready_mb: number;
	/** Resident memory after all questions were asked. */
	rss_mb: number;
}

/** Indexes folders into a data folder, one library after the other. */
export async function measureIngest(
	folders: Record<string, string>,
	dataFolder: string,
	onProgress: (what: string) => void
): Promise<IngestFigures> {
	const by_library: Record<string, number> = {};
	for (const [library, folder] of Object.entries(folders)) {
		onProgress(`ingest: ${library}`);
		by_library[library] = await timeOnce(() => ingest(folder, library, dataFolder));
	}
	const corpus = new Corpus(dataFolder);
	const libraries = corpus.libraries();
	corpus.close();
	return {
		documents: libraries.reduce((sum, library) => sum + library.documents, 0),
		passages: libraries.reduce((sum, library) => sum + library.chunks, 0),
		first_ms: Object.values(by_library).reduce((sum, duration) => sum + duration, 0),
		by_library
	};
}

/** What comes after the first time. The folders are changed: they must be copies. */
export async function measureUpdates(
	folders: Record<string, string>,
	dataFolder: string,
	questions: readonly BenchQuestion[],
	onProgress: (what: string) => void
): Promise<UpdateFigures> {
	onProgress('ingest: unchanged');
	const unchanged_ms = await timeOnce(async () => {
		for (const [library, folder] of Object.entries(folders)) await ingest(folder, library, dataFolder);
	});
	onProgress('ingest: one changed file');
	const { library, document } = largest(dataFolder);
	await appendFile(join(folders[library]!, document), '\n\nOne more sentence at the end.\n');
	const one_changed_ms = await timeOnce(() => ingest(folders[library]!, library, dataFolder));

	onProgress('ingest: start of the server');
	// The first start reads the files of the application from the disk.
	await (await startApp(dataFolder))[Symbol.asyncDispose]();
	await using app = await startApp(dataFolder);
	const ready_mb = await app.residentMegabytes();
	for (const { question } of questions) {
		const response = await fetch(`${app.url}/search`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ question })
		});
		await response.arrayBuffer();
	}
	return {
		unchanged_ms,
		one_changed_ms,
		ready_ms: app.ready_ms,
		ready_mb,
		rss_mb: await app.residentMegabytes()
	};
}

function ingest(folder: string, library: string, dataFolder: string): Promise<void> {
	return runCommand(['ingest', folder, '--library', library], dataFolder);
}

/** A document in the middle of the library with the most passages. */
function largest(dataFolder: string): { library: string; document: string } {
	const corpus = new Corpus(dataFolder);
	const [library] = corpus.libraries().sort((a, b) => b.chunks - a.chunks);
	const documents = corpus.documents().filter((entry) => entry.library === library!.name);
	corpus.close();
	return documents[documents.length >> 1]!;
}

export function ingestTable(first: IngestFigures, updates: UpdateFigures | null): Table {
	const { documents, passages, first_ms, by_library } = first;
	const rows = [
		['from nothing', formatMilliseconds(first_ms)],
		...Object.entries(by_library).map(([library, duration]) => [`  ${library}`, formatMilliseconds(duration)])
	];
	if (updates) {
		rows.push(
			['unchanged, all libraries again', formatMilliseconds(updates.unchanged_ms)],
			['one changed file of the largest library', formatMilliseconds(updates.one_changed_ms)],
			['server ready after its process starts', formatMilliseconds(updates.ready_ms)],
			['its memory when ready', `${updates.ready_mb} MB`],
			['its memory after the questions', `${updates.rss_mb} MB`]
		);
	}
	return {
		title: `Ingest: ${documents.toLocaleString('en-US')} documents, ${passages.toLocaleString('en-US')} passages`,
		columns: ['', 'measured'],
		rows,
		notes: ['By the command line, a process for each library; the start of the process is included.']
	};
}
