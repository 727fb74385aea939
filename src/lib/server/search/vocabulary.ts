import { questionTokens, rawTokens, termsOf } from './analyze.ts';
import type { Breather } from '#lib/server/breather.ts';
import { readLines } from './lines.ts';
import type { Language } from './text/languages.ts';

/** Terms and their numbers, from 0 in order of arrival. */
export class Vocabulary {
	readonly #numbers = new Map<string, number>();
	readonly #terms: string[] = [];
	/** Terms of a raw token by language, so that each distinct token of a corpus is analysed once. */
	readonly #expansions = new Map<Language, Map<string, readonly number[]>>();

	get size(): number {
		return this.#terms.length;
	}

	/** Number of a term; undefined when unknown. */
	find(term: string): number | undefined {
		return this.#numbers.get(term);
	}

	term(number: number): string {
		return this.#terms[number] ?? '';
	}

	/** Number of a term, which is taken in when it is new. */
	intern(term: string): number {
		let number = this.#numbers.get(term);
		if (number === undefined) {
			number = this.#terms.length;
			this.#numbers.set(term, number);
			this.#terms.push(term);
		}
		return number;
	}

	/**
	 * Analyses a text and hands the number of each of its terms over, in order; new terms are taken in.
	 * @param language of the words in Latin letters
	 */
	readText(text: string, visit: (term: number) => void, language: Language = 'english'): void {
		let expansions = this.#expansions.get(language);
		if (!expansions) this.#expansions.set(language, (expansions = new Map()));
		for (const raw of rawTokens(text)) {
			let numbers = expansions.get(raw);
			if (!numbers) {
				numbers = termsOf(raw, language).map((term) => this.intern(term));
				expansions.set(raw, numbers);
			}
			for (let at = 0; at < numbers.length; at += 1) visit(numbers[at]!);
		}
	}

	/**
	 * The numbers of the terms of a question, in order; terms that are not known are passed over.
	 * @param held languages other than English that it may find texts in
	 */
	readQuestion(question: string, held: readonly Language[], visit: (term: number) => void): void {
		for (const { terms } of questionTokens(question, held)) {
			for (const term of terms) {
				const number = this.#numbers.get(term);
				if (number !== undefined) visit(number);
			}
		}
	}

	/** All terms by number, for storage. */
	toBytes(): Uint8Array<ArrayBuffer> {
		return new TextEncoder().encode(this.#terms.join('\n'));
	}

	static async fromBytes(bytes: Uint8Array, breather: Breather): Promise<Vocabulary> {
		const vocabulary = new Vocabulary();
		for await (const terms of readLines(bytes, breather)) {
			for (const term of terms) vocabulary.intern(term);
		}
		return vocabulary;
	}
}
