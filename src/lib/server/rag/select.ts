import type { Source } from '#lib/contract/chunk.ts';
import type { RankedPassage } from './rerank.ts';

/** The best passages as numbered sources; a passage whose text is already among them is passed over. */
export function selectSources(passages: readonly RankedPassage[], limit: number): Source[] {
	const sources: Source[] = [];
	const seen = new Set<string>();
	for (const { chunk } of passages) {
		if (sources.length === limit) break;
		const fingerprint = chunk.text.replace(/\s+/g, ' ').trim();
		if (seen.has(fingerprint)) continue;
		seen.add(fingerprint);
		sources.push({ n: sources.length + 1, ...chunk });
	}
	return sources;
}
