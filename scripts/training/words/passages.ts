import type { Chunk } from '#lib/contract/chunk.ts';
import { analyze } from '#lib/server/search/analyze.ts';
import { fieldsOf } from '#lib/server/search/passage-fields.ts';

/** A term is learnt when at least this many passages hold it, of at least this many libraries: the others are names of one project. */
const LEAST_PASSAGES = 5;
const LEAST_LIBRARIES = 2;
/** Terms that are learnt at most: the commonest. */
const MOST_TERMS = 30_000;
/** Passages of a library at most, so that no project decides what words mean. */
const MOST_PASSAGES = 6000;
/** A shorter passage says too little to be told from others. */
const LEAST_WORDS = 6;
/** A first sentence is at most this many characters. */
const FIRST_SENTENCE = /^[^\n]{20,300}?[.:?!](?=\s|$)/;

/** A passage as numbers of its terms, in order. */
export interface LearntPassage {
	library: string;
	document: string;
	title: number[];
	/** From the outermost to the innermost, without a repetition of the title. */
	headings: number[][];
	body: number[];
	code: number[];
	/** How many terms of the body stand in its first sentence. */
	firstSentence: number;
}

/** Passages to learn from, and the terms that their numbers stand for, the commonest first. */
export interface LearntPassages {
	terms: string[];
	/** Share of the passages that hold a term, by number. */
	shares: Float64Array;
	passages: LearntPassage[];
}

/** Reads passages into numbers of terms; terms that are not learnt are left out. */
export function readPassages(chunks: Iterable<Chunk>): LearntPassages {
	const numbers = new Map<string, number>();
	const holding: { passages: number; libraries: Set<string>; last: number }[] = [];
	const perLibrary = new Map<string, number>();
	const passages: LearntPassage[] = [];
	const read = (text: string) => analyze(text).map((term) => numberOf(numbers, term));
	for (const chunk of chunks) {
		const count = perLibrary.get(chunk.library) ?? 0;
		const { body, code } = fieldsOf(chunk);
		const words = read(body);
		if (count >= MOST_PASSAGES || words.length < LEAST_WORDS) continue;
		perLibrary.set(chunk.library, count + 1);
		const passage: LearntPassage = {
			library: chunk.library,
			document: chunk.document,
			title: read(chunk.title),
			headings: chunk.heading_path.filter((heading) => heading !== chunk.title).map(read),
			body: words,
			code: read(code),
			firstSentence: analyze(FIRST_SENTENCE.exec(body)?.[0] ?? '').length
		};
		const place = passages.push(passage);
		for (const number of [passage.title, ...passage.headings, words, passage.code].flat()) {
			const held = (holding[number] ??= { passages: 0, libraries: new Set(), last: 0 });
			if (held.last === place) continue;
			held.last = place;
			held.passages += 1;
			held.libraries.add(chunk.library);
		}
	}
	const kept = [...numbers]
		.filter(([term, number]) => {
			const { passages, libraries } = holding[number] ?? { passages: 0, libraries: new Set() };
			return passages >= LEAST_PASSAGES && libraries.size >= LEAST_LIBRARIES && !/[\s'\\]/.test(term);
		})
		.sort(([, a], [, b]) => holding[b]!.passages - holding[a]!.passages)
		.slice(0, MOST_TERMS);
	const places = new Map(kept.map(([, number], place) => [number, place]));
	const renumber = (list: number[]) => list.flatMap((number) => places.get(number) ?? []);
	return {
		terms: kept.map(([term]) => term),
		shares: Float64Array.from(kept, ([, number]) => holding[number]!.passages / passages.length),
		passages: passages.map((passage) => ({
			...passage,
			title: renumber(passage.title),
			headings: passage.headings.map(renumber),
			body: renumber(passage.body),
			code: renumber(passage.code),
			firstSentence: renumber(passage.body.slice(0, passage.firstSentence)).length
		}))
	};
}

function numberOf(numbers: Map<string, number>, term: string): number {
	let number = numbers.get(term);
	if (number === undefined) numbers.set(term, (number = numbers.size));
	return number;
}
