import { createHash } from 'node:crypto';
import type { Chunk } from '#lib/contract/chunk.ts';
import { Breather } from '#lib/server/breather.ts';
import type { Embedder, PassageText } from '#lib/server/model/embedder.ts';
import { requireDimensions } from '#lib/server/model/embedding-vector.ts';
import type { Corpus } from './corpus.ts';
import { embeddedText, fieldsOf } from './passage-fields.ts';
import type { Passage } from './passage-index.ts';

/** A passage as an embedder takes it. */
export function passageText(chunk: Chunk): PassageText {
	const { heading, body, code } = fieldsOf(chunk);
	return {
		library: chunk.library,
		text: embeddedText(chunk),
		heading: `${chunk.title}\n${heading}`,
		body,
		code
	};
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

/**
 * Deletes the vectors of texts that are no longer in the corpus: they tell of a text nearly as much as it does itself.
 * @throws AppError `cancelled`.
 */
export async function forgetUnusedVectors(corpus: Corpus, signal: AbortSignal): Promise<void> {
	const breather = new Breather(signal);
	const used = new Set<string>();
	for (const { chunk } of corpus.passages()) {
		used.add(hashOf(embeddedText(chunk)));
		await breather.breathe();
	}
	corpus.keepVectors(used);
}

/**
 * Gives passages their vectors. Those of an endpoint are kept in the corpus by content, so that the same text is never paid for twice;
 * a built-in embedder is faster than looking them up.
 */
export class PassageEmbedding {
	/** How many texts were embedded. */
	embedded = 0;
	readonly #corpus: Corpus;
	readonly #embedder: Embedder | null;
	#dimensions: number;

	/** @param dimensions length of the vectors of the index that they go into; 0 when it has none yet. */
	constructor(corpus: Corpus, embedder: Embedder | null, dimensions = 0) {
		this.#dimensions = dimensions;
		this.#corpus = corpus;
		this.#embedder = embedder;
	}

	/** Model id and length of the vectors, for an index of them; the length is known after the first passages. */
	kind(): { model: string; dimensions: number } | null {
		if (!this.#embedder) return null;
		return { model: this.#embedder.model, dimensions: this.#dimensions || this.#embedder.dimensions };
	}

	/** @throws AppError `upstream_*` when an endpoint fails or gives vectors of another length, or `cancelled`. */
	async embed(passages: readonly Passage[], signal: AbortSignal): Promise<Passage[]> {
		const embedder = this.#embedder;
		if (!embedder || passages.length === 0) return [...passages];
		const texts = passages.map(({ chunk }) => passageText(chunk));
		if (embedder.inProcess) {
			const vectors = await this.#make(embedder, texts, signal);
			return passages.map((passage, at) => ({ ...passage, vector: vectors[at]! }));
		}
		const hashes = texts.map(({ text }) => hashOf(text));
		const known = this.#known(embedder.model, hashes);
		const missing = new Map<string, PassageText>();
		hashes.forEach((hash, at) => {
			if (!known.has(hash)) missing.set(hash, texts[at]!);
		});
		if (missing.size > 0) {
			const made = await this.#make(embedder, [...missing.values()], signal);
			const fresh = [...missing.keys()].map((hash, at): [string, Float32Array] => [hash, made[at]!]);
			this.#corpus.saveVectors(embedder.model, fresh);
			for (const [hash, vector] of fresh) known.set(hash, vector);
		}
		return passages.map((passage, at) => {
			return { ...passage, vector: known.get(hashes[at]!)! };
		});
	}

	async #make(
		embedder: Embedder,
		texts: readonly PassageText[],
		signal: AbortSignal
	): Promise<Float32Array[]> {
		const vectors = await embedder.embedPassages(texts, signal);
		this.embedded += texts.length;
		this.#dimensions ||= vectors[0]?.length ?? 0;
		for (const vector of vectors) requireDimensions(vector.length, this.#dimensions);
		return vectors;
	}

	/** Vectors from earlier, without those that the model made when it was another one. */
	#known(model: string, hashes: readonly string[]): Map<string, Float32Array> {
		const known = this.#corpus.vectors(model, hashes);
		for (const [hash, vector] of known) {
			this.#dimensions ||= vector.length;
			if (vector.length !== this.#dimensions) known.delete(hash);
		}
		return known;
	}
}
