import type { Stats } from '#lib/contract/stats.ts';

/** The word that stands for the questions over all libraries, in `/stats` and in filters. */
export const OVER_ALL = 'null';

/** A library of `queries_per_library` as words. */
export function filterLabel(library: string): string {
	return library === OVER_ALL ? 'All libraries' : library;
}

/**
 * The libraries a reader can narrow the dashboard to: the indexed ones, those that were asked about (they may be gone
 * from the index since), and the one that is chosen now.
 */
export function libraryChoices(
	indexed: readonly { name: string }[],
	stats: Stats | null,
	chosen: string | undefined
): string[] {
	const names = new Set(indexed.map(({ name }) => name));
	for (const library of Object.keys(stats?.queries_per_library ?? {})) names.add(library);
	if (chosen !== undefined) names.add(chosen);
	names.delete(OVER_ALL);
	return [...names].sort((a, b) => a.localeCompare(b));
}
