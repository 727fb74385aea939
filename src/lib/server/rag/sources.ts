import type { Chunk, Source } from '#lib/contract/chunk.ts';
import type { PlacedChunk } from '#lib/server/search/passage-index.ts';

/**
 * Passages as runs: those that follow one another under one heading together, in reading order. A run stands where the first of its passages
 * stood.
 */
export function sourceRuns(passages: readonly PlacedChunk[]): PlacedChunk[][] {
	const runs: PlacedChunk[][] = [];
	for (const passage of passages) {
		const touching = runs.filter((run) => run.some((other) => isNext(passage, other)));
		const [first] = touching;
		if (!first) {
			runs.push([passage]);
			continue;
		}
		// A passage can close the gap between two runs, which then are one.
		for (const run of touching.slice(1)) first.push(...runs.splice(runs.indexOf(run), 1)[0]!);
		first.push(passage);
	}
	return runs.map((run) => run.sort((a, b) => a.position - b.position));
}

/** Runs as sources, numbered from 1. */
export function numberSources(runs: readonly PlacedChunk[][]): Source[] {
	return runs.map((run, at) => ({
		n: at + 1,
		...run[0]!.chunk,
		text: run.map(({ chunk }) => chunk.text).join('\n\n'),
		chunk_ids: run.map(({ chunk }) => chunk.chunk_id)
	}));
}

function isNext(one: PlacedChunk, other: PlacedChunk): boolean {
	return Math.abs(one.position - other.position) === 1 && isSameSection(one.chunk, other.chunk);
}

/** Whether two chunks stand under the same heading of the same page. */
function isSameSection(one: Chunk, other: Chunk): boolean {
	return (
		one.library === other.library &&
		one.document === other.document &&
		one.heading_path.length === other.heading_path.length &&
		one.heading_path.every((heading, at) => heading === other.heading_path[at])
	);
}
