import type { PlacedChunk } from '#lib/server/search/passage-index.ts';
import { alphabetOf, normalForm, type Alphabet, type NormalPassages } from './normal-form.ts';
import type { EvalQuestion, Snippet } from './question.ts';

/** A snippet, ready to be looked for. */
export interface NormalSnippet {
	document: string;
	/** In normal form. */
	text: string;
	alphabet: Alphabet;
}

export interface NormalFact {
	fact: string;
	snippets: NormalSnippet[];
}

/** The essential facts of a question. */
export function essentialFacts({ facts }: EvalQuestion): NormalFact[] {
	return facts
		.filter(({ essential }) => essential)
		.map(({ fact, snippets }) => ({ fact, snippets: snippets.map(normalSnippet) }));
}

export function normalSnippet({ document, text }: Snippet): NormalSnippet {
	const alphabet = alphabetOf(text);
	return { document, text: normalForm(text, alphabet), alphabet };
}

/** Passages that snippets are looked for in; each document is joined when it is first asked for. */
export class GivenText {
	readonly #normal: NormalPassages;
	/** By document, then library: a document of that name in each. */
	readonly #documents = new Map<string, Map<string, PlacedChunk[]>>();
	readonly #joined = new Map<string, string[]>();

	/** @param library the only one whose passages count; undefined for all. */
	constructor(passages: readonly PlacedChunk[], library: string | undefined, normal: NormalPassages) {
		this.#normal = normal;
		for (const passage of passages) {
			const { chunk } = passage;
			if (library !== undefined && chunk.library !== library) continue;
			const libraries = this.#documents.get(chunk.document) ?? new Map<string, PlacedChunk[]>();
			this.#documents.set(chunk.document, libraries);
			libraries.set(chunk.library, [...(libraries.get(chunk.library) ?? []), passage]);
		}
	}

	has(document: string): boolean {
		return this.#documents.has(document);
	}

	holds({ document, text, alphabet }: NormalSnippet): boolean {
		return this.#textsOf(document, alphabet).some((joined) => joined.includes(text));
	}

	/** Whether one of the places that state a fact is given. */
	states({ snippets }: NormalFact): boolean {
		return snippets.some((snippet) => this.holds(snippet));
	}

	#textsOf(document: string, alphabet: Alphabet): string[] {
		const key = `${alphabet} ${document}`;
		let texts = this.#joined.get(key);
		if (!texts) {
			const libraries = [...(this.#documents.get(document)?.values() ?? [])];
			texts = libraries.map((passages) => this.#normal.join(passages, alphabet));
			this.#joined.set(key, texts);
		}
		return texts;
	}
}
