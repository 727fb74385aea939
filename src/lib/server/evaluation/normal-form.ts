import type { PlacedChunk } from '#lib/server/search/passage-index.ts';

/** What is left of a text in comparison: ASCII letters and digits, or those of any script. */
export type Alphabet = 'ascii' | 'any';

const LEFT_OUT: Readonly<Record<Alphabet, RegExp>> = { ascii: /[^a-z0-9]+/g, any: /[^\p{L}\p{N}]+/gu };

/** A text as it is compared: NFKC, lower case, letters and digits only. */
export function normalForm(text: string, alphabet: Alphabet): string {
	return text.normalize('NFKC').toLowerCase().replace(LEFT_OUT[alphabet], '');
}

/** The alphabet that a snippet is compared in: ASCII unless nothing of the snippet would be left. */
export function alphabetOf(text: string): Alphabet {
	return normalForm(text, 'ascii') === '' ? 'any' : 'ascii';
}

interface NormalPassage {
	title: string;
	headings: string[];
	text: string;
}

/** Passages in normal form, each of which is read once. */
export class NormalPassages {
	readonly #known: Readonly<Record<Alphabet, Map<string, NormalPassage>>> = {
		ascii: new Map(),
		any: new Map()
	};

	/**
	 * Title, headings and text of passages of one document, joined in page order. Where a passage follows the one before it on the page, only
	 * the headings between them are repeated, so that text that was cut between two passages is whole again.
	 */
	join(passages: readonly PlacedChunk[], alphabet: Alphabet): string {
		const inOrder = passages.toSorted((a, b) => a.position - b.position);
		let joined = '';
		let before: PlacedChunk | undefined;
		for (const passage of inOrder) {
			const { title, headings, text } = this.#read(passage, alphabet);
			const follows = before !== undefined && passage.position === before.position + 1;
			if (!follows) joined += title;
			const shared = follows ? sharedHeadings(before!, passage) : 0;
			joined += headings.slice(shared).join('') + text;
			before = passage;
		}
		return joined;
	}

	#read({ chunk }: PlacedChunk, alphabet: Alphabet): NormalPassage {
		const known = this.#known[alphabet];
		let normal = known.get(chunk.chunk_id);
		if (!normal) {
			normal = {
				title: normalForm(chunk.title, alphabet),
				headings: chunk.heading_path.map((heading) => normalForm(heading, alphabet)),
				text: normalForm(chunk.text, alphabet)
			};
			known.set(chunk.chunk_id, normal);
		}
		return normal;
	}
}

/** How many headings two passages have in common, from the outermost. */
function sharedHeadings(one: PlacedChunk, other: PlacedChunk): number {
	const [path, otherPath] = [one.chunk.heading_path, other.chunk.heading_path];
	const differs = otherPath.findIndex((heading, at) => heading !== path[at]);
	return differs === -1 ? otherPath.length : differs;
}
