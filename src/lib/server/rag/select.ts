import type { Source } from '#lib/contract/chunk.ts';
import type { RankedPassage } from './rerank.ts';

/** Words in a row that are compared. */
const SHINGLE = 3;
/** A passage of which one that is already there says so much adds nothing. */
const NEAR_DUPLICATE = 0.8;

/**
 * The best passages, in their order. Near-duplicates of a better one are passed over, so that they do not fill the context.
 */
export function choosePassages(passages: readonly RankedPassage[], limit: number): RankedPassage[] {
	const chosen: RankedPassage[] = [];
	const chosenShingles: Set<string>[] = [];
	for (const passage of passages) {
		if (chosen.length === limit) break;
		const shingles = shinglesOf(passage.chunk.text);
		if (chosenShingles.some((others) => shareIn(shingles, others) >= NEAR_DUPLICATE)) continue;
		chosen.push(passage);
		chosenShingles.push(shingles);
	}
	return chosen;
}

/**
 * Chosen passages as numbered sources. Those that follow one another on a page come together: the best of them first, at its
 * place, then the others in the order of the page. Each stays a source of its own, because a citation points to one passage
 * and the ledger counts passages.
 */
export function numberSources(chosen: readonly RankedPassage[]): Source[] {
	return besideNeighbours(chosen).map(({ chunk }, at) => ({ n: at + 1, ...chunk }));
}

/** Share of the shingles of one text that another one has too. Source: Broder, "On the Resemblance and Containment of Documents", 1997. */
function shareIn(shingles: ReadonlySet<string>, others: ReadonlySet<string>): number {
	let shared = 0;
	for (const shingle of shingles) if (others.has(shingle)) shared += 1;
	return shared / shingles.size;
}

/** Every run of words in a text, without regard to case and punctuation; a shorter text as a whole. */
function shinglesOf(text: string): Set<string> {
	const words = text.toLowerCase().match(/[\p{L}\p{N}\p{M}_]+/gu) ?? [text.trim()];
	const shingles = new Set<string>();
	const last = Math.max(0, words.length - SHINGLE);
	for (let at = 0; at <= last; at += 1) shingles.add(words.slice(at, at + SHINGLE).join(' '));
	return shingles;
}

/** The same passages, those that follow one another on a page together. */
function besideNeighbours(passages: readonly RankedPassage[]): RankedPassage[] {
	const runs: RankedPassage[][] = [];
	for (const passage of passages) {
		const neighbouring = runs.filter((run) => run.some((other) => areNeighbours(passage, other)));
		const [first] = neighbouring;
		if (!first) {
			runs.push([passage]);
			continue;
		}
		// A passage can close the gap between two runs, which then are one.
		for (const run of neighbouring.slice(1)) first.push(...runs.splice(runs.indexOf(run), 1)[0]!);
		first.push(passage);
	}
	return runs.flatMap(([best, ...others]) => [
		best!,
		...others.sort((a, b) => placeOnPage(a)! - placeOnPage(b)!)
	]);
}

function areNeighbours(one: RankedPassage, other: RankedPassage): boolean {
	if (one.chunk.library !== other.chunk.library || one.chunk.document !== other.chunk.document) return false;
	const [place, otherPlace] = [placeOnPage(one), placeOnPage(other)];
	return place !== null && otherPlace !== null && Math.abs(place - otherPlace) === 1;
}

/** Place of a passage on its page from 0, read from the evidence 1 / (1 + place); null without that evidence. */
function placeOnPage({ evidence }: RankedPassage): number | null {
	return evidence.position ? Math.round(1 / evidence.position) - 1 : null;
}
