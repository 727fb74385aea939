import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FeatureReranker } from '#lib/server/model/feature-reranker.ts';
import { leaveOut } from '../../scripts/training/ablation.ts';
import { crossValidate, learnLeftOut, measureWeights } from '../../scripts/training/cross-validate.ts';
import type { TrainingExample } from '../../scripts/training/example.ts';
import { learn, prepare, scoreCandidates } from '../../scripts/training/learn.ts';
import { SIGNS } from '../../scripts/training/parts.ts';
import { shuffle } from '../../scripts/training/random.ts';
import { weightsFile } from '../../scripts/training/weights-file.ts';
import { passage } from '../fixtures/passages.ts';

const names = ['signal', 'noise', 'misleading'];
const signs = new Map(names.map((name): [string, 1] => [name, 1]));
const settings = { l2: 0.1, prior: new Map<string, number>(), signs, steps: 150 };

/** Ten documents of two passages, the third of which answers: `signal` says so, `noise` says nothing, `misleading` says the opposite. */
function example(number: number): TrainingExample {
	const places = Array.from({ length: 20 }, (_, at) => at);
	const isAnswer = (at: number) => at >> 1 === 2;
	return {
		question: `question ${number}`,
		library: ['a', 'b', 'c'][number % 3]!,
		scope: number % 2 === 0 ? 'library' : 'all',
		evidence: new Map([
			['signal', Float64Array.from(places, (at) => (isAnswer(at) ? 2 : ((at * 7 + number) % 10) / 10))],
			['noise', Float64Array.from(places, (at) => ((at * 13 + number * 5) % 17) / 17)],
			['misleading', Float64Array.from(places, (at) => (isAnswer(at) ? 0 : 1))]
		]),
		documentOf: Uint32Array.from(places, (at) => at >> 1),
		documents: Array.from({ length: 10 }, (_, at) => `a/${at}`),
		relevant: ['a/2'],
		targets: [{ holders: Uint32Array.of(4, 5), weight: 1 }]
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

it('keeps the sign of a weight, also of evidence that speaks against a passage', () => {
	const against = { ...settings, signs: new Map([['misleading', -1 as const]]) };
	const [signal, , misleading] = learn(prepared, against);
	expect(signal).toBeGreaterThan(0.5);
	expect(misleading).toBeLessThan(-0.1);
});

it('wants one holder of a target to come first, not all of them', () => {
	// Two passages state the fact; the evidence speaks for one of them only.
	const fact: TrainingExample = {
		...example(0),
		evidence: new Map([['signal', Float64Array.from({ length: 20 }, (_, at) => Number(at === 4))]]),
		targets: [{ holders: Uint32Array.of(4, 11), weight: 1 }]
	};
	const one = prepare(fact, ['signal']);
	const scores = scoreCandidates(one, learn([one], { ...settings, l2: 0.01 }));
	expect(scores.indexOf(Math.max(...scores))).toBe(4);
});

it('judges the questions of a library only by weights from other libraries', () => {
	expect(crossValidate(examples, names, settings)).toEqual(crossValidate(examples, names, settings));
	expect(crossValidate(examples, names, settings).library.ndcg_at_10).toBe(1);
	// What is learnt for a library does not depend on its own questions.
	const misled = examples.map((each) =>
		each.library === 'a' ? { ...each, targets: [{ holders: Uint32Array.of(0), weight: 5 }] } : each
	);
	const [before, after] = [examples, misled].map((some) => learnLeftOut(some, names, settings));
	expect(after!.get('a')).toEqual(before!.get('a'));
	expect(after!.get('b')).not.toEqual(before!.get('b'));
	// With nothing to learn from, the weights stay at the prior.
	const alone = [examples[0]!];
	const prior = measureWeights(alone, names, new Float64Array(names.length));
	expect(crossValidate(alone, names, settings).library).toEqual(prior.library);
});

it('measures what each part of the evidence gains', () => {
	// Nothing but the vectors speaks for the page that answers.
	const found = Array.from({ length: 6 }, (_, number): TrainingExample => {
		const isAnswer = (at: number) => Number(at >> 1 === 2);
		return {
			...example(number),
			evidence: new Map([['semantic', Float64Array.from({ length: 20 }, (_, at) => isAnswer(at))]])
		};
	});
	const rows = leaveOut(found, { ...settings, signs: SIGNS });
	const gain = (part: string) => rows.find(({ name }) => name.includes(part))!.figures.all.ndcg_at_10;
	expect([gain('all evidence'), gain('without vectors'), gain('without passage')]).toEqual([1, 0.5, 1]);
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
