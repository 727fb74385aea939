import type { Ranked } from '#lib/contract/trace.ts';
import { searchInputSchema, type SearchResponse, type SearchResult } from '#lib/contract/search.ts';
import { checkInput } from '#lib/server/transport/invalid-input.ts';
import { ABSENT, formatDuration, formatPlural, formatScore } from '#lib/ui/format/index.ts';
import { printable, remark, shorten, writeJson, writeLine, writeStyled } from './terminal.ts';
import { withServices } from './with-services.ts';

export interface SearchOptions {
	library?: string;
	limit?: number;
	json?: boolean;
}

/** The stages in the order in which a passage comes through them, last first, as they are shown. */
const STAGES = [
	['rerank', 'reranked'],
	['fusion', 'fused'],
	['bm25', 'BM25'],
	['semantic', 'semantic'],
	['parts', 'parts'],
	['pages', 'pages']
] as const;

/** Width of the table where there is no terminal that has one, in characters. */
const WIDTH = 100;

/**
 * Prints the passages that are found for a question, without an answer, with their rank and score at each stage.
 * @throws AppError `unknown_library`, `index_not_ready`, `retrieval_failed`, or `cancelled` after Ctrl-C.
 */
export async function search(question: string, { json, ...options }: SearchOptions): Promise<void> {
	const request = checkInput(searchInputSchema, { question, ...options }, 'The question');
	await withServices(async (services, signal) => {
		const response = await services.search(request, signal);
		if (json) return writeJson(response);
		if (response.results.length === 0) return remark('No passage was found.');
		writePassages(response.results);
		for (const line of timesOf(response)) writeLine(line);
	});
}

function writePassages(results: readonly SearchResult[]): void {
	const ranks = alignedColumn(['#', ...results.map(({ n }) => String(n))]);
	const stages = STAGES.flatMap(([stage, title]) => {
		const places = results.map(({ scores }) => scores[stage]);
		return places.some((place) => place !== null) ? [stageColumn(title, places)] : [];
	});
	const line = (row: number) => [ranks[row], ...stages.map((column) => column[row])].join('  ').trimEnd();
	const indent = ' '.repeat(ranks[0]!.length + 2);
	const below = (text: string) => indent + shorten(printable(text), lineWidth() - indent.length);

	writeStyled('bold', line(0));
	results.forEach((result, at) => {
		writeLine(line(at + 1));
		writeStyled('cyan', below(placeOf(result)));
		writeStyled('dim', below(result.text));
	});
	writeLine();
}

/** Rank and score of every passage at a stage, below its title. */
function stageColumn(title: string, places: readonly (Ranked | null)[]): string[] {
	const ranks = alignedColumn(places.map((place) => (place ? `#${place.rank}` : ABSENT)));
	const scores = alignedColumn(places.map((place) => (place ? formatScore(place.score) : '')));
	return alignedColumn([title, ...ranks.map((rank, at) => `${rank} ${scores[at]}`)]);
}

/** Cells of one width, aligned to the right. */
function alignedColumn(cells: readonly string[]): string[] {
	const width = Math.max(...cells.map((cell) => cell.length));
	return cells.map((cell) => cell.padStart(width));
}

function placeOf({ library, document, title, heading_path }: SearchResult): string {
	const headings = [title, ...heading_path].filter((part, at, all) => part && part !== all[at - 1]);
	return `${library}/${document}: ${headings.join(' › ')}`;
}

/** Where the time went, in lines that fit. */
function timesOf({ results, steps, total_duration_ms }: SearchResponse): string[] {
	const lines = [`${formatPlural(results.length, 'passage')} in ${formatDuration(total_duration_ms)}`];
	for (const { name, duration_ms, status } of steps) {
		const part = `${name} ${formatDuration(duration_ms)}${status === 'success' ? '' : ` (${status})`}`;
		const longer = `${lines.at(-1)} · ${part}`;
		if (longer.length <= lineWidth()) lines.splice(-1, 1, longer);
		else lines.push(part);
	}
	return lines;
}

/** A pseudo-terminal can have a width of 0. */
function lineWidth(): number {
	return process.stdout.columns || WIDTH;
}
