import { create, insertMultiple, searchVector, type Results } from '@orama/orama';
import { sharedVector } from '#lib/server/model/question-vectors.ts';
import { OramaIndex } from '#lib/server/search/orama.ts';
import type { Passage } from '#lib/server/search/passage-index.ts';
import { answerParent } from './isolated.ts';
import { timeEach, timeOnce, type Samples } from './measure.ts';
import { randomFrom } from './random.ts';

const SEED = 7;
/** Vectors gather around this many directions, as texts gather around subjects. */
const CLUSTERS = 200;
/** How far they scatter around them. */
const SCATTER = 0.8;
const LIMIT = 20;

export interface VectorsTask {
	engine: 'citelight' | 'orama';
	passages: number;
	dimensions: number;
	questions: number;
}

export interface VectorsMeasurement {
	build_ms: number;
	samples: Samples;
	/** Share of the true 20 nearest that were found, on average. */
	recall: number;
}

await answerParent(async (task: VectorsTask): Promise<VectorsMeasurement> => {
	const { vectors, questions } = makeVectors(task);
	const engine = task.engine === 'citelight' ? await openCitelight(task) : await openOrama(task);
	const build_ms = await timeOnce(() => engine.build(vectors));
	const timing = { warmUpRounds: 1, rounds: 3 };
	const samples = await timeEach(questions, engine.search, timing);
	let found = 0;
	for (const question of questions) {
		const nearest = exactNearest(vectors, question);
		for (const id of await engine.search(question)) if (nearest.has(Number(id))) found += 1;
	}
	const recall = found / (questions.length * LIMIT);
	return { build_ms, samples, recall };
});

interface VectorEngine {
	build(vectors: readonly Float32Array[]): Promise<void>;
	/** Passage numbers as ids. */
	search(vector: Float32Array): Promise<string[]>;
}

async function openCitelight({ dimensions }: VectorsTask): Promise<VectorEngine> {
	const index = OramaIndex.create({ model: 'made-up', dimensions });
	return {
		async build(vectors) {
			await index.add(vectors.map((vector, number) => passage(number, vector)));
			await index.searchVector(sharedVector(vectors[0]!), { limit: LIMIT });
		},
		search: async (vector) => {
			const hits = await index.searchVector(sharedVector(vector), { limit: LIMIT });
			return hits.map((hit) => hit.chunk_id);
		}
	};
}

async function openOrama({ dimensions }: VectorsTask): Promise<VectorEngine> {
	const database = create({ schema: { vector: `vector[${dimensions}]` } as const, sort: { enabled: false } });
	return {
		async build(vectors) {
			const documents = vectors.map((vector, number) => ({ id: String(number), vector: Array.from(vector) }));
			await insertMultiple(database, documents as never, 1000);
		},
		search: async (vector) => {
			const value = Array.from(vector);
			// Without its default cut-off, and with vectors included, or it would take them out of its documents.
			const found = (await searchVector(database, {
				mode: 'vector',
				vector: { value, property: 'vector' },
				similarity: 0,
				includeVectors: true,
				limit: LIMIT
			})) as Results<unknown>;
			return found.hits.map((hit) => hit.id);
		}
	};
}

function passage(number: number, vector: Float32Array): Passage {
	const chunk = {
		chunk_id: String(number),
		library: 'made-up',
		document: `${number >> 4}.md`,
		title: '',
		heading_path: [],
		url: null,
		anchor: null,
		text: 'text'
	};
	return { chunk, position: number & 15, vector };
}

/** Unit vectors around common directions, and others like them to ask with. */
function makeVectors({ passages, dimensions, questions }: VectorsTask) {
	const random = randomFrom(SEED);
	const direction = () => Float32Array.from({ length: dimensions }, () => random.normal());
	const centres = Array.from({ length: CLUSTERS }, direction);
	const make = () => {
		const centre = random.pick(centres);
		const vector = centre.map((value) => value + SCATTER * random.normal());
		const length = Math.hypot(...vector);
		return vector.map((value) => value / length);
	};
	return {
		vectors: Array.from({ length: passages }, make),
		questions: Array.from({ length: questions }, make)
	};
}

/** The numbers of the nearest vectors, by dot products in double precision. */
function exactNearest(vectors: readonly Float32Array[], question: Float32Array): Set<number> {
	const similarity = vectors.map((vector) => {
		let sum = 0;
		for (let at = 0; at < vector.length; at += 1) sum += vector[at]! * question[at]!;
		return sum;
	});
	const order = vectors.map((_, number) => number).sort((a, b) => similarity[b]! - similarity[a]!);
	return new Set(order.slice(0, LIMIT));
}
