import { supportTerms } from '#lib/contract/support-words.ts';

/** A stretch of a text, as offsets in UTF-16 code units. */
export interface TextRange {
	start: number;
	end: number;
}

/** Words of a source that stand so near to one another, in characters, bear a sentence out together. */
const NEAR = 160;

/**
 * The words of a source that bear a sentence out: those that both have, where they stand together most. Code spans count by what stands in them.
 * @returns ranges in order that do not overlap.
 */
export function supportingRanges(sentence: string, source: string): TextRange[] {
	const wanted = new Set(keysOf(sentence));
	const shared = supportTerms(source.replaceAll('`', ' ')).filter(({ key }) => wanted.has(key));
	if (shared.length === 0) return [];
	// The place with the most different words, and what goes on from there.
	let best = { from: 0, count: 0 };
	for (let from = 0; from < shared.length; from += 1) {
		const keys = new Set<string>();
		for (let at = from; at < shared.length && shared[at]!.start - shared[from]!.start <= NEAR; at += 1)
			keys.add(shared[at]!.key);
		if (keys.size > best.count) best = { from, count: keys.size };
	}
	const start = shared[best.from]!.start;
	return shared
		.filter((term) => term.start >= start && term.start <= start + NEAR)
		.map(({ start, end }) => ({ start, end }));
}

function keysOf(sentence: string): string[] {
	return supportTerms(sentence.replaceAll('`', ' ')).map(({ key }) => key);
}
