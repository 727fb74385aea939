import type { Knowledge } from './engine.ts';
import type { RankedPassage } from './rerank.ts';

/** What the evidence gate decided, with the numbers it decided on. */
export interface GateVerdict {
	answerable: boolean;
	/** Goes into the step's details: snake_case keys. */
	details: Record<string, number | null>;
}

/**
 * The evidence gate: may the model be asked at all? Decides from raw evidence, never from fused values. There must be a
 * passage, and where only words are compared (the built-in embedder knows no others than the passages' own), one that
 * shares a word with the question.
 */
export function judgeEvidence(passages: readonly RankedPassage[], { embedder }: Knowledge): GateVerdict {
	const comparesWords = embedder === null || embedder.inProcess;
	const coverages = passages.flatMap(({ evidence }) => evidence.coverage ?? []);
	const best = coverages.length > 0 ? Math.max(...coverages) : null;
	const answerable = passages.length > 0 && !(comparesWords && best === 0);
	return { answerable, details: { n_passages: passages.length, best_coverage: best } };
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
