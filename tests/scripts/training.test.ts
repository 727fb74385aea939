import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FeatureReranker } from '#lib/server/model/feature-reranker.ts';
import { buildUp, leaveOut } from '../../scripts/training/ablation.ts';
import { crossValidate, measureWeights } from '../../scripts/training/cross-validate.ts';
import type { TrainingExample } from '../../scripts/training/example.ts';
import { learn, prepare, scoreCandidates } from '../../scripts/training/learn.ts';
import { mineQuestions } from '../../scripts/training/mine.ts';
import { LEARNT_EVIDENCE } from '../../scripts/training/parts.ts';
import { shuffle } from '../../scripts/training/random.ts';
import { weightsFile } from '../../scripts/training/weights-file.ts';
import { passage } from '../fixtures/passages.ts';

const names = ['signal', 'noise', 'misleading'];
const settings = { l2: 0.1, prior: new Map<string, number>(), steps: 60 };

/** Ten documents of two passages, the third of which answers: `signal` says so, `noise` says nothing, `misleading` says the opposite. */
function example(number: number): TrainingExample {
	const places = Array.from({ length: 20 }, (_, at) => at);
	const isAnswer = (at: number) => at >> 1 === 2;
	const order = Uint32Array.from(places);
	return {
		question: `question ${number}`,
		library: 'a',
		scope: number % 2 === 0 ? 'library' : 'all',
		evidence: new Map([
			['signal', Float64Array.from(places, (at) => (isAnswer(at) ? 2 : ((at * 7 + number) % 10) / 10))],
			['noise', Float64Array.from(places, (at) => ((at * 13 + number * 5) % 17) / 17)],
			['misleading', Float64Array.from(places, (at) => (isAnswer(at) ? 0 : 1))]
		]),
		documentOf: Uint32Array.from(places, (at) => at >> 1),
		documents: Array.from({ length: 10 }, (_, at) => `a/${at}`),
		relevant: ['a/2'],
		orders: { bm25: order, semantic: order, fusion: order }
	};
}
const examples = Array.from({ length: 12 }, (_, number) => example(number));
const prepared = examples.map((each) => prepare(each, names));

it('learns which evidence tells documents that answer from others, and never a negative weight', () => {
	const [signal, noise, misleading] = learn(prepared, settings);
	expect(signal).toBeGreaterThan(0.5);
	expect(noise).toBeLessThan(signal! / 4);
	expect(misleading).toBe(0);
	const { library, all } = measureWeights(examples, names, learn(prepared, settings));
	expect([library.ndcg_at_10, all.ndcg_at_10]).toEqual([1, 1]);
});

it('stays nearer to the prior the stronger the pull is', () => {
	const prior = new Map([['noise', 0.4]]);
	const distance = (l2: number) => {
		const weights = learn(prepared, { ...settings, l2, prior });
		return Math.hypot(...names.map((name, at) => weights[at]! - (prior.get(name) ?? 0)));
	};
	expect(distance(10)).toBeLessThan(distance(1));
	expect(distance(1)).toBeLessThan(distance(0.01));
});

it('judges questions only by weights from others, the same for the same seed', () => {
	const validation = { folds: 4, seeds: [1, 2] };
	const figures = crossValidate(examples, names, settings, validation);
	expect(figures).toEqual(crossValidate(examples, names, settings, validation));
	expect(figures.map(({ library }) => library.ndcg_at_10)).toEqual([1, 1]);
	// With nothing to learn from but the question that is judged, the weights stay at the prior.
	const alone = [examples[0]!];
	const [left] = crossValidate(alone, names, settings, { folds: 2, seeds: [1] });
	expect(left!.library).toEqual(measureWeights(alone, names, new Float64Array(names.length)).library);
});

