import type { Chunk } from '#lib/contract/chunk.ts';
import { OramaIndex } from '#lib/server/search/orama.ts';
import type { Passage } from '#lib/server/search/passage-index.ts';
import type { EvalQuestion } from '#lib/server/evaluation/question.ts';
import type { Knowledge } from '#lib/server/rag/engine.ts';
import { shuffle } from './random.ts';

/** A heading with fewer words is a label, not a question. */
const LEAST_WORDS = 4;

export interface MinedQuestions {
	questions: EvalQuestion[];
	/** The passages again, without the headings that became questions, or finding them would be no task. */
	knowledge: Knowledge;
}

/**
 * Questions from the documentation itself: headings of several words, FAQ questions among them, each to be answered by the page of its
 * section. Deterministic by seed.
 * @param count how many at most
 */
export async function mineQuestions(
	passages: Iterable<Passage>,
	count: number,
	seed: number
): Promise<MinedQuestions> {
	const all = [...passages];
	const sections = new Map<string, Chunk>();
	for (const { chunk } of all)
		if (isQuestion(chunk.heading_path.at(-1))) sections.set(sectionOf(chunk), chunk);
	const picked = new Map(shuffle([...sections], seed).slice(0, count));
	const index = OramaIndex.create(null);
	await index.add(
		all.map((passage) => (picked.has(sectionOf(passage.chunk)) ? withoutHeading(passage) : passage))
	);
	const questions = [...picked.values()].map((chunk) => ({
		question: chunk.heading_path.at(-1)!,
		library: chunk.library,
		relevant: [chunk.document],
		facts: []
	}));
	return { questions, knowledge: { index, embedder: null } };
}

/** Several words, and no version or date. */
function isQuestion(heading: string | undefined): boolean {
	if (heading === undefined || /\d\.\d|\d{4}/.test(heading)) return false;
	return (heading.match(/\p{L}{2,}/gu) ?? []).length >= LEAST_WORDS;
}

function sectionOf({ library, document, heading_path }: Chunk): string {
	return JSON.stringify([library, document, ...heading_path]);
}

function withoutHeading(passage: Passage): Passage {
	const { chunk } = passage;
	const heading = chunk.heading_path.at(-1)!;
	const text = chunk.text.replaceAll(heading, ' ');
	return { ...passage, chunk: { ...chunk, text, heading_path: chunk.heading_path.slice(0, -1) } };
}
