import { round } from '#lib/server/trace/interval.ts';
import type { Knowledge } from './engine.ts';
import { gateEvidence } from './gate-evidence.ts';
import { gateWeights } from './gate-weights.ts';
import type { RankedPassage } from './rerank.ts';

/** What the evidence gate decided, with the numbers it decided on. */
export interface GateVerdict {
	answerable: boolean;
	/** Goes into the step's details: snake_case keys. */
	details: Record<string, number | null>;
}

/**
 * The evidence gate: may the model be asked at all? Decides from raw evidence, never from fused values: there must be a passage, and
 * where only words are compared (the built-in embedder knows no others than the passages' own) one that shares a word with the question,
 * and enough evidence that the question is about what is indexed at all. `evidence` is the log-odds of that; from 0 on it is enough.
 *
 * An embedding endpoint compares meanings, also across languages: then rare words say nothing, and only the absence of passages refuses.
 */
export async function judgeEvidence(
	question: string,
	passages: readonly RankedPassage[],
	{ index, embedder }: Knowledge
): Promise<GateVerdict> {
	const coverages = passages.flatMap(({ evidence }) => evidence.coverage ?? []);
	const best = coverages.length > 0 ? Math.max(...coverages) : null;
	const details = { n_passages: passages.length, best_coverage: best };
	const comparesWords = embedder === null || embedder.inProcess;
	if (passages.length === 0 || (comparesWords && best === 0)) return { answerable: false, details };
	if (!comparesWords) return { answerable: true, details };
	const parts = gateEvidence(question, await index.questionWords(question), passages, index.size);
	const evidence = logOdds(parts);
	const rounded = Object.entries({ ...parts, evidence }).map(([name, value]) => [name, round(value)]);
	return { answerable: evidence >= 0, details: { ...details, ...Object.fromEntries(rounded) } };
}

/** The weighted sum of the evidence, and the bias: how lenient the gate is. */
export function logOdds(
	evidence: Readonly<Record<string, number>>,
	{ bias, weights }: { bias: number; weights: Readonly<Record<string, number>> } = gateWeights
): number {
	return Object.entries(weights).reduce((sum, [name, weight]) => sum + weight * (evidence[name] ?? 0), bias);
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
