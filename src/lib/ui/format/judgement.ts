import {
	supportLevelSchema,
	type Evidence,
	type RefusedBy,
	type SupportLevel,
	type SupportSpan
} from '#lib/contract/trace.ts';
import { formatCount } from './number.ts';

/** What evidence is called, on pages and in the terminal. */
export const EVIDENCE_LABELS: Record<Evidence, string> = { good: 'Good evidence', thin: 'Thin evidence' };

/** What it means for a reader. */
export const EVIDENCE_MEANINGS: Record<Evidence, string> = {
	good: 'The passages fit the question.',
	thin: 'Little speaks for it that the documentation answers this question: check the answer against its sources.'
};

/** Who refused. */
export const REFUSED_BY_LABELS: Record<RefusedBy, string> = {
	gate: 'Refused by the evidence gate',
	model: 'Refused by the model'
};

export const REFUSED_BY_MEANINGS: Record<RefusedBy, string> = {
	gate: 'No passage seemed to answer the question, so no model was asked.',
	model: 'The evidence was thin, and the model said that the sources do not answer the question.'
};

/** What the support of a sentence is called. */
export const SUPPORT_LABELS: Record<SupportLevel, string> = {
	quoted: 'quoted',
	supported: 'supported',
	weak: 'weakly supported',
	none: 'not in its sources'
};

/** What a support means, always as a judgement of words. */
export const SUPPORT_MEANINGS: Record<SupportLevel, string> = {
	quoted: 'Stands word for word in a source.',
	supported: 'Its words stand together in a source.',
	weak: 'Weakly supported: only some of its words, or not its numbers and names, stand in the sources that it cites.',
	none: 'Not in its sources: hardly any of its words stand in the sources that it cites.'
};

/** How many sentences have which support: `3 sentences quoted, 1 not in its sources`; null without any. */
export function supportSummary(support: readonly Pick<SupportSpan, 'level'>[]): string | null {
	const counts: Partial<Record<SupportLevel, number>> = {};
	for (const { level } of support) counts[level] = (counts[level] ?? 0) + 1;
	return supportCounts(counts);
}

/** The same from counts. */
export function supportCounts(counts: Partial<Record<SupportLevel, number>>): string | null {
	const parts = supportLevelSchema.options.flatMap((level) => {
		const count = counts[level] ?? 0;
		return count === 0 ? [] : [`${formatCount(count)} ${SUPPORT_LABELS[level]}`];
	});
	return parts.length === 0 ? null : parts.join(', ');
}
