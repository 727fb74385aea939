import type { Evidence } from '#lib/contract/trace.ts';
import type { QuestionLanguage } from '#lib/server/search/unheld-language.ts';
import { round } from '#lib/server/trace/interval.ts';
import type { StepDetails } from '#lib/server/trace/recorder.ts';
import type { Knowledge } from './engine.ts';
import { gateEvidence, librariesOf } from './gate-evidence.ts';
import { gateWeights } from './gate-weights.ts';
import type { RankedPassage } from './rerank.ts';

/** What the evidence gate is asked. */
export interface GateQuestion {
	/** As it was searched. */
	question: string;
	/** The language that it was typed in, when no document is in it; see `SearchIndex.unheldLanguage`. */
	language: QuestionLanguage | null;
	/** The library that was searched; null for all. */
	library: string | null;
	/** Best first. */
	passages: readonly RankedPassage[];
	knowledge: Knowledge;
}

/** What the evidence gate decided, with the numbers it decided on. */
export interface GateVerdict {
	decision: Evidence | 'refused';
	/** Goes into the step's details. */
	details: StepDetails;
}

/** In place of a similarity that an embedding endpoint measured on a scale of its own: about that of a question that is answered. */
const ORDINARY_SIMILARITY = 0.6;

/**
 * The evidence gate: shall the model be asked at all, and must it be told that the evidence is thin? Decides from raw evidence, never from fused
 * values. `evidence` is the log-odds that what is indexed answers the question: below 0 it is refused, below the threshold `thin` the evidence
 * is called so. Without any passage everything is refused; where only words are compared, also without one that shares a word with the question.
 *
 * Words decide only as far as they can. A question in a language that no document is in is never refused for its words, and an embedding endpoint
 * compares meanings: then the evidence is thin at worst.
 */
export async function judgeEvidence(asked: GateQuestion): Promise<GateVerdict> {
	const { question, language, library, passages, knowledge } = asked;
	const { index, embedder } = knowledge;
	const coverages = passages.flatMap(({ evidence }) => evidence.coverage ?? []);
	const best = coverages.length > 0 ? Math.max(...coverages) : null;
	const details: StepDetails = { n_passages: passages.length, best_coverage: best };
	if (language !== null) details.other_language = language;
	if (passages.length === 0) return { decision: 'refused', details };
	const comparesWords = embedder === null || embedder.inProcess;
	const isSharing = !comparesWords || best !== 0;
	const decided = comparesWords && language === null;
	if (!isSharing) return { decision: decided ? 'refused' : 'thin', details };
	const libraries = librariesOf(passages);
	const parts = gateEvidence({
		question,
		words: await index.questionWords(question, libraries),
		passages,
		librarySizes: libraries.map((name) => index.librarySize(name)),
		indexed: index.size
	});
	if (!comparesWords) parts.semantic = ORDINARY_SIMILARITY;
	const evidence = logOdds(parts);
	for (const [name, value] of Object.entries({ ...parts, evidence })) details[name] = round(value);
	if (evidence < 0) return { decision: decided ? 'refused' : 'thin', details };
	// Not translated: what its words say is not known.
	if (language !== null && (await index.unheldLanguage(question)) !== null)
		return { decision: 'thin', details };
	const thin = library === null ? gateWeights.thin.all : gateWeights.thin.library;
	return { decision: evidence < thin ? 'thin' : 'good', details };
}

/** The weighted sum of the evidence, and the bias: how lenient the gate is. */
export function logOdds(
	evidence: Readonly<Record<string, number>>,
	{ bias, weights }: { bias: number; weights: Readonly<Record<string, number>> } = gateWeights
): number {
	return Object.entries(weights).reduce((sum, [name, weight]) => sum + weight * (evidence[name] ?? 0), bias);
}
