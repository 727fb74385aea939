import type { LearntPassage } from './passages.ts';

/** A text that asks, and a passage that should be found for it, as numbers of terms. */
export interface Pair {
	question: number[];
	heading: number[];
	body: number[];
	code: number[];
}

/** Shares of the kinds of pairs; the rest are windows. */
const HEADINGS = 0.5;
const SENTENCES = 0.3;
const CODE = 0.1;
/** Terms of a window of the body. */
const SHORTEST_WINDOW = 4;
const LONGEST_WINDOW = 10;
const LEAST_PASSAGE = 3;

/**
 * Makes something that asks for a passage out of the passage itself, and leaves it out of what is found: its heading, its first sentence, what
 * is said of its code, or some words in a row. Null where the passage has no such thing.
 */
export function makePair(passage: LearntPassage, random: () => number): Pair | null {
	const pair = choose(passage, random);
	const { question, heading, body, code } = pair ?? { question: [], heading: [], body: [], code: [] };
	return question.length > 0 && heading.length + body.length + code.length >= LEAST_PASSAGE ? pair : null;
}

function choose(
	{ title, headings, body, code, firstSentence }: LearntPassage,
	random: () => number
): Pair | null {
	const kind = random();
	const all = [...title, ...headings.flat()];
	if (kind < HEADINGS) {
		const leaf = headings.at(-1) ?? [];
		const context = random() < 0.5 ? title : random() < 0.4 ? (headings.at(-2) ?? []) : [];
		if (leaf.length === 0) return { question: title, heading: [], body, code };
		return { question: [...leaf, ...context], heading: random() < 0.4 ? title : [], body, code };
	}
	if (kind < HEADINGS + SENTENCES) {
		return { question: body.slice(0, firstSentence), heading: all, body: body.slice(firstSentence), code };
	}
	if (kind < HEADINGS + SENTENCES + CODE) {
		const said = firstSentence > 0 ? body.slice(0, firstSentence) : body;
		return { question: said, heading: [], body: [], code };
	}
	if (body.length < LONGEST_WINDOW + SHORTEST_WINDOW) return null;
	const length = SHORTEST_WINDOW + Math.floor(random() * (LONGEST_WINDOW - SHORTEST_WINDOW + 1));
	const from = Math.floor(random() * (body.length - length + 1));
	return {
		question: body.slice(from, from + length),
		heading: all,
		body: [...body.slice(0, from), ...body.slice(from + length)],
		code
	};
}
