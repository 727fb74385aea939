import { ALL_LIBRARIES } from '#lib/server/search/library-ranges.ts';
import { VectorBlock } from '#lib/server/search/vector-block.ts';
import { summarise, timeEach } from './measure.ts';
import { randomFrom } from './random.ts';
import { formatMilliseconds, formatTable } from './table.ts';

/**
 * Vector search without anything around it, by the kernel and by plain loops over the floats, on made-up unit vectors:
 * `node scripts/bench/vector-scan.ts [passages] [dimensions] [limit]`.
 */
const [passages = 36_000, dimensions = 129, limit = 20] = process.argv.slice(2).map(Number);
const QUESTIONS = 100;

const random = randomFrom(7);
const centres = Array.from({ length: 200 }, () =>
	Float32Array.from({ length: dimensions }, () => random.normal())
);
function makeVector(): Float32Array {
	const vector = random.pick(centres).map((value) => value + 0.8 * random.normal());
	const length = Math.hypot(...vector);
	return vector.map((value) => value / length);
}
const vectors = Array.from({ length: passages }, makeVector);
const questions = Array.from({ length: QUESTIONS }, makeVector);

function nearest(question: Float32Array): Set<number> {
	const scores = vectors.map((vector) => {
		let sum = 0;
		for (let at = 0; at < dimensions; at += 1) sum += vector[at]! * question[at]!;
		return sum;
	});
	const order = scores.map((_, number) => number).sort((a, b) => scores[b]! - scores[a]!);
	return new Set(order.slice(0, limit));
}

async function measure(name: string): Promise<string[]> {
	const block = new VectorBlock(dimensions);
	const start = performance.now();
	vectors.forEach((vector, number) => block.set(number, 0, vector));
	const build = performance.now() - start;
	const search = async (question: Float32Array) =>
		block.search(() => question, { limit, library: ALL_LIBRARIES, before: (a, b) => a < b }).numbers;
	const { p50_ms, p95_ms } = summarise(await timeEach(questions, search, { warmUpRounds: 2, rounds: 5 }));
	let found = 0;
	for (const question of questions) {
		const expected = nearest(question);
		for (const number of await search(question)) if (expected.has(number)) found += 1;
	}
	const recall = (found / (QUESTIONS * limit)).toFixed(4);
	return [name, formatMilliseconds(p50_ms), formatMilliseconds(p95_ms), recall, formatMilliseconds(build)];
}

const rows = [await measure('8-bit kernel, exact scores for the candidates')];
Object.assign(globalThis, { WebAssembly: undefined });
rows.push(await measure('plain loops'));
console.log(
	formatTable({
		title: `Top ${limit} of ${passages} × ${dimensions}`,
		columns: ['search', 'p50', 'p95', `recall@${limit}`, 'build'],
		rows,
		notes: [`${QUESTIONS} questions. Recall is against all dot products in double precision.`]
	})
);
