import { join } from 'node:path';
import { runIsolated } from './isolated.ts';
import { summarise, type Latency } from './measure.ts';
import { formatMilliseconds, formatRatio, type Table } from './table.ts';
import type { VectorsMeasurement, VectorsTask } from './vectors-task.ts';

const DIMENSIONS = [128, 256, 384];
const QUESTIONS = 50;

export interface VectorFigures extends Latency {
	engine: string;
	dimensions: number;
	build_ms: number;
	recall: number;
	/** Median by our median. */
	ratio: number;
}

/** Our vector search beside Orama's own, over made-up vectors. */
export async function measureVectors(
	passages: number,
	onProgress: (what: string) => void
): Promise<VectorFigures[]> {
	const file = join(import.meta.dirname, 'vectors-task.ts');
	const figures: VectorFigures[] = [];
	for (const dimensions of DIMENSIONS) {
		let ours = 0;
		for (const engine of ['citelight', 'orama'] as const) {
			onProgress(`vectors: ${engine}, ${dimensions} dimensions`);
			const task: VectorsTask = { engine, passages, dimensions, questions: QUESTIONS };
			const { samples, ...rest } = await runIsolated<VectorsMeasurement>(file, task);
			const latency = summarise(samples);
			ours ||= latency.p50_ms;
			figures.push({ engine, dimensions, ...rest, ...latency, ratio: latency.p50_ms / ours });
		}
	}
	return figures;
}

export function vectorsTable(figures: readonly VectorFigures[], passages: number): Table {
	return {
		title: `Vector search: top 20 of one question over ${passages.toLocaleString('en-US')} made-up unit vectors`,
		columns: ['engine', 'dimensions', 'p50', 'p95', 'slower than ours', 'recall@20', 'build'],
		rows: figures.map((each) => [
			each.engine === 'orama' ? 'Orama, similarity 0' : 'Citelight',
			String(each.dimensions),
			formatMilliseconds(each.p50_ms),
			formatMilliseconds(each.p95_ms),
			each.ratio === 1 ? '1×' : formatRatio(each.ratio),
			each.recall.toFixed(4),
			formatMilliseconds(each.build_ms)
		]),
		notes: [`${QUESTIONS} questions. Recall is against all dot products in double precision.`]
	};
}
