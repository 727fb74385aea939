import type { RankedPassage } from './rerank.ts';

/** What the evidence gate decided, with the numbers it decided on. */
export interface GateVerdict {
	answerable: boolean;
	/** Goes into the step's details: snake_case keys. */
	details: Record<string, number | string | boolean>;
}

/**
 * The evidence gate: may the model be asked at all? Decides from raw evidence, never from fused values.
 * No passage, no answer.
 */
export function judgeEvidence(passages: readonly RankedPassage[]): GateVerdict {
	return { answerable: passages.length > 0, details: { n_passages: passages.length } };
}

/** What a reader gets instead of an answer: says so, and names the nearest headings to look at. */
export function refusalText(passages: readonly RankedPassage[]): string {
	const lead = 'The documentation does not cover this question, so no answer was written.';
	const nearest: string[] = [];
	for (const { chunk } of passages) {
		const heading = [chunk.title, ...chunk.heading_path].filter(
			(part, at, all) => part && part !== all[at - 1]
		);
		const line = `- ${heading.join(' › ')} (${chunk.library})`;
		if (!nearest.includes(line)) nearest.push(line);
		if (nearest.length === 3) break;
	}
	return nearest.length === 0 ? lead : `${lead}\n\nThe nearest sections are:\n\n${nearest.join('\n')}`;
}
