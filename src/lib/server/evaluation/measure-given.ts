import type { PlacedChunk } from '#lib/server/search/passage-index.ts';
import { GivenText, type NormalFact } from './facts.ts';
import type { Given } from './given.ts';
import type { GivenMeasures } from './metrics.ts';
import type { NormalPassages } from './normal-form.ts';
import type { EvalQuestion } from './question.ts';

/** What a question is measured against. */
export interface Wanted extends Pick<EvalQuestion, 'library' | 'relevant'> {
	/** Its essential facts. */
	facts: readonly NormalFact[];
	/** Shared between questions, so that each passage is read once. */
	normal: NormalPassages;
}

/** Measures what was given for one question. */
export function measureGiven(given: Given, wanted: Wanted): GivenMeasures {
	const { facts, relevant } = wanted;
	const passages = given.runs.flat();
	const stated = facts.length - missedFacts(passages, wanted).length;
	const isHit = passages.some(
		({ chunk }) =>
			relevant.includes(chunk.document) && (wanted.library === undefined || chunk.library === wanted.library)
	);
	return {
		essential: facts.length > 0 ? stated / facts.length : null,
		all_essential: facts.length > 0 ? Number(stated === facts.length) : null,
		page_hit: Number(isHit),
		tokens: given.tokens
	};
}

/** Essential facts that the passages do not state. */
export function missedFacts(
	passages: readonly PlacedChunk[],
	{ library, facts, normal }: Wanted
): NormalFact[] {
	const text = new GivenText(passages, library, normal);
	return facts.filter((fact) => !text.states(fact));
}

/** Rank of the first passage that states a fact by itself, from 1; null when none does. */
export function rankOfFact(
	passages: readonly PlacedChunk[],
	fact: NormalFact,
	{ library, normal }: Wanted
): number | null {
	const rank = passages.findIndex((passage) => new GivenText([passage], library, normal).states(fact)) + 1;
	return rank || null;
}