it('measures what each part gains, and what retrieval is without the embedder', () => {
	// The page that answers was found by its vector alone, and all evidence speaks for it.
	const found = Array.from({ length: 4 }, (_, number): TrainingExample => {
		const isAnswer = (at: number) => Number(at >> 1 === 2);
		return {
			...example(number),
			evidence: new Map(
				LEARNT_EVIDENCE.map((name) => [name, Float64Array.from({ length: 20 }, (_, at) => isAnswer(at))])
			),
			orders: {
				bm25: Uint32Array.of(19, 0, 1),
				semantic: Uint32Array.of(7, 4, 5),
				fusion: Uint32Array.of(19, 7, 0, 4, 1, 5)
			}
		};
	});
	const validation = { folds: 2, seeds: [1] };
	const rows = [...buildUp(found, settings, validation), ...leaveOut(found, settings, validation)];
	const gain = (part: string) => rows.find(({ name }) => name.includes(part))!.figures[0]!.all.ndcg_at_10;
	expect(gain('text search alone')).toBe(0);
	expect(gain('vector search alone')).toBeCloseTo(1 / Math.log2(3), 12);
	expect(gain('both, fused')).toBeCloseTo(1 / Math.log2(5), 12);
	expect([gain('all evidence'), gain('without vectors'), gain('without the embedder')]).toEqual([1, 1, 0]);
});

it('scores as the reranker that is served does', async () => {
	// To the four decimals in which evidence is seen when it is served.
	const value = fc.integer({ min: -50_000, max: 50_000 }).map((steps) => steps / 10_000);
	await fc.assert(
		fc.asyncProperty(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 10 }), async (rows) => {
			const count = rows.length;
			const given = {
				...example(0),
				evidence: new Map([0, 1].map((at) => [names[at]!, Float64Array.from(rows, (row) => row[at]!)])),
				documentOf: Uint32Array.from(rows, () => 0)
			};
			const scores = scoreCandidates(prepare(given, names.slice(0, 2)), Float64Array.of(2, 0.5));
			const candidates = rows.map(([signal, noise], at) => ({
				chunk: passage({ chunk_id: String(at) }),
				features: { signal, noise }
			}));
			const reranked = await new FeatureReranker({ signal: 2, noise: 0.5 }).rerank(
				'?',
				candidates,
				new AbortController().signal
			);
			expect(reranked).toHaveLength(count);
			for (const { chunk_id, score } of reranked) expect(score).toBeCloseTo(scores[Number(chunk_id)]!, 9);
		})
	);
});

it('takes headings as questions and hides them where they are answered', async () => {
	const chunk = passage({
		chunk_id: 'a',
		document: 'faq.md',
		heading_path: ['FAQ', 'How long may a walrus sleep?'],
		text: 'How long may a walrus sleep? Until noon.'
	});
	const other = passage({ chunk_id: 'b', document: 'b.md', heading_path: ['Seals'], text: 'A seal.' });
	const { questions, knowledge } = await mineQuestions(
		[chunk, other].map((each) => ({ chunk: each, position: 0 })),
		5,
		1
	);
	expect(questions).toEqual([
		{ question: 'How long may a walrus sleep?', library: chunk.library, relevant: ['faq.md'] }
	]);
	const [found] = await knowledge.index.get(['a']);
	expect(JSON.stringify(found)).not.toContain('walrus');
	expect(found!.chunk.text).toContain('Until noon.');
});

it('writes the weights that matter, by part, heaviest first', () => {
	const source = weightsFile(
		new Map([
			['coverage', 0.1],
			['proximity', 0.256],
			['semantic', 0.001]
		])
	);
	expect(source.match(/^\t\w+: .*$/gm)).toEqual(['\tproximity: 0.26,', '\tcoverage: 0.1']);
	expect(source).not.toContain('semantic:');
});

it('shuffles everything once, by seed', () => {
	const items = Array.from({ length: 20 }, (_, at) => at);
	expect(shuffle(items, 1)).toEqual(shuffle(items, 1));
	expect(shuffle(items, 1)).not.toEqual(shuffle(items, 2));
	expect(shuffle(items, 1).toSorted((a, b) => a - b)).toEqual(items);
});
