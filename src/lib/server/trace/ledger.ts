import type { Chunk } from '#lib/contract/chunk.ts';
import type { Candidate, DroppedAt } from '#lib/contract/trace.ts';

/** The stages that give a rank and a score. */
export type RankingStage = 'semantic' | 'bm25' | 'fusion' | 'rerank';

/** A scored chunk, in the order of its stage. */
export interface StageEntry {
	chunk_id: string;
	score: number;
	features?: Record<string, number>;
}

type Row = Pick<Candidate, RankingStage | 'in_context' | 'cited' | 'dropped_at' | 'features'>;

/** Every chunk that any stage of a run saw, with its place at each stage and where it was dropped. */
export class Ledger {
	readonly #rows = new Map<string, Row>();
	readonly #chunks = new Map<string, Chunk>();

	/** Takes down what a stage returned, best first. */
	rank(stage: RankingStage, entries: readonly StageEntry[]): void {
		entries.forEach(({ chunk_id, score, features }, index) => {
			const row = this.#row(chunk_id);
			row[stage] = { rank: index + 1, score };
			if (features) row.features = features;
		});
	}

	/** Says which chunks the ids stand for; a chunk that nobody described is left out of the candidates. */
	describe(chunks: readonly Chunk[]): void {
		for (const chunk of chunks) this.#chunks.set(chunk.chunk_id, chunk);
	}

	/** Marks the chunks that went into the prompt. */
	enterContext(chunkIds: Iterable<string>): void {
		for (const id of chunkIds) this.#row(id).in_context = true;
	}

	/** Marks the chunks that the answer cites. */
	cite(chunkIds: Iterable<string>): void {
		for (const id of chunkIds) this.#row(id).cited = true;
	}

	/** Takes down that these went no further than a stage; those in context and those dropped earlier stay as they are. */
	dropAt(stage: DroppedAt, chunkIds: Iterable<string>): void {
		for (const id of chunkIds) {
			const row = this.#row(id);
			if (!row.in_context) row.dropped_at ??= stage;
		}
	}

	/** Ids of every chunk seen so far. */
	ids(): string[] {
		return [...this.#rows.keys()];
	}

	/** The rows: reranked ones first in their order, then the fused ones in theirs, then the rest. */
	candidates(): Candidate[] {
		const place = (row: Candidate) => row.rerank?.rank ?? 1e6 + (row.fusion?.rank ?? 1e6);
		const rows: Candidate[] = [];
		for (const [chunk_id, row] of this.#rows) {
			const chunk = this.#chunks.get(chunk_id);
			if (!chunk) continue;
			const { library, document, heading_path } = chunk;
			rows.push({ chunk_id, library, document, heading_path, ...row });
		}
		return rows.sort((a, b) => place(a) - place(b));
	}

	#row(chunkId: string): Row {
		let row = this.#rows.get(chunkId);
		if (!row) {
			row = {
				semantic: null,
				bm25: null,
				fusion: null,
				rerank: null,
				in_context: false,
				cited: false,
				dropped_at: null
			};
			this.#rows.set(chunkId, row);
		}
		return row;
	}
}
