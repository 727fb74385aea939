import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readBuffers, writeBuffers } from '#lib/server/store/buffer-file.ts';
import { Breather } from '#lib/server/breather.ts';
import type { EmbedderTrainer, FittedEmbedder, LibraryTexts, PassageText, QuestionText } from './embedder.ts';
import {
	countTerms,
	DIMENSIONS,
	fitSpace,
	LexicalSpace,
	scale,
	unknownVector,
	type Analyze
} from './lexical-space.ts';
import { sharedVector, type QuestionVectors } from './question-vectors.ts';

const FILE = 'embedder.bin';
const FORMAT = 2;

const metaSchema = z.object({
	format: z.literal(FORMAT),
	/** In the order of their arrays, which are named by their place. */
	spaces: z.array(z.object({ library: z.string(), fitted_on: z.number().int().nonnegative() }))
});

/**
 * The built-in embedder: latent semantic analysis of each library by itself. No download, no network, the same result every time. A question
 * over all libraries gets a vector in the space of each.
 */
export function lexicalEmbedding(analyze: Analyze): EmbedderTrainer {
	return {
		create: () => new LexicalEmbedder(analyze),
		load: async (folder) => {
			const path = join(folder, FILE);
			try {
				await access(path);
			} catch {
				return null;
			}
			const file = await readBuffers(path);
			const { spaces } = metaSchema.parse(file.meta);
			const decoder = new TextDecoder();
			return new LexicalEmbedder(
				analyze,
				spaces.map(({ library, fitted_on }, place) => {
					const terms = decoder.decode(file.array(`terms${place}`, 'Uint8Array'));
					const space = new LexicalSpace({
						terms: terms ? terms.split('\n') : [],
						idf: file.array(`idf${place}`, 'Float32Array'),
						projection: file.array(`projection${place}`, 'Float32Array'),
						fittedOn: fitted_on
					});
					return [library, space];
				})
			);
		}
	};
}

class LexicalEmbedder implements FittedEmbedder {
	readonly model = `lexical-${DIMENSIONS}`;
	readonly dimensions = DIMENSIONS;
	readonly inProcess = true;
	readonly #analyze: Analyze;
	readonly #spaces: Map<string, LexicalSpace>;
	/** For a library without a space, which knows no word. */
	readonly #empty = new LexicalSpace({
		terms: [],
		idf: new Float32Array(0),
		projection: new Float32Array(0),
		fittedOn: 0
	});

	constructor(analyze: Analyze, spaces: readonly [library: string, LexicalSpace][] = []) {
		this.#analyze = analyze;
		this.#spaces = new Map(spaces);
	}

	get spaces(): ReadonlyMap<string, LexicalSpace> {
		return this.#spaces;
	}

	async fit({ library, texts }: LibraryTexts, signal: AbortSignal): Promise<void> {
		this.#spaces.set(library, await fitSpace(texts, this.#analyze, new Breather(signal)));
	}

	forget(library: string): void {
		this.#spaces.delete(library);
	}

	async embedPassages(passages: readonly PassageText[], signal: AbortSignal): Promise<Float32Array[]> {
		const breather = new Breather(signal);
		const vectors: Float32Array[] = [];
		for (const { library, text } of passages) {
			const space = this.#spaces.get(library) ?? this.#empty;
			vectors.push(space.embed(countTerms(this.#analyze(text))));
			await breather.breathe();
		}
		return vectors;
	}

	/**
	 * A vector in the space of each library that knows a word of the question. Similarities in different spaces are ranked together, so the
	 * less of the question a library knows, the shorter is its vector: else a small one that knows one word would come before all others.
	 * The longest is of unit length, as that of a single library is. A question that none knows a word of has the same vector for all.
	 */
	async embedQuestion({ text, library }: QuestionText, _signal: AbortSignal): Promise<QuestionVectors> {
		const counts = countTerms(this.#analyze(text));
		const found = new Map<string, { vector: Float32Array; share: number }>();
		for (const asked of library === null ? this.#spaces.keys() : [library]) {
			const own = this.#spaces.get(asked)?.embedQuestion(counts);
			if (own) found.set(asked, own);
		}
		if (found.size === 0) return sharedVector(unknownVector());
		const most = Math.max(...Array.from(found.values(), ({ share }) => share));
		for (const { vector, share } of found.values()) if (share < most) scale(vector, share / most);
		return { dimensions: DIMENSIONS, of: (library) => found.get(library)?.vector ?? null };
	}

	async save(folder: string): Promise<void> {
		const encoder = new TextEncoder();
		const spaces = [...this.#spaces];
		await writeBuffers(
			join(folder, FILE),
			{ format: FORMAT, spaces: spaces.map(([library, { fittedOn }]) => ({ library, fitted_on: fittedOn })) },
			Object.fromEntries(
				spaces.flatMap(([, { state }], place) => [
					[`terms${place}`, encoder.encode(state.terms.join('\n'))],
					[`idf${place}`, state.idf],
					[`projection${place}`, state.projection]
				])
			)
		);
	}
}
