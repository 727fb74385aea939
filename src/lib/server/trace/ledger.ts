import type { Chunk } from '#lib/contract/chunk.ts';
import type { Candidate, DroppedAt } from '#lib/contract/trace.ts';

/** The stages that give a rank and a score. */
export type RankingStage = 'semantic' | 'bm25' | 'parts' | 'pages' | 'fusion' | 'rerank';

/** A scored chunk, in the order of its stage. */
export interface StageEntry {
	chunk_id: string;
	score: number;
	/** Evidence that the score was made of; asked for when the rows are. */
	features?(): Record<string, number>;
}

/** What a row says of its chunk; the text stays behind, so that a run that goes on for long does not hold hundreds of passages. */
type Description = Pick<Candidate, 'library' | 'document' | 'heading_path'>;
type Row = Pick<Candidate, RankingStage | 'in_context' | 'cited' | 'dropped_at'>;

/**
 * Every chunk that any stage of a run saw, with its place at each stage and where it was dropped. What always holds:
 * - the ranks of a stage are 1..n, each once;
 * - a chunk is in context or dropped at one stage or, as long as the run may still use it, neither; never both;
 * - only what is in context is cited;
 * - after `settle`, which an answered or refused run ends with, every chunk is in context or dropped.
 */
export class Ledger {
	readonly #rows = new Map<string, Row>();
	readonly #ranked = new Set<RankingStage>();
	readonly #chunks = new Map<string, Description>();
	readonly #features = new Map<string, () => Record<string, number>>();

	/**
	 * Takes down what a stage returned, best first. A chunk named twice counts at its better place; a stage that is
	 * ranked again replaces its earlier ranks.
	 */
	rank(stage: RankingStage, entries: readonly StageEntry[]): void {
		if (this.#ranked.has(stage)) for (const row of this.#rows.values()) if (row[stage]) row[stage] = null;
		this.#ranked.add(stage);
		let rank = 0;
		for (const { chunk_id, score, features } of entries) {
			const row = this.#row(chunk_id);
			if (row[stage]) continue;
			row[stage] = { rank: ++rank, score };
			if (features) this.#features.set(chunk_id, features);
		}
	}

	/** Says which chunks the ids stand for; a chunk that nobody described is left out of the candidates. */
	describe(chunks: readonly Chunk[]): void {
		for (const { chunk_id, library, document, heading_path } of chunks) {
			this.#chunks.set(chunk_id, { library, document, heading_path });
		}
	}

	/** Marks the chunks that went into the prompt. */
	enterContext(chunkIds: Iterable<string>): void {
		for (const id of chunkIds) {
			const row = this.#row(id);
			row.in_context = true;
			row.dropped_at = null;
		}
	}

	/** Marks the chunks that the answer cites; what is not in context cannot be cited. */
	cite(chunkIds: Iterable<string>): void {
		for (const id of chunkIds) {
			const row = this.#rows.get(id);
			if (row?.in_context) row.cited = true;
		}
	}

	/** Takes down that these went no further than a stage; those in context and those dropped earlier stay as they are. */
	dropAt(stage: DroppedAt, chunkIds: Iterable<string>): void {
		for (const id of chunkIds) {
			const row = this.#row(id);
			if (!row.in_context) row.dropped_at ??= stage;
		}
	}

	/** Drops at this stage whatever is neither in context nor dropped yet. */
	settle(stage: DroppedAt): void {
		this.dropAt(stage, this.#rows.keys());
	}

	/** Ids of the chunks that nobody has described yet. */
	undescribed(): string[] {
		return this.ids().filter((id) => !this.#chunks.has(id));
	}

	/** Ids of every chunk seen so far. */
	ids(): string[] {
		return [...this.#rows.keys()];
	}

	/** The rows: reranked ones first in their order, then the fused ones in theirs, then the rest as they were seen. */
	candidates(): Candidate[] {
		const rows: Candidate[] = [];
		for (const [chunk_id, row] of this.#rows) {
			const chunk = this.#chunks.get(chunk_id);
			if (!chunk) continue;
			const features = this.#features.get(chunk_id);
			rows.push({ chunk_id, ...chunk, ...row, ...(features && { features: features() }) });
		}
		return rows.sort((a, b) => byRank(a, b, 'rerank') || byRank(a, b, 'fusion'));
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

/** Ranked before unranked; two unranked rows are equal. */
function byRank(a: Candidate, b: Candidate, stage: RankingStage): number {
	const unranked = Number.MAX_SAFE_INTEGER;
	return (a[stage]?.rank ?? unranked) - (b[stage]?.rank ?? unranked);
}
